// `make images`: both images, with docker, podman or buildah from containers/*.Containerfile, or as archives in dist/images that need none of them.
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { pinned, resolveBase, type BaseImage } from "./base.ts";
import { programs, root, writeBundle, type Program } from "./bundle.ts";
import { writeContext } from "./context.ts";
import { engines, findEngine, runBuild, type Engine, type EngineBuild } from "./engine.ts";
import { imageContent, product, type ImageContent } from "./image-content.ts";
import { buildImage, layer, writeArchive } from "./oci.ts";

export interface BuiltImage {
  readonly program: Program["name"];
  readonly name: string;
  readonly digest: string;
  readonly size: number;
  /** The archive on disk. */
  readonly path: string;
}

const localRegistry = "localhost/kvr";
const imageName = (program: Program["name"], registry = localRegistry): string => `${registry}/${program}:${product.version}`;

/** Beside the image, for those who do not look into it. */
const writeSbom = (out: string, { program, sbom }: ImageContent): string => {
  mkdirSync(out, { recursive: true });
  const path = join(out, `${program}.cdx.json`);
  writeFileSync(path, sbom);
  return path;
};

export interface BuildOptions {
  /** Folder of the archives; default dist/images. */
  readonly out?: string;
  readonly wanted?: readonly Program[];
  /** Folder that receives the bundles too, for a look at them. */
  readonly bundles?: string;
}

/** Writes one archive for each content, and what it is made of beside it. */
export const writeArchives = (contents: readonly ImageContent[], out: string): Promise<readonly BuiltImage[]> => {
  const runtime = contents[0] && layer(contents[0].runtime);
  return Promise.all(
    contents.map(async (content) => {
      const { program, app, entrypoint, ports, labels } = content;
      writeSbom(out, content);
      const image = buildImage({ name: imageName(program), layers: [...(runtime ? [runtime] : []), layer(app)], entrypoint, workdir: "/app", ports, labels });
      const path = join(out, `${program}.tar`);
      await writeArchive(image, path);
      return { program, name: image.name, digest: image.digest, size: image.size, path };
    }),
  );
};

/** Bundles the programs and writes their archives. */
export const buildImages = async ({ out = resolve(root, "dist/images"), wanted = programs, bundles }: BuildOptions = {}): Promise<readonly BuiltImage[]> => {
  const contents = await Promise.all(wanted.map((program) => imageContent(program)));
  if (bundles !== undefined) await Promise.all(contents.map(({ files, program }) => writeBundle(files, join(bundles, program))));
  return writeArchives(contents, out);
};

interface EngineOptions {
  readonly out: string;
  readonly base?: BaseImage | undefined;
  readonly registry?: string | undefined;
}

/** What to tell an engine. The build context is written under `out`, the list of materials beside it. */
export const prepareBuild = (content: ImageContent, { out, base, registry }: EngineOptions): EngineBuild => {
  const { program, labels } = content;
  const context = join(out, "context", program);
  writeContext(context, content);
  writeSbom(out, content);
  const label = (name: string): string => labels[`org.opencontainers.image.${name}`] ?? "";
  return {
    containerfile: resolve(root, "containers", `${program}.Containerfile`),
    context,
    name: imageName(program, registry),
    args: { BASE: base ? pinned(base) : "scratch", VERSION: label("version"), REVISION: label("revision") },
    // of scratch there is nothing to say
    labels: Object.fromEntries(Object.entries(labels).filter(([key]) => key.includes(".base."))),
  };
};

const reportArchives = (images: readonly BuiltImage[]): string => {
  const paths = images.map((image) => relative(process.cwd(), image.path));
  return [
    ...images.map((image, i) => `${image.name}  ${image.digest}  ${(image.size / 1e6).toFixed(0)} MB  ${paths[i]}`),
    "",
    "Load them into a cluster's node with one of:",
    ...paths.flatMap((path) => [`  kind load image-archive ${path}`, `  docker load -i ${path}`, `  ctr -n k8s.io images import ${path}`]),
  ].join("\n");
};

const main = async (): Promise<void> => {
  const { values } = parseArgs({ options: { out: { type: "string", default: resolve(root, "dist/images") }, base: { type: "string", default: "scratch" }, engine: { type: "string" }, registry: { type: "string" } } });
  const wanted = values.engine;
  if (wanted !== undefined && wanted !== "none" && !engines.includes(wanted as Engine)) throw new RangeError(`--engine must be one of ${engines.join(", ")} and none, not ${JSON.stringify(wanted)}`);
  const engine = wanted === "none" ? undefined : ((wanted as Engine | undefined) ?? findEngine());
  const out = resolve(values.out);
  if (engine === undefined) {
    if (values.base !== "scratch" || values.registry !== undefined) throw new Error(`a base and a registry need one of ${engines.join(", ")}, and none of them works here`);
    console.log(reportArchives(await buildImages({ out, bundles: resolve(root, "dist") })));
    return;
  }
  const base = await resolveBase(values.base);
  console.log(`engine ${engine}, base ${base ? `${base.name}@${base.digest}` : "scratch"}`);
  for (const program of programs) {
    const build = prepareBuild(await imageContent(program, base), { out, base, registry: values.registry });
    runBuild(engine, build);
    console.log(`built ${build.name}; what it is made of: ${relative(process.cwd(), join(out, `${program.name}.cdx.json`))}`);
  }
  if (base && !values.base.includes("@")) console.log(`to build the same again: BASE=${base.name}@${base.digest}`);
};

if (import.meta.main) await main();
