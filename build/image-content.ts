// What an image holds and says of itself. Both writers take it: the archive (oci.ts) and the Containerfiles, whose build context it becomes.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { port } from "#contract/http";
import type { BaseImage } from "./base.ts";
import { bundleWithContents, root, type OutputFile, type Program } from "./bundle.ts";
import { distroPackagesOf } from "./debian.ts";
import { nodeOnBase, nodeOnScratch, pinnedNode } from "./node-runtime.ts";
import { packagesOf, type Manifest } from "./packages.ts";
import { sbom } from "./sbom.ts";
import { file, type TarEntry } from "./tar.ts";

export interface ImageContent {
  readonly program: Program["name"];
  /** Equal for both programs. */
  readonly runtime: readonly TarEntry[];
  readonly app: readonly TarEntry[];
  readonly entrypoint: readonly string[];
  readonly ports: readonly number[];
  readonly labels: Readonly<Record<string, string>>;
  /** CycloneDX JSON; it is among `app` too. */
  readonly sbom: string;
  readonly files: readonly OutputFile[];
}

const manifestIn = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
export const product = manifestIn(root) as Manifest & { readonly description: string; readonly license: string };

/** With __proto__ gone, no input can reach Object.prototype through it. Limits of memory and the like are NODE_OPTIONS of the pod, which knows its limits. */
const entrypoint = ["/usr/bin/node", "--disable-proto=delete", "/app/main.mjs"];

const ports = { responder: [port.http, port.metrics, port.peers], operator: [] } as const;

/** Starts the command-line tool under its own name: `kubectl run ... --command -- kvr`. */
const cliLauncher = `#!/usr/bin/node\nimport("/app/kvr.mjs");\n`;

/** The commit, and whether the sources are just that. Read once: both images of a build say the same. */
const readRevision = (): string => {
  try {
    return execFileSync("git", ["describe", "--always", "--abbrev=40", "--exclude=*", "--dirty"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return "unknown";
  }
};
let revision: string | undefined;

const labelsOf = (program: Program["name"], base: BaseImage | undefined): ImageContent["labels"] => {
  const key = (name: string): string => `org.opencontainers.image.${name}`;
  return {
    [key("title")]: `kv-responder ${program}`,
    [key("description")]: product.description,
    [key("version")]: product.version,
    [key("licenses")]: product.license,
    [key("source")]: "https://github.com/kv-responder/kv-responder",
    [key("revision")]: (revision ??= readRevision()),
    ...(base && { [key("base.name")]: base.name, [key("base.digest")]: base.digest }),
  };
};

const hashOf = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

/** Without a base, Node's libraries are taken from this machine. */
export const imageContent = async (program: Program, base?: BaseImage): Promise<ImageContent> => {
  const { files, metafile } = await bundleWithContents(program.entries);
  const runtime = base ? nodeOnBase() : nodeOnScratch();
  const modules = files.filter(({ name }) => name.endsWith(".mjs"));
  const materials = sbom({
    image: { ...product, name: `kv-responder ${program.name}` },
    packages: packagesOf(metafile, (folder) => manifestIn(resolve(root, folder))),
    node: { ...manifestIn(resolve(dirname(pinnedNode), "..")), license: "MIT", sha256: hashOf(pinnedNode) },
    base,
    distroPackages: distroPackagesOf(runtime.libraries),
    libraries: runtime.libraries.map((path) => ({ path, sha256: hashOf(path) })),
  });
  return {
    program: program.name,
    runtime: runtime.entries,
    app: [
      ...modules.map(({ name, content }) => file(`app/${name}`, content)),
      ...(modules.some(({ name }) => name === "kvr.mjs") ? [file("usr/bin/kvr", cliLauncher, 0o755)] : []),
      // where scanners look for it
      file(`usr/share/sbom/${program.name}.cdx.json`, materials),
    ],
    entrypoint,
    ports: ports[program.name],
    labels: labelsOf(program.name, base),
    sbom: materials,
    files,
  };
};
