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

/** All pages that may hold commands. */
export const pages: readonly string[] = ["README.md", ...readdirSync(join(root, "docs"), { encoding: "utf8" }).filter((file) => file.endsWith(".md")).map((file) => `docs/${file}`).toSorted()];

/** Pages whose commands commands.cluster.test.ts runs, in the order in which one would read them; each leaves the cluster as it found it, but for the operator of the one before. */
export const story = ["docs/install.md", "README.md", "docs/getting-started.md", "docs/security.md", "docs/MONITORING.md", "docs/upgrade.md", "docs/rollouts.md", "docs/troubleshooting.md", "docs/kvr.md"] as const;

/** A whole page as one script, so that what a block sets the next one has. */
export const scriptOf = (page: string): string => ["set -euo pipefail", "trap 'jobs -p | xargs -r kill' EXIT", ...blocksOf(page).flatMap(({ notRun, line, script }) => (notRun === undefined ? [`echo '### ${page}:${line}'`, script] : []))].join("\n");
