// Builds one Go program out of a wrapper module, under a lock, into its final place or not at all.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { isExecutable } from "./executable.ts";
import { guarded } from "./guard.ts";
import { withLock } from "./lock-file.ts";

export interface GoBuild {
  readonly name: string;
  readonly moduleDir: string;
  readonly package: string;
  readonly flags: readonly string[];
  /** Where the program goes. */
  readonly file: string;
  readonly typicalSeconds: number;
}

export interface GoBuildDeps {
  /** Path of the go command. */
  readonly go: string;
  readonly env: NodeJS.ProcessEnv;
  readonly log: (line: string) => void;
}

const heartbeatMs = 20_000;

const removeLeftovers = async (file: string) => {
  const prefix = `${basename(file)}.building-`;
  for (const entry of await readdir(dirname(file))) if (entry.startsWith(prefix)) await rm(join(dirname(file), entry), { force: true });
};

const compile = async (build: GoBuild, { go, env }: GoBuildDeps, out: string): Promise<void> => {
  const [program = "", ...args] = guarded([go, "build", "-trimpath", ...build.flags, "-o", out, build.package]);
  const child = spawn(program, args, {
    cwd: build.moduleDir,
    // the caller's GOFLAGS and workspace must not change what the cache key stands for
    env: { ...env, CGO_ENABLED: "0", GOFLAGS: "-buildvcs=false", GOWORK: "off" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => (errors = (errors + chunk).slice(-4_000)));
  const [code, signal] = (await once(child, "close")) as [number | null, NodeJS.Signals | null];
  if (code !== 0) throw new Error(`go build ${build.package} in ${build.moduleDir} failed (${signal ?? `exit ${code}`}):\n${errors.trim()}`);
};

/** Builds `file` unless it is there; when another process builds it, waits for that one. */
export const goBuild = async (build: GoBuild, deps: GoBuildDeps): Promise<void> => {
  const { log } = deps;
  await mkdir(dirname(build.file), { recursive: true });
  const work = async () => {
    if (await isExecutable(build.file)) return;
    await removeLeftovers(build.file);
    const started = performance.now();
    const seconds = () => Math.round((performance.now() - started) / 1000);
    log(`building ${build.name} (usually ${build.typicalSeconds} s on 2 cores)`);
    const heartbeat = setInterval(() => log(`building ${build.name}: ${seconds()} s`), heartbeatMs);
    const out = `${build.file}.building-${process.pid}`;
    try {
      await compile(build, deps, out);
      await rename(out, build.file);
      log(`built ${build.name} in ${seconds()} s`);
    } finally {
      clearInterval(heartbeat);
      await rm(out, { force: true });
    }
  };
  await withLock(`${build.file}.lock`, work, (holder) => log(`waiting for ${build.name}, which process ${holder} builds`));
};
