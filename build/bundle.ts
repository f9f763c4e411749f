// Bundles each program into one ESM file, with chunks for the parts that it loads lazily.
import { mkdir, rm, writeFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { build, type Metafile } from "esbuild";
import { narrowClientNode } from "./narrow-client-node.ts";

export const root = resolve(import.meta.dirname, "..");

export interface Program {
  readonly name: "responder" | "operator";
  /** Output name without extension -> source file, relative to the root. */
  readonly entries: Readonly<Record<string, string>>;
}

export const programs: readonly Program[] = [
  { name: "responder", entries: { main: "responder/main.ts" } },
  { name: "operator", entries: { main: "operator/main.ts", kvr: "operator/cli/kvr.ts" } },
];

/** CommonJS dependencies call require for Node's own modules; an ESM bundle has none unless it is made. */
const requireBanner = `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`;

export interface OutputFile {
  readonly name: string;
  readonly content: Buffer;
}

export interface Bundle {
  readonly files: readonly OutputFile[];
  /** What went into it, by esbuild's own record. */
  readonly metafile: Metafile;
}

export interface BundleOptions {
  /** Chunks for what is loaded lazily (default), or one file for each entry. */
  readonly splitting?: boolean;
  /** The oldest Node that runs it; default the one of the images. */
  readonly target?: string;
}

/** The bundle's modules (*.mjs) and their external source maps, which carry no link: the maps stay out of the image. */
export const bundleWithContents = async (entries: Program["entries"], { splitting = true, target = "node24" }: BundleOptions = {}): Promise<Bundle> => {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.entries(entries).map(([out, source]) => ({ in: source, out })),
    outdir: resolve(root, "dist"),
    write: false,
    metafile: true,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    platform: "node",
    target,
    format: "esm",
    splitting,
    // names stay readable: a stack trace in a tenant's log should mean something without its map
    minifySyntax: true,
    sourcemap: "external",
    legalComments: "none",
    banner: { js: requireBanner },
    // optional native speed-ups of a dependency, which does without them
    external: ["bufferutil", "utf-8-validate"],
    plugins: [narrowClientNode(root)],
    logLevel: "warning",
  });
  return { files: outputFiles.map(({ path, contents }) => ({ name: basename(path), content: Buffer.from(contents) })), metafile };
};

export const bundle = async (entries: Program["entries"]): Promise<readonly OutputFile[]> => (await bundleWithContents(entries)).files;

/** Writes a bundle into an emptied folder, since chunk names change with their content. */
export const writeBundle = async (files: readonly OutputFile[], outdir: string): Promise<void> => {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  await Promise.all(files.map(({ name, content }) => writeFile(resolve(outdir, name), content)));
};
