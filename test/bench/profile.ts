// Where the responder's processor time goes: V8's profile of each kind of load.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fill } from "./harness/fill.ts";
import { selfTimes, type SelfTime } from "./harness/cpu-profile.ts";
import { redisBenchmark, redisBenchmarkKey } from "./harness/redis-benchmark.ts";
import { root } from "./harness/process.ts";
import { table, type Section } from "./harness/report.ts";
import { wrk } from "./harness/wrk.ts";
import { keys, putAll } from "./http.ts";
import { startResponder, type ResponderTarget } from "./peers/responder.ts";

const connections = 32;
const keyspace = 100_000;
const valueBytes = 100;
const shown = 14;

interface Kind {
  readonly name: string;
  prepare(target: ResponderTarget): Promise<unknown>;
  load(target: ResponderTarget): Promise<unknown>;
}

const resp = (command: "GET" | "SET", pipeline: number, requests: number): Kind => ({
  name: `${command}, pipeline ${pipeline}`,
  prepare: ({ respPort: port }) => fill({ port, entries: keyspace, key: redisBenchmarkKey, value: "x".repeat(valueBytes) }),
  load: ({ respPort: port }) => redisBenchmark({ port, command, pipeline, requests, keyspace, connections, valueBytes }),
});

const kinds: readonly Kind[] = [
  { name: "HTTP GET", prepare: putAll, load: ({ port, prefix }) => wrk({ port, prefix, keys, seconds: 5, connections }) },
  resp("GET", 1, 300_000),
  resp("SET", 1, 300_000),
  resp("GET", 16, 3_000_000),
  resp("SET", 16, 3_000_000),
];

const profile = async ({ prepare, load }: Kind): Promise<SelfTime[]> => {
  const folder = mkdtempSync(join(tmpdir(), "bench-profile-"));
  const file = join(folder, "profile.json");
  try {
    const target = await startResponder({ env: { BENCH_PROFILE: file }, nodeArgs: ["--import", join(root, "test/bench/harness/profiler.child.ts")] });
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

export const profileBench = async (): Promise<Section> => {
  const tables: string[] = [];
  for (const kind of kinds) {
    const rows = (await profile(kind)).slice(0, shown).map(({ where, part }) => [`\`${where}\``, (part * 100).toFixed(1)]);
    tables.push(`### ${kind.name}\n\n${table(["function", "self time, % of busy"], rows)}`);
  }
  return {
    name: "profile",
    title: "Where the time goes",
    setting: "V8's sampling profile of the responder under each load, after a warm-up; functions by their own time. `(program)` is native code: the kernel's sockets, libuv, and copying.",
    goals: [],
    body: tables.join("\n\n"),
  };
};
