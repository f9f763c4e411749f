// What clients of a pod notice when one of its peers is frozen: latencies of GETs and of SETs before and meanwhile, and whether a write waits.
import { atMost, type Goal } from "../harness/goal.ts";
import { rssBytes } from "../harness/cpu.ts";
import { table, type Section } from "../harness/report.ts";
import { median } from "../harness/rounds.ts";
import { fill } from "../harness/fill.ts";
import { openClient } from "./client.ts";
import { drained, seriesOf, startMesh } from "./mesh.ts";
import { paced, percentile } from "./paced.ts";

const getsPerSecond = 4_000;
const setsPerSecond = 2_000;
const keyspace = 100_000;
const value = "x".repeat(100);
const limitBytes = 512 * 2 ** 20;

export interface Latencies {
  readonly getP50: number;
  readonly getP99: number;
  readonly setP99: number;
  readonly setMost: number;
  readonly sets: number;
  readonly setsAnswered: number;
}

/** Each command in a packet of its own, in the time that it is due, whatever the ones before it do. */
const look = async (port: number, seconds: number): Promise<Latencies> => {
  const [reader, writer] = [await openClient(port), await openClient(port)];
  const [gets, sets]: [number[], number[]] = [[], []];
  const all: Promise<unknown>[] = [];
  const time = (into: number[], sending: () => Promise<unknown>) => {
    const sentAt = performance.now();
    all.push(sending().then(() => into.push(performance.now() - sentAt)));
  };
  const key = () => `key:${Math.floor(Math.random() * keyspace)}`;
  const [, sent] = await Promise.all([
    paced(getsPerSecond, seconds, (due) => {
      for (let i = 0; i < due; i++) time(gets, () => reader.command("GET", key()));
    }),
    paced(setsPerSecond, seconds, (due) => {
      for (let i = 0; i < due; i++) time(sets, () => writer.command("SET", key(), value));
    }),
  ]);
  await Promise.race([Promise.all(all), new Promise((end) => setTimeout(end, 5_000))]);
  for (const client of [reader, writer]) client.close();
  await Promise.allSettled(all);
  return { getP50: percentile(gets, 50), getP99: percentile(gets, 99), setP99: percentile(sets, 99), setMost: Math.max(...sets), sets: sent, setsAnswered: sets.length };
};

export interface FrozenResults {
  readonly before: readonly Latencies[];
  /** The same again with nothing frozen: how far two equal looks are apart. */
  readonly control: readonly Latencies[];
  readonly frozen: readonly Latencies[];
}

export const compareFrozen = async (rounds: number, seconds: number): Promise<FrozenResults> => {
  const mesh = await startMesh({ name: "with one that freezes", pods: 3 });
  const [first, , third] = mesh.pods;
  const frozenPid = third?.pids[0];
  if (!first || frozenPid === undefined) throw new Error("a pod is missing");
  const results: Record<keyof FrozenResults, Latencies[]> = { before: [], control: [], frozen: [] };
  const whileFrozen = async <T>(work: () => Promise<T>): Promise<T> => {
    process.kill(frozenPid, "SIGSTOP");
    try {
      return await work();
    } finally {
      process.kill(frozenPid, "SIGCONT");
    }
  };
  try {
    await fill({ port: first.respPort, entries: keyspace, key: (i) => `key:${i}`, value });
    await look(first.respPort, 2);
    for (let round = 0; round < rounds; round++) {
      const steps: (() => Promise<unknown>)[] = [
        async () => results.before.push(await look(first.respPort, seconds)),
        async () => results.frozen.push(await whileFrozen(() => look(first.respPort, seconds))),
        async () => results.control.push(await look(first.respPort, seconds)),
      ];
      for (const step of round % 2 ? steps.toReversed() : steps) {
        await drained(mesh.pods);
        await step();
      }
    }
  } finally {
    await mesh.stop();
  }
  return results;
};

/** Median over the rounds. */
export const middle = (looks: readonly Latencies[], of: keyof Latencies): number => median(looks.map((each) => each[of]));

export const frozenGoals = ({ before, control, frozen }: FrozenResults): Goal[] => [
  atMost("GET p99 with one peer frozen against none", middle(frozen, "getP99") / middle([...before, ...control], "getP99"), 1.2),
  atMost("SETs without an answer while a peer is frozen", frozen.reduce((sum, { sets, setsAnswered }) => sum + sets - setsAnswered, 0), 0, "SETs"),
];

const entries = 1_000_000;

export interface Growth {
  readonly withFrozen: number;
  readonly without: number;
  /** Records that the frozen peer had not got in the end. */
  readonly owed: number;
}

/** What a pod with a million entries grows by in resident memory when all of them are written again, with a frozen peer and without. */
export const compareGrowth = async (rounds: number): Promise<Growth[]> => {
  const mesh = await startMesh({ name: "with one that freezes", pods: 2, options: { maxMemoryBytes: limitBytes } });
  const [first, second] = mesh.pods;
  const [pid, frozenPid] = [first?.pids[0], second?.pids[0]];
  if (!first || pid === undefined || frozenPid === undefined) throw new Error("a pod is missing");
  const rewrite = async () => {
    const before = rssBytes(pid);
    await fill({ port: first.respPort, entries, key: (i) => `key:${i}`, value });
    return rssBytes(pid) - before;
  };
  const growths: Growth[] = [];
  try {
    await rewrite();
    await drained(mesh.pods);
    await rewrite();
    await drained(mesh.pods);
    for (let round = 0; round < rounds; round++) {
      const without = await rewrite();
      await drained(mesh.pods);
      process.kill(frozenPid, "SIGSTOP");
      try {
        const withFrozen = await rewrite();
        growths.push({ without, withFrozen, owed: await seriesOf(first, "kv_replication_queue_items") });
      } finally {
        process.kill(frozenPid, "SIGCONT");
      }
      await drained(mesh.pods);
    }
  } finally {
    await mesh.stop();
  }
  return growths;
};

export const frozenBench = async (): Promise<Section> => {
  const results = await compareFrozen(7, 3);
  const growths = await compareGrowth(5);
  const mebibyte = 2 ** 20;
  const show = (looks: readonly Latencies[], of: keyof Latencies) => looks.map((each) => each[of].toFixed(1)).join(" ");
  const rows = ([["no peer frozen", results.before], ["one peer frozen", results.frozen], ["no peer frozen (control)", results.control]] as const).map(([name, looks]) => [
    name,
    middle(looks, "getP50").toFixed(3),
    middle(looks, "getP99").toFixed(2),
    middle(looks, "setP99").toFixed(2),
    Math.max(...looks.map(({ setMost }) => setMost)).toFixed(1),
    `${looks.reduce((sum, { setsAnswered }) => sum + setsAnswered, 0)} of ${looks.reduce((sum, { sets }) => sum + sets, 0)}`,
    show(looks, "getP99"),
    show(looks, "setP99"),
  ]);
  const extra = median(growths.map(({ withFrozen, without, owed }) => ((withFrozen - without) / owed) * (1_000_000 / mebibyte)));
  return {
    name: "replication/frozen",
    title: "Replication: a frozen peer",
    setting: `Three pods, the first with clients: ${getsPerSecond} GETs and ${setsPerSecond} SETs of 100 bytes a second, each in a packet of its own when it is due. SIGSTOP to the third; 7 interleaved rounds of 3 s each. Memory: a pod of ${entries} entries, all of them written again over the Redis protocol, with its only peer frozen and not. Other programs ran on the same cores.`,
    goals: [...frozenGoals(results), atMost("RSS for a million records that a frozen peer has not got, more than with none frozen (median)", extra, 1, "MiB")],
    body: [
      table(["state", "GET p50 ms", "GET p99 ms", "SET p99 ms", "longest SET ms", "SETs answered", "GET p99 ms, all rounds", "SET p99 ms, all rounds"], rows),
      table(
        ["round", "records not delivered", "RSS grew, peer frozen, MiB", "RSS grew, none frozen, MiB"],
        growths.map(({ withFrozen, without, owed }, i) => [String(i + 1), String(owed), (withFrozen / mebibyte).toFixed(1), (without / mebibyte).toFixed(1)]),
      ),
    ].join("\n\n"),
  };
};
