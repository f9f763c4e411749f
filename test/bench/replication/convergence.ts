// After a cut in which all three pods wrote and deleted the same keys: how long until every pod answers the same for every key, and whether anything deleted came back.
import { atMost, type Goal } from "../harness/goal.ts";
import { table, type Section } from "../harness/report.ts";
import { median } from "../harness/rounds.ts";
import { openClient, type Client } from "./client.ts";
import { drained, startMesh, type Mesh } from "./mesh.ts";
import { paced } from "./paced.ts";
import { startProxy, type Cut } from "./proxy.ts";

const keys = 20_000;
const writesPerSecond = 3_000;
const keysPerRead = 1_000;
/** Of the writes; the others set a value that nobody else sets. */
const deletions = 0.2;
const limitMs = 60_000;
const keyOf = (i: number) => `key:${i}`;

export interface Healing {
  readonly how: Cut;
  readonly cutSeconds: number;
  readonly writes: number;
  /** Keys for which the three answered differently at the end of the cut. */
  readonly conflicts: number;
  /** From the heal until a whole look found all alike. Looks take time, which is in it. */
  readonly ms: number;
  readonly lookMs: number;
  /** Keys that answered differently when the limit was reached: 0 where it was not. */
  readonly different: number;
  /** Keys whose last change anywhere was a deletion by the clients' clock, long before the next-to-last, and that are readable. */
  readonly resurrected: number;
}

/** All values of one pod in the order of the keys. */
const look = async (client: Client): Promise<(string | undefined)[]> => {
  const reads: (readonly string[])[] = [];
  for (let from = 0; from < keys; from += keysPerRead) reads.push(["MGET", ...Array.from({ length: keysPerRead }, (_, i) => keyOf(from + i))]);
  return (await client.pipeline(reads)).flatMap((reply) => (Array.isArray(reply) ? (reply as (string | undefined)[]) : []));
};

const differing = (views: readonly (readonly (string | undefined)[])[]): number => {
  let count = 0;
  for (let i = 0; i < keys; i++) if (views.some((view) => view[i] !== views[0]?.[i])) count++;
  return count;
};

/** When and how each key was last changed, as the one client saw it that writes at all pods: its own clock orders what is some milliseconds apart. */
interface LastChange {
  at: number;
  isDeletion: boolean;
  /** Somebody else changed it so close to this that the pods' clocks decide. */
  isClose: boolean;
}
const closeMs = 50;

const writeAll = async (clients: readonly Client[], seconds: number, last: Map<number, LastChange>): Promise<number> => {
  const replies: Promise<unknown>[] = [];
  let serial = 0;
  const writes = await paced(writesPerSecond, seconds, (due) => {
    const batches: string[][][] = clients.map(() => []);
    for (let i = 0; i < due; i++) {
      const key = Math.floor(Math.random() * keys);
      const isDeletion = Math.random() < deletions;
      const at = performance.now();
      const before = last.get(key);
      last.set(key, { at, isDeletion, isClose: before !== undefined && at - before.at < closeMs });
      batches[serial % clients.length]?.push(isDeletion ? ["DEL", keyOf(key)] : ["SET", keyOf(key), `${serial}-${seconds}`]);
      serial++;
    }
    for (const [i, batch] of batches.entries()) if (batch.length > 0) replies.push(clients[i]?.pipeline(batch) ?? Promise.resolve());
  });
  await Promise.all(replies);
  return writes;
};

const heal = async (mesh: Mesh, proxy: ReturnType<typeof startProxy>, how: Cut, cutSeconds: number): Promise<Healing> => {
  const clients = await Promise.all(mesh.pods.map(({ respPort }) => openClient(respPort)));
  const last = new Map<number, LastChange>();
  try {
    // all keys are known everywhere before the cut
    for (let from = 0; from < keys; from += keysPerRead) await clients[0]?.pipeline(Array.from({ length: keysPerRead }, (_, i) => ["SET", keyOf(from + i), "before"]));
    await drained(mesh.pods);
    proxy.cut(how);
    const writes = await writeAll(clients, cutSeconds, last);
    const conflicts = differing(await Promise.all(clients.map(look)));
    const healedAt = performance.now();
    proxy.heal();
    let [views, lookMs, different]: [(string | undefined)[][], number, number] = [[], 0, keys];
    while (different > 0 && performance.now() - healedAt < limitMs) {
      const lookedAt = performance.now();
      views = await Promise.all(clients.map(look));
      lookMs = performance.now() - lookedAt;
      different = differing(views);
    }
    const ms = performance.now() - healedAt;
    // and again, when comparisons have had their turn: what is deleted must stay so
    await new Promise((later) => setTimeout(later, 1_500));
    views = await Promise.all(clients.map(look));
    const resurrected = [...last].filter(([key, { isDeletion, isClose }]) => isDeletion && !isClose && views.some((view) => view[key] !== undefined)).length;
    return { how, cutSeconds, writes, conflicts, ms, lookMs, different: differing(views), resurrected };
  } finally {
    for (const client of clients) client.close();
  }
};

/** Each way of cutting, so many times. */
export const compareHealing = async (rounds: number, cutSeconds: number): Promise<Healing[]> => {
  const healings: Healing[] = [];
  const proxy = startProxy();
  try {
    const mesh = await startMesh({ name: "behind a proxy", pods: 3, place: proxy.place });
    try {
      for (let round = 0; round < rounds; round++) for (const how of ["silent", "refused"] as const) healings.push(await heal(mesh, proxy, how, cutSeconds));
    } finally {
      await mesh.stop();
    }
  } finally {
    proxy.stop();
  }
  return healings;
};

export const healingGoals = (healings: readonly Healing[]): Goal[] => [
  ...(["silent", "refused"] as const).map((how) => atMost(`all keys alike after the cut (${how}, median)`, median(healings.filter((healing) => healing.how === how).map(({ ms }) => ms / 1000)), 2, "s")),
  // of these, none at all
  atMost("keys that stayed different", Math.max(...healings.map(({ different }) => different)), 0, "keys"),
  atMost("deleted keys that came back", Math.max(...healings.map(({ resurrected }) => resurrected)), 0, "keys"),
];

/** Seconds; the goal speaks of 60. */
const cutSeconds = Number(process.env["BENCH_CUT_SECONDS"] ?? 12);

export const convergenceBench = async (): Promise<Section> => {
  const healings = await compareHealing(cutSeconds >= 60 ? 2 : 5, cutSeconds);
  return {
    name: "replication/convergence",
    title: "Replication: after a cut",
    setting: `Three pods cut from each other for ${cutSeconds} s by a proxy between them, ${writesPerSecond} writes a second spread over all three on the same ${keys} keys, one in five a DEL. silent: connections stay, nothing goes through. refused: connections end and none can be made. Alike: MGETs of all keys answer the same at all three pods. BENCH_CUT_SECONDS=60 makes it as long as the goal says. Other programs ran on the same cores.`,
    goals: healingGoals(healings),
    body: table(
      ["cut", "writes", "keys that differed at its end", "alike after, s", "of which the last look, ms", "different in the end", "deleted and back"],
      healings.map(({ how, writes, conflicts, ms, lookMs, different, resurrected }) => [how, String(writes), String(conflicts), (ms / 1000).toFixed(2), lookMs.toFixed(0), String(different), String(resurrected)]),
    ),
  };
};
