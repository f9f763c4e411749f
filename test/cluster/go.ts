// Finds a Go that can build the tools, or fetches the official release, whose checksum is pinned here.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, rename, rm, writeFile } from "node:fs/promises";
import { delimiter, dirname, join, relative } from "node:path";
import { promisify } from "node:util";
import { isExecutable } from "./executable.ts";
import { withLock } from "./lock-file.ts";
import { readZip, type ZipEntry } from "./zip.ts";

/** The highest `go` line among the modules. */
const minimum = [1, 26, 6] as const;

interface GoRelease {
  readonly version: string;
  readonly platform: string;
  /** As in the public checksum database. */
  readonly sum: string;
}

/** As a module: the form in which the go command itself fetches it. */
const releases: Readonly<Record<string, GoRelease>> = {
  x64: { version: "1.26.8", platform: "linux-amd64", sum: "h1:ZOmGe1OnfREDMIdb1Qi4G9JSuDPBLGExZMQ4nis1RXM=" },
  arm64: { version: "1.26.8", platform: "linux-arm64", sum: "h1:sYL/O6MqS68ML0kjsQ36WoYIpJqkw60TxizWUYUKQMc=" },
};

const defaultProxy = "https://proxy.golang.org";

/** Whether a Go of this version can build the modules. From 1.21 on one that is too old fetches a newer one, if it may. */
export const canBuild = (goVersion: string, goToolchain: string): boolean => {
  const [, ...parts] = /^go(\d+)\.(\d+)(?:\.(\d+))?/.exec(goVersion) ?? [];
  if (parts.length === 0) return false;
  const [major = 0, minor = 0, patch = 0] = parts.map((part) => Number(part ?? 0));
  const old = major - minimum[0] || minor - minimum[1] || patch - minimum[2];
  if (old >= 0) return true;
  return major === 1 && minor >= 21 && goToolchain.includes("auto");
};

/** The first Go in PATH, or where the official archive goes, that can build the modules. */
export const findGo = async (env: NodeJS.ProcessEnv): Promise<string | undefined> => {
  for (const dir of [...(env.PATH ?? "").split(delimiter), "/usr/local/go/bin"]) {
    const go = join(dir, "go");
    if (dir === "" || !(await isExecutable(go))) continue;
    const told = await promisify(execFile)(go, ["env", "GOVERSION", "GOTOOLCHAIN"], { env, cwd: "/" }).catch(() => undefined);
    const [version = "", toolchain = ""] = told?.stdout.split("\n") ?? [];
    if (canBuild(version, toolchain)) return go;
  }
  return undefined;
};

/** The checksum of go.sum (golang.org/x/mod/sumdb/dirhash, Hash1). */
export const moduleSum = (entries: readonly ZipEntry[]): string => {
  const lines = entries.map((entry) => `${createHash("sha256").update(entry.read()).digest("hex")}  ${entry.name}\n`);
  // by file name; plain code-unit order, as Go sorts
  const byName = lines.toSorted((a, b) => (a.slice(66) < b.slice(66) ? -1 : 1));
  return `h1:${createHash("sha256").update(byName.join("")).digest("base64")}`;
};

/** A module archive cannot hold go.mod files of other modules nor modes: both are put right, as the go command does. */
const unpack = async (entries: readonly ZipEntry[], dir: string) => {
  for (const entry of entries) {
    const inside = entry.name.slice(entry.name.indexOf("@")).replace(/^[^/]*\//, "");
    const file = join(dir, inside.replace(/(^|\/)_go\.mod$/, "$1go.mod"));
    if (relative(dir, file).startsWith("..")) throw new Error(`${entry.name} leaves the archive`);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, entry.read());
    if (/^(bin|pkg\/tool)\//.test(inside)) await chmod(file, 0o755);
  }
};

const download = async (url: string): Promise<Buffer> => {
  const answer = await fetch(url).catch((cause: unknown) => {
    throw new Error(`fetch ${url}: ${String(cause)}`, { cause });
  });
  if (!answer.ok) throw new Error(`fetch ${url}: ${answer.status}`);
  return Buffer.from(await answer.arrayBuffer());
};

export interface FetchGo {
  /** Unpacked beneath it, once. */
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

/** Path of the pinned Go, fetched if it is not there. Throws when it cannot be had or is not what was pinned. */
export const fetchGo = async ({ root, env, log }: FetchGo, release = releases[process.arch]): Promise<string> => {
  if (release === undefined) throw new Error(`no release is pinned for ${process.arch}`);
  const { version, platform, sum } = release;
  const dir = join(root, `go${version}-${platform}`);
  const go = join(dir, "bin", "go");
  if (await isExecutable(go)) return go;
  await mkdir(root, { recursive: true });
  await withLock(`${dir}.lock`, async () => {
    if (await isExecutable(go)) return;
    const proxy = (env.GOPROXY ?? "").split(/[,|]/).find((entry) => entry.startsWith("http")) ?? defaultProxy;
    log(`fetching Go ${version} from ${proxy} (70 MB, usually 20 s)`);
    const entries = readZip(await download(`${proxy.replace(/\/$/, "")}/golang.org/toolchain/@v/v0.0.1-go${version}.${platform}.zip`));
    const got = moduleSum(entries);
    if (got !== sum) throw new Error(`Go ${version} from ${proxy} is not the official release: ${got} instead of ${sum}`);
    const fresh = `${dir}.unpacking-${process.pid}`;
    try {
      await unpack(entries, fresh);
      await rename(fresh, dir);
    } finally {
      await rm(fresh, { recursive: true, force: true });
    }
  });
  return go;
};
