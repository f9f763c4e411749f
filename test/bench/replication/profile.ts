// Where the processor time of replication goes: V8's profile of a pod with a client, of its peer, and of both ends of a join.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfTimes } from "../harness/cpu-profile.ts";
import { fill } from "../harness/fill.ts";
import { root } from "../harness/process.ts";
import { redisBenchmark } from "../harness/redis-benchmark.ts";
import { table, type Section } from "../harness/report.ts";
import type { ResponderOptions, ResponderTarget } from "../peers/responder.ts";
import { drained, seriesOf, startMesh, until } from "./mesh.ts";
import { steady } from "./steady.ts";

const shown = 16;
const maxMemoryBytes = 512 * 2 ** 20;

const toggle = async (pods: readonly ResponderTarget[], said: string) => {
  const done = pods.map((pod) => pod.says(said));
  for (const { pids } of pods) process.kill(pids[0] ?? 0, "SIGUSR2");
  await Promise.all(done);
};

/** For each pod, the functions that took most of its busy time themselves. */
const tables = (folder: string, pods: readonly ResponderTarget[], names: readonly string[]): string[] =>
  pods.map(({ pids }, i) => {
    const rows = selfTimes(join(folder, `${pids[0]}.json`)).slice(0, shown);
    return `### ${names[i]}\n\n${table(["function", "self time, % of busy"], rows.map(({ where, part }) => [`\`${where}\``, (part * 100).toFixed(1)]))}`;
  });

/** Profiles are in this folder; pods are started with these options. */
const withProfiles = async <T>(work: (folder: string, options: ResponderOptions) => Promise<T>): Promise<T> => {
  const folder = mkdtempSync(join(tmpdir(), "bench-profile-"));
  try {
    return await work(folder, { maxMemoryBytes, env: { BENCH_PROFILE: join(folder, "{pid}.json"), KVR_WARMUP_TIMEOUT: "300" }, nodeArgs: ["--import", join(root, "test/bench/harness/profiler.child.ts")] });
  } finally {
    rmSync(folder, { recursive: true });
  }
};

const full = (seconds: number) => async (pods: readonly ResponderTarget[]) => {
  await redisBenchmark({ port: pods[0]?.respPort ?? 0, command: "SET", pipeline: 16, requests: 150_000 * seconds, keyspace: 1_000_000, connections: 32, valueBytes: 100 });
  await drained(pods);
};
const slow = (seconds: number) => (pods: readonly ResponderTarget[]) => steady(pods[0]?.respPort ?? 0, 10_000, seconds);

const ofWrites = (name: string, load: (pods: readonly ResponderTarget[]) => Promise<unknown>): Promise<string[]> =>
  withProfiles(async (folder, options) => {
    const mesh = await startMesh({ name: "profiled", pods: 2, options });
    try {
      await full(2)(mesh.pods);
      await toggle(mesh.pods, "profiling");
      await load(mesh.pods);
      await toggle(mesh.pods, "profiled");
      return tables(folder, mesh.pods, [`${name}: the pod with the client`, `${name}: its peer`]);
    } finally {
      await mesh.stop();
    }
  });

const ofJoin = (): Promise<string[]> =>
  withProfiles(async (folder, options) => {
    const mesh = await startMesh({ name: "profiled", pods: 1, options });
    try {
      await fill({ port: mesh.pods[0]?.respPort ?? 0, entries: 1_000_000, key: (i) => `key:${i}`, value: "x".repeat(100) });
      const joiner = await mesh.join({ ...options, side: "load" });
      await toggle(mesh.pods, "profiling");
      await until("the joiner is filled", async () => (await seriesOf(joiner, 'kv_warmup_state{state="copied"}')) === 1, 100, 300_000);
      await toggle(mesh.pods, "profiled");
      return tables(folder, mesh.pods, ["a join: the donor", "a join: the joiner"]);
    } finally {
      await mesh.stop();
    }
  });

export const profileBench = async (): Promise<Section> => {
  const parts = [...(await ofWrites("full rate", full(4))), ...(await ofWrites("10,000 a second", slow(4))), ...(await ofJoin())];
  return {
    name: "replication/profile",
    title: "Replication: where the time goes",
    setting: "V8's sampling profile of two pods, SETs of 100 bytes at one of them as in the section on cost, and of both ends of a join of a million entries; functions by their own time. `(program)` is native code: the kernel's sockets, libuv, and copying.",
    goals: [],
    body: parts.join("\n\n"),
  };
};
