// The product's images: the same twice, no shell in them, and enough to run on nothing but themselves.
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildImages, type BuiltImage } from "../../build/images.ts";

let scratch: string;
let once: readonly BuiltImage[];
let again: readonly BuiltImage[];

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), "kvr-images-"));
  once = await buildImages({ out: join(scratch, "1") });
  again = await buildImages({ out: join(scratch, "2") });
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("two builds give the same archives, to the byte", () => {
  expect(again.map((image) => image.digest)).toEqual(once.map((image) => image.digest));
  once.forEach((image, i) => expect(readFileSync(image.path).equals(readFileSync(again[i]?.path ?? ""))).toBe(true));
});

interface Unpacked {
  readonly root: string;
  readonly layers: readonly string[];
  readonly config: { readonly User: string; readonly Entrypoint: readonly string[] };
}

const unpack = ({ program, path }: BuiltImage): Unpacked => {
  const folder = join(scratch, program);
  const root = join(folder, "root");
  mkdirSync(root, { recursive: true });
  execFileSync("tar", ["-xf", path, "-C", folder]);
  const [entry] = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8")) as { Config: string; Layers: string[] }[];
  const layers = entry?.Layers ?? [];
  for (const layer of layers) execFileSync("tar", ["-xf", join(folder, layer), "-C", root]);
  const { config } = JSON.parse(readFileSync(join(folder, entry?.Config ?? ""), "utf8")) as Pick<Unpacked, "config">;
  return { root, layers, config };
};

test("both share the layer with Node, run as 65532 and hold two programs at most", () => {
  const [responder, operator] = once.map(unpack);
  expect(responder?.layers[0]).toBe(operator?.layers[0]);
  expect(readdirSync(join(responder?.root ?? "", "bin"))).toEqual(["node"]);
  expect(readdirSync(join(operator?.root ?? "", "bin")).sort()).toEqual(["kvr", "node"]);
  for (const image of [responder, operator]) {
    expect(image?.config).toMatchObject({ User: "65532:65532", Entrypoint: ["/bin/node", "/app/main.mjs"] });
    expect(readdirSync(join(image?.root ?? "", "app")).filter((name) => name.endsWith(".map"))).toEqual([]);
  }
});

// changing the root needs root; elsewhere the cluster tests, which need it too, run the images
test.runIf(process.getuid?.() === 0)("inside the image alone Node runs, resolves a name, and kvr renders", () => {
  const [, operator] = once.map(unpack);
  const inside = (...argv: readonly string[]): string => execFileSync("/usr/sbin/chroot", ["--userspec=65532:65532", operator?.root ?? "", ...argv], { encoding: "utf8", input: tenant });
  const tenant = JSON.stringify({ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name: "a", namespace: "b" }, spec: { tenant: "a" } });
  expect(inside("/bin/node", "-p", "process.getuid() + ' ' + process.version")).toMatch(/^65532 v24\./);
  expect(inside("/bin/node", "-e", "require('dns').lookup('127.0.0.1', (e, a) => console.log(e ?? a))")).toBe("127.0.0.1\n");
  expect(inside("/bin/node", "/app/kvr.mjs", "render", "-f", "-")).toContain("kind: Deployment");
});
