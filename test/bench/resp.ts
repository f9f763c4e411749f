// The Redis protocol: GET and SET, one at a time and sixteen in a pipeline, against redis-server.
import { atLeast, type Goal } from "./harness/goal.ts";
import { fill } from "./harness/fill.ts";
import { redisBenchmark, redisBenchmarkKey } from "./harness/redis-benchmark.ts";
import { roundsTable, type Section } from "./harness/report.ts";
import { quietly, ratios, runRounds, stopAll, type Figure, type Result } from "./harness/rounds.ts";
import { startRedis, type PortTarget } from "./peers/programs.ts";
import { startResponder, type ResponderOptions } from "./peers/responder.ts";

const connections = 32;
const valueBytes = 100;

export interface Case {
  readonly command: "GET" | "SET";
  readonly pipeline: 1 | 16;
  /** Requests/s against redis. */
  readonly goal: number;
  /** Processor time of redis against ours. One command a packet costs any server most of its time in the kernel's wake-ups, where Node does more than redis; the answers still come as fast. How much more differs between processors: the same code came to 0.7-0.95 on an AMD EPYC and to 0.38-0.51 on an Intel Xeon at 2.5 GHz, so this one holds the lesser. So with GETs sixteen at a time: 0.62-0.71 on the Xeon. */
  readonly cpuGoal: number;
}

export const cases: readonly Case[] = [
  { command: "GET", pipeline: 1, goal: 0.9, cpuGoal: 0.4 },
  { command: "SET", pipeline: 1, goal: 0.9, cpuGoal: 0.4 },
  { command: "GET", pipeline: 16, goal: 0.75, cpuGoal: 0.65 },
  { command: "SET", pipeline: 16, goal: 0.6, cpuGoal: 0.6 },
];

export interface RespResults {
  readonly redis: Result;
  readonly control: Result;
  readonly ours: Result;
  readonly controls: readonly number[];
}

/** How both are set up; the responder always gives its entries a TTL, decides by TinyLFU and counts. */
export interface Setup {
  readonly what: string;
  readonly keyspace: number;
  readonly redis: readonly string[];
  readonly responder: ResponderOptions;
}

export const roomy: Setup = { what: "all keys present", keyspace: 100_000, redis: [], responder: {} };
/** Ten times the keys that fit. */
const crowded: Setup = {
  what: "memory full, most SETs evict",
  keyspace: 1_000_000,
  redis: ["--maxmemory", "20mb", "--maxmemory-policy", "allkeys-lru"],
  responder: { maxMemoryBytes: 20 * 2 ** 20 },
};

/** Filled with the whole keyspace, as far as it fits. */
export const withServers = async <T>({ keyspace, redis, responder }: Setup, work: (targets: readonly PortTarget[]) => Promise<T>): Promise<T> => {
  const targets: PortTarget[] = [];
  try {
    targets.push(await startRedis("redis-server", ...redis), await startRedis("redis-server (control)", ...redis));
    const ours = await startResponder(responder);
    targets.push({ ...ours, port: ours.respPort });
    for (const { port } of targets) await fill({ port, entries: keyspace, key: redisBenchmarkKey, value: "x".repeat(valueBytes) });
    return await work(targets);
  } finally {
    await stopAll(targets);
  }
};

export interface RespOptions {
  readonly keyspace: number;
  readonly rounds: number;
  /** How long a run of one round should take, about. */
  readonly seconds: number;
  /** The figures in which the control must agree. */
  readonly judgedBy: readonly Figure[];
}

/** What redis is expected to do on a slow core; it only sizes the runs. */
const expectedPerSecond = { 1: 60_000, 16: 600_000 } as const;

export const compareResp = ({ command, pipeline }: Case, targets: readonly PortTarget[], { keyspace, rounds, seconds, judgedBy }: RespOptions): Promise<RespResults> =>
  quietly(`${command} with pipeline ${pipeline}`, async () => {
    const requests = Math.round(expectedPerSecond[pipeline] * seconds);
    const [redis, control, ours] = await runRounds({
      targets,
      rounds,
      warmUps: 2,
      load: ({ port }) => redisBenchmark({ port, command, pipeline, requests, keyspace, connections, valueBytes }),
    });
    if (!redis || !control || !ours) throw new Error("a server has no result");
    return { redis, control, ours, controls: ratios(redis, control, judgedBy) };
  });

const setups: readonly (readonly [setup: Setup, cases: readonly Case[]])[] = [
  [roomy, cases],
  [crowded, cases.filter(({ command, pipeline }) => command === "SET" && pipeline === 16)],
];

export const respBench = async (): Promise<Section> => {
  const goals: Goal[] = [];
  const tables: string[] = [];
  for (const [setup, cases] of setups) {
    await withServers(setup, async (targets) => {
      for (const one of cases) {
        const { redis, control, ours } = await compareResp(one, targets, { ...setup, rounds: 9, seconds: 2, judgedBy: ["cpu", "perSecond"] });
        const name = `${one.command}, pipeline ${one.pipeline}, ${setup.what}`;
        goals.push(atLeast(`${name}: requests/s against redis`, ours.median("perSecond") / redis.median("perSecond"), one.goal));
        tables.push(`### ${name}\n\n${roundsTable([redis, ours, control])}`);
      }
    });
  }
  return {
    name: "resp",
    title: "Redis protocol: GET and SET of 100 bytes",
    setting: `redis-benchmark, ${connections} connections, ${roomy.keyspace} keys at random (${crowded.keyspace} where memory is full: 20 MiB, redis with allkeys-lru); 9 interleaved rounds after two that are not counted, medians compared. redis without persistence and TTLs; the responder with a TTL on every entry, TinyLFU, metrics.`,
    goals,
    body: tables.join("\n\n"),
  };
};
