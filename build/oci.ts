// Writes container images with no daemon and no pull: an OCI layout that is a docker-archive too, so every loader takes it.
import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { file, sizeOf, tar, type TarEntry } from "./tar.ts";

interface Blob {
  readonly digest: string;
  readonly size: number;
  readonly chunks: readonly Buffer[];
}

export type Layer = Blob;

export interface ImageSpec {
  /** Fully qualified, such as localhost/kvr/responder:0.1.0: containerd does not complete short names. */
  readonly name: string;
  readonly layers: readonly Layer[];
  readonly entrypoint: readonly string[];
  readonly workdir?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** TCP ports it listens on; informative only. */
  readonly ports?: readonly number[];
}

export interface Image {
  readonly name: string;
  /** Digest of the manifest. */
  readonly digest: string;
  /** Bytes of all layers, uncompressed. */
  readonly size: number;
  readonly archive: readonly Buffer[];
}

const mediaType = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar",
  index: "application/vnd.oci.image.index.v1+json",
} as const;

/** Every image runs as this user; a number, so that runAsNonRoot can be checked without reading /etc/passwd. */
export const user = 65532;

export const architecture = process.arch === "x64" ? "amd64" : process.arch;

const blob = (chunks: readonly Buffer[]): Blob => {
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return { digest: `sha256:${hash.digest("hex")}`, size: sizeOf(chunks), chunks };
};

const json = (value: unknown): Blob => blob([Buffer.from(JSON.stringify(value))]);

/** A layer, uncompressed: it is read back on the same machine, where inflating costs more than the bytes do. */
export const layer = (entries: readonly TarEntry[]): Layer => blob(tar(entries));

/** The user's entry in the account files; programs that look up their own name or home find one. */
export const accounts: readonly TarEntry[] = [
  file("etc/passwd", `root:x:0:0:root:/:/none\nkvr:x:${user}:${user}:kvr:/:/none\n`),
  file("etc/group", `root:x:0:\nkvr:x:${user}:\n`),
];

const imageConfig = (spec: ImageSpec): Blob =>
  json({
    architecture,
    os: "linux",
    created: "1970-01-01T00:00:00Z",
    config: {
      User: `${user}:${user}`,
      Entrypoint: spec.entrypoint,
      WorkingDir: spec.workdir ?? "/",
      Env: ["PATH=/usr/bin:/bin"],
      ...(spec.labels ? { Labels: spec.labels } : {}),
      ...(spec.ports ? { ExposedPorts: Object.fromEntries(spec.ports.map((port) => [`${port}/tcp`, {}])) } : {}),
    },
    rootfs: { type: "layers", diff_ids: spec.layers.map((l) => l.digest) },
    history: spec.layers.map(() => ({ created: "1970-01-01T00:00:00Z", created_by: "kv-responder build/oci.ts" })),
  });

const blobPath = (b: Blob): string => `blobs/${b.digest.replace(":", "/")}`;

/** Assembles the image and its archive; equal specs give equal bytes. */
export const buildImage = (spec: ImageSpec): Image => {
  if (!/^[a-z0-9.-]+(:\d+)?\/[a-z0-9/._-]+:[\w.-]+$/.test(spec.name)) throw new Error(`image name ${spec.name} must be REGISTRY/PATH:TAG`);
  const config = imageConfig(spec);
  const manifest = json({
    schemaVersion: 2,
    mediaType: mediaType.manifest,
    config: { mediaType: mediaType.config, digest: config.digest, size: config.size },
    layers: spec.layers.map((l) => ({ mediaType: mediaType.layer, digest: l.digest, size: l.size })),
  });
  const index = {
    schemaVersion: 2,
    mediaType: mediaType.index,
    manifests: [
      {
        mediaType: mediaType.manifest,
        digest: manifest.digest,
        size: manifest.size,
        platform: { architecture, os: "linux" },
        // the full name for containerd, the tag alone for tools that read the OCI annotation
        annotations: { "io.containerd.image.name": spec.name, "org.opencontainers.image.ref.name": spec.name.slice(spec.name.lastIndexOf(":") + 1) },
      },
    ],
  };
  const dockerManifest = [{ Config: blobPath(config), RepoTags: [spec.name], Layers: spec.layers.map(blobPath) }];
  // one blob a digest: two equal layers are one file
  const blobs = new Map([manifest, config, ...spec.layers].map((b) => [b.digest, b]));
  const archive = tar([
    file("oci-layout", JSON.stringify({ imageLayoutVersion: "1.0.0" })),
    file("index.json", JSON.stringify(index)),
    file("manifest.json", JSON.stringify(dockerManifest)),
    ...[...blobs.values()].map((b) => file(blobPath(b), b.chunks)),
  ]);
  return { name: spec.name, digest: manifest.digest, size: spec.layers.reduce((sum, l) => sum + l.size, 0), archive };
};

/** Writes the archive; the file appears whole or not at all. Returns its bytes. */
export const writeArchive = async (image: Image, path: string): Promise<number> => {
  const partial = `${path}.${process.pid}.partial`;
  await pipeline(Readable.from(image.archive), createWriteStream(partial));
  await rename(partial, path);
  return sizeOf(image.archive);
};
