// The product's images: the same twice and from either writer, no shell in them, and enough to run on nothing but themselves.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Spec, Validation } from "@cyclonedx/cyclonedx-library";
import { afterAll, beforeAll, expect, test } from "vitest";
import { programs } from "../../build/bundle.ts";
import { writeContext } from "../../build/context.ts";
import { buildCommand, type EngineBuild } from "../../build/engine.ts";
import { imageContent, type ImageContent } from "../../build/image-content.ts";
import { buildImages, prepareBuild, writeArchives, type BuiltImage } from "../../build/images.ts";
import { nodeOnScratch } from "../../build/node-runtime.ts";

let scratch: string;
let contents: readonly ImageContent[];
let once: readonly BuiltImage[];
let again: readonly BuiltImage[];

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "kvr-images-"));
  contents = await Promise.all(programs.map((program) => imageContent(program)));
  once = await writeArchives(contents, join(scratch, "1"));
  again = await buildImages({ out: join(scratch, "2") });
}, 180_000);
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("two builds give the same archives, to the byte", () => {
  expect(again.map((image) => image.digest)).toEqual(once.map((image) => image.digest));
  once.forEach((image, i) => expect(readFileSync(image.path).equals(readFileSync(again[i]?.path ?? ""))).toBe(true));
});

interface Config {
  readonly User: string;
  readonly Entrypoint: readonly string[];
  readonly Env: readonly string[];
  readonly WorkingDir: string;
  readonly ExposedPorts?: object;
  readonly Labels: Readonly<Record<string, string>>;
}

interface Unpacked {
  readonly root: string;
  readonly layers: readonly string[];
  readonly config: Config;
}

/** Of a docker-archive, which ours are too. */
const unpack = (path: string): Unpacked => {
  const folder = mkdtempSync(join(scratch, "unpacked-"));
  const root = join(folder, "root");
  mkdirSync(root);
  execFileSync("tar", ["-xf", path, "-C", folder]);
  const [entry] = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as { Config: string; Layers: string[] }[];
  const layers = entry?.Layers ?? [];
  for (const layer of layers) execFileSync("tar", ["-xpf", join(folder, layer), "-C", root]);
  const { config } = JSON.parse(readFileSync(join(folder, entry?.Config ?? ""), "utf8")) as Pick<Unpacked, "config">;
  return { root, layers, config };
};

let unpacked: readonly Unpacked[] | undefined;
const archives = (): readonly Unpacked[] => (unpacked ??= once.map(({ path }) => unpack(path)));

/** path -> type, mode, owner, content. */
const treeOf = (root: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    readdirSync(root, { recursive: true, encoding: "utf8" })
      .sort()
      .map((path) => {
        const at = join(root, path);
        const stat = lstatSync(at);
        const content = stat.isSymbolicLink() ? `-> ${readlinkSync(at)}` : stat.isFile() ? createHash("sha256").update(readFileSync(at)).digest("hex") : "folder";
        return [path, `${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid} ${content}`];
      }),
  );

test("both share the layer with Node, run as 65532 and hold two programs at most", () => {
  const [responder, operator] = archives();
  expect(responder?.layers[0]).toBe(operator?.layers[0]);
  expect(readdirSync(join(responder?.root ?? "", "usr/bin"))).toEqual(["node"]);
  expect(readdirSync(join(operator?.root ?? "", "usr/bin")).sort()).toEqual(["kvr", "node"]);
  for (const image of [responder, operator]) {
    expect(image?.config).toMatchObject({ User: "65532:65532", Entrypoint: ["/usr/bin/node", "--disable-proto=delete", "/app/main.mjs"] });
    expect(Object.keys(treeOf(image?.root ?? "")).filter((path) => /\.map$|(^|\/)(sh|bash|busybox|npm|npx|node_modules)(\/|$)/.test(path))).toEqual([]);
  }
});

test("each says what it is and where it comes from", () => {
  for (const [i, { config }] of archives().entries()) {
    const label = (name: string): string | undefined => config.Labels[`org.opencontainers.image.${name}`];
    expect(label("title")).toBe(`kv-responder ${once[i]?.program}`);
    expect([label("licenses"), label("source")]).toEqual(["Apache-2.0", "https://github.com/kv-responder/kv-responder"]);
    expect(label("version")).toMatch(/^\d+\.\d+\.\d+/);
    expect(label("revision")).toMatch(/^([0-9a-f]{40}(-dirty)?|unknown)$/);
  }
});

interface Materials {
  readonly components: readonly { readonly name: string; readonly group?: string; readonly version?: string; readonly purl?: string; readonly licenses?: object }[];
}

test("each carries the list of what it is made of, beside the archive too", async () => {
  for (const [i, { root }] of archives().entries()) {
    const { program } = once[i] ?? { program: "" };
    const text = readFileSync(join(root, `usr/share/sbom/${program}.cdx.json`), "utf8");
    expect(readFileSync(join(scratch, `1/${program}.cdx.json`), "utf8")).toBe(text);
    expect(await new Validation.JsonStrictValidator(Spec.Spec1dot6.version).validate(text)).toBeNull();
    const { components } = JSON.parse(text) as Materials;
    const names = components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
    expect(names).toEqual(expect.arrayContaining(["node", "pino", "prom-client", "hono"]));
    // what only the other one bundles, and what none does
    expect(names.includes("@kubernetes/client-node")).toBe(program === "operator");
    expect(names).not.toContain("vitest");
    for (const npm of components.filter(({ purl }) => purl?.startsWith("pkg:npm/"))) expect(npm, npm.name).toMatchObject({ version: expect.stringMatching(/^\d/), licenses: expect.anything() });
    expect(names.filter((name) => name.endsWith("/libc.so.6"))).toHaveLength(1);
  }
});

// changing the root needs root; elsewhere the cluster tests, which need it too, run the images
const asRoot = process.getuid?.() === 0;
const inside = (root: string, ...argv: readonly string[]): string => execFileSync("/usr/sbin/chroot", ["--userspec=65532:65532", root, ...argv], { encoding: "utf8", input: tenant });
const tenant = JSON.stringify({ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name: "a", namespace: "b" }, spec: { tenant: "a" } });

test.runIf(asRoot)("inside the image alone Node runs, resolves a name, and kvr renders", () => {
  const [, operator] = archives();
  const root = operator?.root ?? "";
  expect(inside(root, "/bin/node", "-p", "process.getuid() + ' ' + process.version")).toMatch(/^65532 v24\./);
  expect(inside(root, "/bin/node", "-e", "require('dns').lookup('127.0.0.1', (e, a) => console.log(e ?? a))")).toBe("127.0.0.1\n");
  expect(inside(root, "/usr/bin/kvr", "render", "-f", "-")).toContain("kind: Deployment");
});

/** With a store of its own, which needs root. */
const buildah = (store: string, argv: readonly string[]): string => {
  mkdirSync(store, { recursive: true });
  const conf = join(store, "storage.conf");
  writeFileSync(conf, `[storage]\ndriver = "overlay"\ngraphroot = "${store}/graph"\nrunroot = "${store}/run"\n`);
  return execFileSync("buildah", argv, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, CONTAINERS_STORAGE_CONF: conf } });
};
const build = (store: string, of: EngineBuild): string => {
  buildah(store, buildCommand("buildah", of).slice(1));
  return buildah(store, ["images", "--no-trunc", "--format", "{{.ID}}", of.name]).trim();
};
const pushed = (store: string, { name }: EngineBuild): Unpacked => {
  const archive = join(store, "pushed.tar");
  rmSync(archive, { force: true });
  buildah(store, ["push", name, `docker-archive:${archive}:${name}`]);
  return unpack(archive);
};

test.runIf(asRoot).each(programs)("buildah makes of the Containerfile of the $name the image that the archive holds", { timeout: 180_000 }, ({ name }) => {
  const at = programs.findIndex((program) => program.name === name);
  const content = contents[at]!;
  const ours = archives()[at]!;
  const prepared = prepareBuild(content, { out: join(scratch, "engine") });
  const first = build(join(scratch, "store"), prepared);
  const theirs = pushed(join(scratch, "store"), prepared);
  expect(treeOf(theirs.root)).toEqual(treeOf(ours.root));
  const { User, Entrypoint, Env, WorkingDir, ExposedPorts = {}, Labels } = theirs.config;
  expect({ User, Entrypoint, Env, WorkingDir, ExposedPorts, Labels }).toEqual(ours.config);
  // the context is written anew, and nothing is left of the first build
  if (name === "responder") expect(build(join(scratch, "another-store"), prepareBuild(content, { out: join(scratch, "again") }))).toBe(first);
});

test.runIf(asRoot)("on a base whose /bin is a link, as Debian's is, nothing of the base is replaced and the programs run", { timeout: 180_000 }, async () => {
  const store = join(scratch, "store-base");
  const context = join(scratch, "base");
  const libraries = nodeOnScratch().entries.filter(({ path }) => path !== "usr/bin/node");
  writeContext(context, { runtime: libraries, app: [] });
  writeFileSync(join(context, "Containerfile"), "FROM scratch\nCOPY runtime/ /\n");
  const name = "localhost/kvr-base:1";
  buildah(store, ["build", "--tag", name, context]);
  const base = { name, digest: buildah(store, ["images", "--format", "{{.Digest}}", name]).trim() };
  const prepared = prepareBuild(await imageContent(programs[1]!, base), { out: join(scratch, "based"), base });
  expect(readdirSync(join(prepared.context, "runtime"), { recursive: true })).toEqual(["usr", "usr/bin", "usr/bin/node"]);
  build(store, prepared);
  const { root, config } = pushed(store, prepared);
  expect(readlinkSync(join(root, "bin"))).toBe("usr/bin");
  expect(config.Labels).toMatchObject({ "org.opencontainers.image.base.name": name, "org.opencontainers.image.base.digest": base.digest });
  expect(inside(root, "/usr/bin/kvr", "render", "-f", "-")).toContain("kind: Deployment");
  expect(readFileSync(join(root, "usr/share/sbom/operator.cdx.json"), "utf8")).toContain(base.digest);
});
