// The commands of a page: its ```sh blocks, each of which is run by a test or says why not.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../..");

export interface Block {
  readonly page: string;
  /** Of the first command, from 1. */
  readonly line: number;
  readonly script: string;
  /** Why it is not run, if it is not: `<!-- not run: ... -->` on the line above the fence. */
  readonly notRun?: string;
}

const fence = /(?:^<!-- not run: (?<reason>[^\n]+?) -->\n)?^```sh\n(?<script>[\s\S]*?)^```$/gm;

export const blocksOf = (page: string, text: string = readFileSync(join(root, page), "utf8")): Block[] =>
  [...text.matchAll(fence)].map(({ index, groups }) => {
    const { reason, script = "" } = groups ?? {};
    const before = text.slice(0, index).split("\n").length + (reason === undefined ? 1 : 2);
    return { page, line: before, script, ...(reason !== undefined && { notRun: reason }) };
  });

/** Pages whose transcripts (```console) a test of their own plays. */
export const played: Readonly<Record<string, string>> = {
  "docs/http-api.md": "test/responder/http/docs.component.test.ts",
  "docs/replication.md": "test/responder/replication/docs.component.test.ts",
  "docs/routing.md": "test/operator/observability/routing-docs.component.test.ts",
};

/** What is no command, by the word behind its fence. */
const data = new Set(["abnf", "json", "mermaid", "promql", "yaml"]);
const command = /^\s+(\$ )?(amtool|argocd|ctr|curl|docker|flux|git|go|helm|jq|kind|kubectl|kustomize|kvr|make|node|npm|npx|podman|promtool|redis-cli|sudo|vitest) /;

/** Lines that look like commands to a reader and not to `blocksOf`: another fence, or none. Each with its number. */
export const strays = (page: string, text: string = readFileSync(join(root, page), "utf8")): string[] => {
  const found: string[] = [];
  let inside = false;
  const lines = text.split("\n");
  for (const [i, line] of lines.entries()) {
    const language = /^\s*(?:```|~~~)(?<language>.*)$/.exec(line)?.groups?.["language"];
    const isMarked = lines[i - 1]?.startsWith("<!-- not run: ") ?? false;
    const isKnown = line === "```sh" || data.has(language ?? "") || (line === "```console" && (isMarked || page in played));
    if (language === undefined ? !inside && command.test(line) : !inside && !isKnown) found.push(`${page}:${i + 1}: ${line.trim()}`);
    if (language !== undefined) inside = !inside;
  }
  return found;
};

const markdown = (folder: string): string[] => readdirSync(join(root, folder), { encoding: "utf8", recursive: true }).filter((file) => file.endsWith(".md")).map((file) => `${folder}/${file}`).toSorted();

/** All pages that may hold commands, but for runbooks, whose commands a test of theirs runs (test/product/runbooks.cluster.test.ts). */
export const pages: readonly string[] = ["README.md", "CONTRIBUTING.md", "SECURITY.md", ...["config", "containers", "docs"].flatMap(markdown).filter((page) => !page.startsWith("docs/runbooks/"))];

/** Pages whose commands commands.cluster.test.ts runs, in the order in which one would read them; each leaves the cluster as it found it, but for the operator of the one before. */
export const story = ["docs/install.md", "README.md", "docs/getting-started.md", "docs/security.md", "docs/MONITORING.md", "docs/routing.md", "docs/upgrade.md", "docs/rollouts.md", "docs/troubleshooting.md", "docs/kvr.md", "docs/dashboards.md"] as const;

/** A whole page as one script, so that what a block sets the next one has. */
export const scriptOf = (page: string): string => ["set -euo pipefail", "trap 'jobs -p | xargs -r kill' EXIT", ...blocksOf(page).flatMap(({ notRun, line, script }) => (notRun === undefined ? [`echo '### ${page}:${line}'`, script] : []))].join("\n");
