// Takes V8's profile of a Node program under a load, after a warm-up.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfTimes, type SelfTime } from "./cpu-profile.ts";
import { root } from "./process.ts";
import type { Target } from "./rounds.ts";

interface Profiled extends Target {
  /** Resolves with the next line of this msg on its standard output. */
  says(msg: string): Promise<unknown>;
}

interface Kind<T extends Profiled> {
  /** Of the program itself: it is told by these where its profile goes. */
  start(watched: { env: Record<string, string>; nodeArgs: string[] }): Promise<T>;
  prepare(target: T): Promise<unknown>;
  load(target: T): Promise<unknown>;
}

export const profileOf = async <T extends Profiled>({ start, prepare, load }: Kind<T>): Promise<SelfTime[]> => {
  const folder = mkdtempSync(join(tmpdir(), "bench-profile-"));
  const file = join(folder, "profile.json");
  try {
    const target = await start({ env: { BENCH_PROFILE: file }, nodeArgs: ["--import", join(root, "test/bench/harness/profiler.child.ts")] });
    const toggle = async (said: string) => {
      const done = target.says(said);
      process.kill(target.pids[0] ?? 0, "SIGUSR2");
      await done;
    };
    try {
      await prepare(target);
      // a first load warms it up
      await load(target);
      await toggle("profiling");
      await load(target);
      await toggle("profiled");
    } finally {
      await target.stop();
    }
    return selfTimes(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
};
