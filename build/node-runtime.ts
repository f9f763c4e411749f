// The base layer of the product's images: this Node binary and the shared libraries it needs, nothing else.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { root } from "./bundle.ts";
import { accounts, layer, type Layer } from "./oci.ts";
import { dir, file, type TarEntry } from "./tar.ts";

/** glibc before 2.34 opens these by name when it resolves hosts, so ldd does not list them. */
const nameService = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"];

/** Paths of the shared objects in ldd's output; throws when one is missing. */
export const parseLdd = (output: string): string[] => {
  const lines = output.split("\n").map((line) => line.trim());
  const missing = lines.find((line) => line.endsWith("not found"));
  if (missing !== undefined) throw new Error(`node needs a library that this machine lacks: ${missing}`);
  return lines.flatMap((line) => /^(?:\S+ => )?(\/\S+) \(0x/.exec(line)?.[1] ?? []);
};

const libraries = (binary: string): string[] => {
  const linked = parseLdd(execFileSync("/usr/bin/ldd", [binary], { encoding: "utf8", env: { LC_ALL: "C", PATH: "/usr/bin:/bin" } }));
  const libc = linked.find((path) => path.endsWith("/libc.so.6"));
  if (libc === undefined) throw new Error(`${binary} is not linked with glibc; install the node of package.json with npm ci`);
  const byName = nameService.map((name) => join(dirname(libc), name)).filter((path) => existsSync(path));
  return [...new Set([...linked, ...byName])];
};

const inImage = (path: string): string => path.replace(/^\/+/, "");

/** The Node that package.json pins, whatever runs the build. */
export const pinnedNode = resolve(root, "node_modules/node/bin/node");

export interface Runtime {
  readonly entries: readonly TarEntry[];
  /** Files of this machine that it took along; none on a base that has them. */
  readonly libraries: readonly string[];
}

/** Node alone, for a base image that has glibc and libstdc++. In /usr/bin, which is a folder everywhere: /bin is a link in some, and COPY would put a folder in its place. */
export const nodeOnBase = (binary = pinnedNode): Runtime => ({ entries: [file("usr/bin/node", readFileSync(binary), 0o755)], libraries: [] });

/** Node and everything it needs, for no base at all. */
export const nodeOnScratch = (binary = pinnedNode): Runtime => {
  const found = libraries(binary);
  return {
    libraries: found,
    entries: [
      ...accounts,
      file("etc/nsswitch.conf", "hosts: files dns\n"),
      ...nodeOnBase(binary).entries,
      // kept at the paths where ldd found them: the loader, itself one of them, searches there by default
      ...found.map((path) => file(inImage(path), readFileSync(path), 0o755)),
      { path: "bin", mode: 0o777, body: { type: "link", target: "usr/bin" } },
      dir("tmp", 0o1777),
    ],
  };
};

/** Shared by both images, so it is stored and imported once. */
export const nodeLayer = (binary = pinnedNode): Layer => layer(nodeOnScratch(binary).entries);
