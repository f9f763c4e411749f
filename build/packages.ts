// Which npm packages a bundle is made of, and which needs which: from esbuild's record of it, so that what was shaken off is not listed.
import type { Metafile } from "esbuild";

/** What package.json says. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  /** An SPDX expression as a rule. */
  readonly license?: string;
}

export interface NpmPackage extends Manifest {
  /** As in node_modules/@a/b: a package may be there in two versions. */
  readonly folder: string;
  /** Folders of the packages that it imports. */
  readonly needs: readonly string[];
}

/** The package's folder of a file in one; undefined for a file of the project's own. Plugins write other paths before it. */
export const folderOf = (input: string): string | undefined => /node_modules\/(?:.*\/node_modules\/)?(?:@[^/]+\/)?[^/]+(?=\/)/.exec(input)?.[0];

/** Sorted by folder. `read` gives package.json of a folder. */
export const packagesOf = ({ inputs, outputs }: Pick<Metafile, "inputs" | "outputs">, read: (folder: string) => Manifest): readonly NpmPackage[] => {
  const kept = new Set(Object.values(outputs).flatMap((output) => Object.entries(output.inputs).flatMap(([input, { bytesInOutput }]) => (bytesInOutput > 0 ? [folderOf(input)] : []))));
  const needs = new Map<string, Set<string>>();
  for (const [input, { imports }] of Object.entries(inputs)) {
    const from = folderOf(input);
    if (from === undefined || !kept.has(from)) continue;
    const to = imports.flatMap(({ path }) => folderOf(path) ?? []).filter((folder) => folder !== from && kept.has(folder));
    needs.set(from, new Set([...(needs.get(from) ?? []), ...to]));
  }
  return [...needs.keys()].sort().map((folder) => {
    const { name, version, license } = read(folder);
    return { folder, name, version, ...(license !== undefined && { license }), needs: [...(needs.get(folder) ?? [])].sort() };
  });
};
