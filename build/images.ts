// `make images`: bundles both programs and writes dist/images/{responder,operator}.tar.
import { mkdirSync, readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { port } from "#contract/http";
import { bundle, programs, root, writeBundle, type OutputFile, type Program } from "./bundle.ts";
import { nodeLayer } from "./node-runtime.ts";
import { buildImage, layer, writeArchive, type Image, type Layer } from "./oci.ts";
import { file } from "./tar.ts";

export interface BuiltImage {
  readonly program: Program["name"];
  readonly name: string;
  readonly digest: string;
  readonly size: number;
  /** The archive on disk. */
  readonly path: string;
}

const { version, description, license } = JSON.parse(readFileSync(resolve(root, "package.json"), "utf8")) as { version: string; description: string; license: string };

const imageName = (program: Program["name"]): string => `localhost/kvr/${program}:${version}`;

/** Starts the command-line tool under its own name: `kubectl run ... --command -- /bin/kvr`. */
const cliLauncher = `#!/bin/node\nimport("/app/kvr.mjs");\n`;

const appLayer = (files: readonly OutputFile[]): Layer => {
  const modules = files.filter(({ name }) => name.endsWith(".mjs"));
  const cli = modules.some(({ name }) => name === "kvr.mjs") ? [file("bin/kvr", cliLauncher, 0o755)] : [];
  return layer([...modules.map(({ name, content }) => file(`app/${name}`, content)), ...cli]);
};

const ports = { responder: [port.http, port.metrics, port.peers], operator: [] } as const;

const assemble = (program: Program["name"], base: Layer, app: Layer): Image =>
  buildImage({
    name: imageName(program),
    layers: [base, app],
    // memory limits and the like are NODE_OPTIONS of the pod, which knows its limits
    entrypoint: ["/bin/node", "/app/main.mjs"],
    workdir: "/app",
    ports: ports[program],
    labels: {
      "org.opencontainers.image.title": `kv-responder ${program}`,
      "org.opencontainers.image.description": description,
      "org.opencontainers.image.version": version,
      "org.opencontainers.image.licenses": license,
    },
  });

export interface BuildOptions {
  /** Folder of the archives; default dist/images. */
  readonly out?: string;
  readonly wanted?: readonly Program[];
  /** Folder that receives the bundles too, for a look at them. */
  readonly bundles?: string;
}

/** Bundles the programs and writes one archive for each. */
export const buildImages = async ({ out = resolve(root, "dist/images"), wanted = programs, bundles }: BuildOptions = {}): Promise<readonly BuiltImage[]> => {
  mkdirSync(out, { recursive: true });
  const base = nodeLayer();
  return Promise.all(
    wanted.map(async (program) => {
      const files = await bundle(program.entries);
      if (bundles !== undefined) await writeBundle(files, join(bundles, program.name));
      const image = assemble(program.name, base, appLayer(files));
      const path = join(out, `${program.name}.tar`);
      await writeArchive(image, path);
      return { program: program.name, name: image.name, digest: image.digest, size: image.size, path };
    }),
  );
};

const report = (images: readonly BuiltImage[]): string => {
  const paths = images.map((image) => relative(process.cwd(), image.path));
  return [
    ...images.map((image, i) => `${image.name}  ${image.digest}  ${(image.size / 1e6).toFixed(0)} MB  ${paths[i]}`),
    "",
    "Load them into a cluster's node with one of:",
    ...paths.flatMap((path) => [`  kind load image-archive ${path}`, `  docker load -i ${path}`, `  ctr -n k8s.io images import ${path}`]),
  ].join("\n");
};

if (import.meta.main) {
  const { values } = parseArgs({ options: { out: { type: "string" } } });
  console.log(report(await buildImages({ bundles: resolve(root, "dist"), ...(values.out === undefined ? {} : { out: resolve(values.out) }) })));
}
