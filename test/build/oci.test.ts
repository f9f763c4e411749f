// Image archives: one digest for one input, and every digest and size in them true.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { accounts, architecture, buildImage, layer, writeArchive, type ImageSpec } from "../../build/oci.ts";
import { file } from "../../build/tar.ts";

const spec = (text = "one"): ImageSpec => ({
  name: "localhost/kvr/sample:1.2",
  layers: [layer(accounts), layer([file("bin/tool", text, 0o755)])],
  entrypoint: ["/bin/tool", "--flag"],
  workdir: "/data",
  labels: { "org.opencontainers.image.title": "sample" },
  ports: [8080],
});

interface Descriptor {
  readonly digest: string;
  readonly size: number;
  readonly annotations?: Record<string, string>;
}

const unpack = async (): Promise<{ path: (name: string) => string; json: (name: string) => unknown; blob: (d: Descriptor) => Buffer }> => {
  const folder = mkdtempSync(join(tmpdir(), "kvr-oci-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  await writeArchive(buildImage(spec()), join(folder, "image.tar"));
  execFileSync("tar", ["-xf", "image.tar"], { cwd: folder });
  const path = (name: string): string => join(folder, name);
  return {
    path,
    json: (name) => JSON.parse(readFileSync(path(name), "utf8")) as unknown,
    blob: ({ digest, size }) => {
      const content = readFileSync(path(`blobs/${digest.replace(":", "/")}`));
      expect(`sha256:${createHash("sha256").update(content).digest("hex")}`).toBe(digest);
      expect(content.length).toBe(size);
      return content;
    },
  };
};

test("two builds of one input have one digest; another content, another digest", () => {
  expect(buildImage(spec()).digest).toBe(buildImage(spec()).digest);
  expect(buildImage(spec("two")).digest).not.toBe(buildImage(spec()).digest);
});

test.runIf(architecture === "amd64")("the digest of a fixed input is known", () => {
  expect(buildImage(spec()).digest).toBe("sha256:4b1cdc7df6dd5b257c8c6ea258754f155bcac150bed12e4b1da6482af5734f32");
});

test("index, manifest, config and layers refer to each other by true digests and sizes", async () => {
  const image = await unpack();
  const index = image.json("index.json") as { manifests: Descriptor[] };
  expect(index.manifests).toHaveLength(1);
  const top = index.manifests[0]!;
  expect(top.digest).toBe(buildImage(spec()).digest);
  expect(top.annotations?.["io.containerd.image.name"]).toBe("localhost/kvr/sample:1.2");
  const manifest = JSON.parse(image.blob(top).toString()) as { config: Descriptor; layers: Descriptor[] };
  const config = JSON.parse(image.blob(manifest.config).toString()) as { config: Record<string, unknown>; rootfs: { diff_ids: string[] } };
  for (const each of manifest.layers) image.blob(each);
  expect(config.rootfs.diff_ids).toEqual(manifest.layers.map((l) => l.digest));
  expect(config.config).toMatchObject({
    User: "65532:65532",
    Entrypoint: ["/bin/tool", "--flag"],
    WorkingDir: "/data",
    Labels: { "org.opencontainers.image.title": "sample" },
    ExposedPorts: { "8080/tcp": {} },
  });
  expect(readdirSync(image.path("blobs/sha256"))).toHaveLength(4);
});

test("the same archive is a docker-archive", async () => {
  const image = await unpack();
  const [entry] = image.json("manifest.json") as { Config: string; RepoTags: string[]; Layers: string[] }[];
  expect(entry?.RepoTags).toEqual(["localhost/kvr/sample:1.2"]);
  for (const path of [entry!.Config, ...entry!.Layers]) expect(readFileSync(image.path(path)).length).toBeGreaterThan(0);
});

test("a layer used twice is stored once", () => {
  const shared = layer([file("a", "a")]);
  const once = buildImage({ ...spec(), layers: [shared] });
  const twice = buildImage({ ...spec(), layers: [shared, shared] });
  const bytes = (chunks: readonly Buffer[]): number => chunks.filter((chunk) => chunk.equals(shared.chunks[0]!)).length;
  expect(bytes(twice.archive)).toBe(bytes(once.archive));
});

test.each(["responder:1", "kvr/responder", "localhost/kvr/Responder:1"])("%s is no fully qualified name", (name) => {
  expect(() => buildImage({ ...spec(), name })).toThrow("must be REGISTRY/PATH:TAG");
});
