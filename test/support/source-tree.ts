// Reads the sources as text and as a graph of imports, for the test of the architecture.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";

/** Path from the repository's root -> text. */
export type SourceTree = ReadonlyMap<string, string>;

export interface Import {
  from: string;
  /** A path in the tree, "node:fs", or a package's name as it is written. */
  to: string;
  typeOnly: boolean;
}

const sourceFolders = ["crds", "responder", "operator", "build"];
const subpaths: Record<string, string> = { "#crds/": "crds/", "#contract/": "responder/contract/", "#telemetry/": "responder/telemetry/", "#lib/": "responder/lib/" };

export const readSources = (root: string): SourceTree => {
  const tree = new Map<string, string>();
  for (const folder of sourceFolders.filter((f) => existsSync(join(root, f)))) {
    for (const entry of readdirSync(join(root, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile() || !entry.name.endsWith(".ts")) continue;
      const path = posix.join(entry.parentPath.slice(root.length + 1), entry.name);
      tree.set(path, readFileSync(join(root, path), "utf8"));
    }
  }
  return tree;
};

/** Text without comments, so that a name in prose is no use of it. Strings stay. */
export const withoutComments = (text: string): string =>
  text.replaceAll(/\/\*[\s\S]*?\*\/|(^|[^:"'`\\])\/\/[^\n]*/g, (_, before: string | undefined) => before ?? "");

const resolveImport = (from: string, specifier: string): string => {
  for (const [prefix, folder] of Object.entries(subpaths)) {
    if (specifier.startsWith(prefix)) return `${folder}${specifier.slice(prefix.length)}.ts`;
  }
  return specifier.startsWith(".") ? posix.join(dirname(from), specifier) : specifier;
};

export const importsOf = (path: string, text: string): Import[] => {
  const found: Import[] = [];
  const code = withoutComments(text);
  for (const m of code.matchAll(/\b(?:import|export)\s+(type\s+)?(?:[\w*${}\s,]+?\s+from\s+)?["']([^"'\n]+)["']/g)) {
    found.push({ from: path, to: resolveImport(path, m[2] ?? ""), typeOnly: m[1] !== undefined });
  }
  for (const m of code.matchAll(/\bimport\(\s*["']([^"'\n]+)["']\s*\)/g)) found.push({ from: path, to: resolveImport(path, m[1] ?? ""), typeOnly: false });
  return found;
};

/** One cycle of run-time imports as a path that ends where it began, or undefined. */
export const findCycle = (imports: readonly Import[]): string[] | undefined => {
  const next = new Map<string, string[]>();
  for (const { from, to, typeOnly } of imports) if (!typeOnly) next.set(from, [...(next.get(from) ?? []), to]);
  const done = new Set<string>();
  const visit = (node: string, trail: string[]): string[] | undefined => {
    const at = trail.indexOf(node);
    if (at >= 0) return [...trail.slice(at), node];
    if (done.has(node)) return undefined;
    for (const child of next.get(node) ?? []) {
      const cycle = visit(child, [...trail, node]);
      if (cycle) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of next.keys()) {
    const cycle = visit(node, []);
    if (cycle) return cycle;
  }
  return undefined;
};
