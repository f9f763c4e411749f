// Images of the cluster's own programs, each one static binary and nothing else; built once for each content.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { access, mkdir, readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { accounts, buildImage, layer, user, writeArchive } from "../../build/oci.ts";
import { dir, file } from "../../build/tar.ts";
import { resolveTools } from "./toolchain.ts";
import type { ToolName } from "./tools.ts";

interface ToolImage {
  readonly tool: ToolName;
  /** Path of the program in the image. */
  readonly path: string;
  /** Given to the user, so that it may write there where the root is not read-only. */
  readonly workdir?: string;
}

/** By full name; the tags are the versions in tools/. */
const toolImages = {
  "localhost/kvr/pause:1": { tool: "pause", path: "bin/pause" },
  "localhost/kvr/prometheus-operator:v0.85.0": { tool: "prometheus-operator", path: "bin/operator" },
  // the operator sets its command to this path
  "localhost/kvr/prometheus-config-reloader:v0.85.0": { tool: "prometheus-config-reloader", path: "bin/prometheus-config-reloader" },
  "localhost/kvr/prometheus:v3.13.5": { tool: "prometheus", path: "bin/prometheus", workdir: "prometheus" },
  "localhost/kvr/alertmanager:v0.28.1": { tool: "alertmanager", path: "bin/alertmanager", workdir: "alertmanager" },
  "localhost/kvr/metrics-server:v0.9.0": { tool: "metrics-server", path: "bin/metrics-server" },
  "localhost/kvr/jaeger:v1.62.0": { tool: "jaeger", path: "bin/jaeger" },
} as const satisfies Readonly<Record<string, ToolImage>>;

export type ToolImageName = keyof typeof toolImages;

const cacheRoot = (env: NodeJS.ProcessEnv): string => join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "kv-responder", "images");

/** What the archive is made of: the program, and all that shapes the image around it. */
const contentKey = async (program: string, shape: unknown): Promise<string> => {
  const hash = createHash("sha256").update(JSON.stringify(shape));
  const writers = ["../../build/oci.ts", "../../build/tar.ts", "./images.ts"].map((path) => new URL(path, import.meta.url));
  for (const source of writers) hash.update(await readFile(source));
  for await (const chunk of createReadStream(program)) hash.update(chunk as Buffer);
  return hash.digest("hex").slice(0, 16);
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const toolImage = async (name: ToolImageName, env: NodeJS.ProcessEnv): Promise<string> => {
  const { tool, path, workdir }: ToolImage = toolImages[name];
  const program = (await resolveTools([tool], { env }))[tool];
  const archive = join(cacheRoot(env), `${tool}-${await contentKey(program, { name, path, workdir })}.tar`);
  if (await exists(archive)) return archive;
  await mkdir(cacheRoot(env), { recursive: true });
  const entries = [...accounts, dir("tmp", 0o1777), file(path, await readFile(program), 0o755), ...(workdir === undefined ? [] : [dir(workdir, 0o755, user)])];
  const image = buildImage({ name, layers: [layer(entries)], entrypoint: [`/${path}`], workdir: `/${workdir ?? ""}` });
  await writeArchive(image, archive);
  return archive;
};

/** Paths of the images' archives, in this order. */
export const toolImageArchives = async (names: readonly ToolImageName[], env: NodeJS.ProcessEnv = process.env): Promise<readonly string[]> => {
  const archives: string[] = [];
  for (const name of names) archives.push(await toolImage(name, env));
  return archives;
};
