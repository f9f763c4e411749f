// What replication costs each side for each write, in processor time: a pod with a peer less a pod without, and the peer that only takes in.
import { cpuMicros } from "../harness/cpu.ts";
import { atMost, type Goal } from "../harness/goal.ts";
import { redisBenchmark } from "../harness/redis-benchmark.ts";
import { table, type Section } from "../harness/report.ts";
import { median, quietly, ratios, runRounds, stopAll, type Load, type Result, type Target } from "../harness/rounds.ts";
import { startRedis } from "../peers/programs.ts";
import { startRedisPair } from "../peers/redis-pair.ts";
import { startResponder } from "../peers/responder.ts";
import { appliedSeries, drained, seriesOf, startMesh } from "./mesh.ts";
import { steady } from "./steady.ts";

const keyspace = 1_000_000;
const valueBytes = 100;
const limitBytes = 512 * 2 ** 20;

/** One server that takes the writes, and perhaps one that has them from it. */
interface Side extends Target {
  readonly port: number;
  /** Its processor time counts for the receiving side. */
  readonly receiver: number | undefined;
  /** Resolves with how many records the receiver has taken in since the start. */
  settled(): Promise<number | undefined>;
}

interface SideLoad extends Load {
  /** Microseconds for each write. */
  readonly atSender: number;
  readonly atReceiver: number;
  /** Records that the receiver took in for each write: below 1 where writes of one key went as one. */
  readonly records: number;
}

/** How the writes come. */
interface Manner {
  readonly name: string;
  readonly setting: string;
  run(port: number, seconds: number): Promise<Load>;
}

const full: Manner = {
  name: "full rate",
  setting: "redis-benchmark, 32 connections, 16 SETs in a pipeline",
  run: (port, seconds) => redisBenchmark({ port, command: "SET", pipeline: 16, requests: Math.round(150_000 * seconds), keyspace, connections: 32, valueBytes }),
};
const even: Manner = {
  name: "10,000 a second",
  setting: "10,000 SETs a second on one connection, about ten in a packet",
  run: (port, seconds) => steady(port, 10_000, seconds),
};

const measured =
  ({ run }: Manner, seconds: number) =>
  async (side: Side): Promise<SideLoad> => {
    const sender = side.pids.filter((pid) => pid !== side.receiver);
    const receiver = side.receiver === undefined ? [] : [side.receiver];
    const recordsBefore = await side.settled();
    const [senderBefore, receiverBefore] = [cpuMicros(sender), cpuMicros(receiver)];
    const load = await run(side.port, seconds);
    const recordsAfter = await side.settled();
    const [atSender, atReceiver] = [(cpuMicros(sender) - senderBefore) / load.requests, (cpuMicros(receiver) - receiverBefore) / load.requests];
    return { ...load, atSender, atReceiver, records: ((recordsAfter ?? 0) - (recordsBefore ?? 0)) / load.requests };
  };

const startPair = async (): Promise<Side> => {
  const { pods, pids, name, stop } = await startMesh({ name: "responder with a peer", pods: 2, options: { maxMemoryBytes: limitBytes } });
  const [first, second] = pods;
  if (!first || !second) throw new Error("a pod is missing");
  return {
    name,
    pids,
    port: first.respPort,
    receiver: second.pids[0],
    settled: async () => {
      await drained(pods);
      return seriesOf(second, appliedSeries);
    },
    stop,
  };
};
const startAlone = async (name: string): Promise<Side> => {
  const pod = await startResponder({ maxMemoryBytes: limitBytes });
  return { name, pids: pod.pids, port: pod.respPort, receiver: undefined, settled: () => Promise.resolve(undefined), stop: pod.stop };
};
const startRedisSide = async (): Promise<Side> => {
  const pair = await startRedisPair();
  return { ...pair, port: pair.writePort, receiver: pair.replica, settled: () => Promise.resolve(undefined) };
};
const startRedisAlone = async (): Promise<Side> => ({ ...(await startRedis("redis alone")), receiver: undefined, settled: () => Promise.resolve(undefined) });

export interface SideCosts {
  readonly manner: string;
  readonly results: readonly Result[];
  readonly rounds: readonly (readonly SideLoad[])[];
  /** Median over the rounds of what a write costs the sender more than a pod without peers in the same round. */
  readonly sending: number;
  readonly receiving: number;
  readonly redisSending: number;
  readonly redisReceiving: number;
  readonly controls: readonly number[];
}

const compare = (manner: Manner, targets: readonly Side[], rounds: number, seconds: number): Promise<SideCosts> =>
  quietly(`cost of replication, ${manner.name}`, async () => {
    const taken = new Map<Side, SideLoad[]>(targets.map((target) => [target, []]));
    const once = measured(manner, seconds);
    const results = await runRounds({
      targets,
      rounds,
      warmUps: 2,
      load: async (target) => {
        const load = await once(target);
        taken.get(target)?.push(load);
        return load;
      },
    });
    const counted = targets.map((target) => taken.get(target)?.slice(-rounds) ?? []);
    const [alone, , pair, redisAlone, redisPair] = counted;
    const more = (of: readonly SideLoad[] | undefined, than: readonly SideLoad[] | undefined) => median((of ?? []).map(({ atSender }, i) => atSender - (than?.[i]?.atSender ?? Number.NaN)));
    const received = (of: readonly SideLoad[] | undefined) => median((of ?? []).map(({ atReceiver }) => atReceiver));
    return {
      manner: manner.name,
      results,
      rounds: counted,
      sending: more(pair, alone),
      receiving: received(pair),
      redisSending: more(redisPair, redisAlone),
      redisReceiving: received(redisPair),
      controls: results[0] && results[1] ? ratios(results[0], results[1], ["cpu"]) : [],
    };
  });

/** In both manners; the light form only at full rate and without redis. */
export const compareCost = async (rounds: number, seconds: number, isLight = false): Promise<SideCosts[]> => {
  const targets: Side[] = [];
  try {
    targets.push(await startAlone("responder without peers"), await startAlone("responder without peers (control)"), await startPair());
    if (!isLight) targets.push(await startRedisAlone(), await startRedisSide());
    const costs: SideCosts[] = [];
    for (const manner of isLight ? [full] : [full, even]) costs.push(await compare(manner, targets, rounds, seconds));
    return costs;
  } finally {
    await stopAll(targets);
  }
};

export const costGoals = ({ manner, sending, receiving }: SideCosts): Goal[] => [
  atMost(`${manner}: processor time a write at the sending side (median of the differences in each round)`, sending, 3, "us"),
  atMost(`${manner}: at the receiving side`, receiving, 3, "us"),
];

export const costBench = async (): Promise<Section> => {
  const costs = await compareCost(7, 2);
  const show = (values: readonly number[]) => values.map((value) => value.toFixed(1)).join(" ");
  const body = costs.map(({ manner, results, rounds, redisSending, redisReceiving }) =>
    [
      `### ${manner[0]?.toUpperCase()}${manner.slice(1)}`,
      table(
        ["servers", "writes/s", "CPU us/write at the writer's", "at the receiver's", "records a write", "at the writer's, all rounds", "at the receiver's, all rounds"],
        results.map((result, i) => {
          const all = rounds[i] ?? [];
          const middle = (of: (load: SideLoad) => number) => median(all.map(of)).toFixed(2);
          return [result.target.name, result.median("perSecond").toFixed(0), middle((load) => load.atSender), middle((load) => load.atReceiver), middle((load) => load.records), show(all.map((load) => load.atSender)), show(all.map((load) => load.atReceiver))];
        }),
      ),
      `redis in the same run: ${redisSending.toFixed(2)} us at the primary, ${redisReceiving.toFixed(2)} us at the replica.`,
    ].join("\n\n"),
  );
  return {
    name: "replication/cost",
    title: "Replication: what a write costs each side",
    setting: `SETs of ${valueBytes} bytes on random keys of ${keyspace}, as redis-benchmark sends them (${full.setting}) and evenly (${even.setting}); 7 interleaved rounds of about 2 s. The sending side is the pod that has a client and one peer, less a pod that has the same client and no peers; the receiving side is the peer, which has no client. Other programs ran on the same cores.`,
    goals: costs.flatMap(costGoals),
    body: body.join("\n\n"),
  };
};
