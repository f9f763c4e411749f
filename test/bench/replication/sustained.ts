// A full mesh of three in which every pod takes pipelined writes: writes a second, what waits for peers meanwhile, and how soon it has gone.
import { cpuMicros, rssBytes } from "../harness/cpu.ts";
import { atLeast, type Goal } from "../harness/goal.ts";
import { redisBenchmark } from "../harness/redis-benchmark.ts";
import { table, type Section } from "../harness/report.ts";
import { median } from "../harness/rounds.ts";
import { drained, exposition, startMesh } from "./mesh.ts";

const keyspace = 300_000;
const limitBytes = 256 * 2 ** 20;
const lookEveryMs = 200;

export interface Sustained {
  readonly perSecond: number;
  /** Processor time of all three for each write: taken in once, sent twice, taken in from peers twice. */
  readonly cpu: number;
  /** Writes for each second of processor time of all three. */
  readonly perCoreSecond: number;
  readonly mostQueued: number;
  readonly drainMs: number;
  /** Records that peers took in or knew already, for each write: 2 where nothing was conflated. */
  readonly records: number;
  readonly rssMiB: number;
}

const received = async (pods: Parameters<typeof drained>[0]): Promise<number> => {
  const all = await Promise.all(pods.map(exposition));
  return all.reduce((sum, series) => sum + ["applied", "stale"].reduce((part, result) => part + (series.get(`kv_replication_operations_total{direction="in",result="${result}"}`) ?? 0), 0), 0);
};

/** `requests` at each of three pods in each round. */
export const measureSustained = async (rounds: number, requests: number): Promise<Sustained[]> => {
  const mesh = await startMesh({ name: "full mesh of three", pods: 3, options: { maxMemoryBytes: limitBytes } });
  const { pods, pids } = mesh;
  const write = () => Promise.all(pods.map(({ respPort: port }) => redisBenchmark({ port, command: "SET", pipeline: 16, requests, keyspace, connections: 16, valueBytes: 100 })));
  const results: Sustained[] = [];
  try {
    await write();
    await drained(pods);
    for (let round = 0; round < rounds; round++) {
      const [before, recordsBefore, startedAt] = [cpuMicros(pids), await received(pods), performance.now()];
      let mostQueued = 0;
      const timer = setInterval(() => {
        for (const pod of pods) void exposition(pod).then((series) => (mostQueued = Math.max(mostQueued, series.get("kv_replication_queue_items") ?? 0)));
      }, lookEveryMs);
      await write();
      clearInterval(timer);
      const writtenAt = performance.now();
      await drained(pods);
      const drainedAt = performance.now();
      const writes = requests * pods.length;
      const used = cpuMicros(pids) - before;
      results.push({
        perSecond: writes / ((drainedAt - startedAt) / 1000),
        cpu: used / writes,
        perCoreSecond: writes / (used / 1e6),
        mostQueued,
        drainMs: drainedAt - writtenAt,
        records: ((await received(pods)) - recordsBefore) / writes,
        rssMiB: Math.max(...pids.map(rssBytes)) / 2 ** 20,
      });
    }
  } finally {
    await mesh.stop();
  }
  return results;
};

const goals = (results: readonly Sustained[]): Goal[] => [
  atLeast("writes a second of processor time of all three, each write at every pod (median)", median(results.map(({ perCoreSecond }) => perCoreSecond)) / 1000, 100, "thousand"),
];

export const sustainedBench = async (): Promise<Section> => {
  const results = await measureSustained(5, 200_000);
  return {
    name: "replication/sustained",
    title: "Replication: sustained writes in a full mesh",
    setting: `Three pods, each with SETs of 100 bytes from redis-benchmark (16 connections, 16 in a pipeline) on the same ${keyspace} random keys, 200,000 a pod and round; the round ends when every peer has acknowledged everything. All three share one core, and the three clients the other. Other programs ran on the same cores.`,
    goals: goals(results),
    body: table(
      ["round", "writes/s, until all have them", "CPU us/write, all three", "writes/s of processor time", "records a write", "most waiting for peers", "gone after ms", "largest RSS, MiB"],
      results.map(({ perSecond, cpu, perCoreSecond, records, mostQueued, drainMs, rssMiB }, i) => [String(i + 1), perSecond.toFixed(0), cpu.toFixed(2), perCoreSecond.toFixed(0), records.toFixed(2), String(mostQueued), drainMs.toFixed(0), rssMiB.toFixed(0)]),
    ),
  };
};
