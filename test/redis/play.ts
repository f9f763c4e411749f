// Plays one sequence on two servers at once and stops where they part.
import { createComparer } from "./compare.ts";
import { encode, open, type Command, type Connection } from "./connection.ts";
import { isError, show, type Reply } from "./reply.ts";
import type { Sequence, Step } from "./sequences.ts";
import type { Endpoint } from "./server.ts";

export interface Sides {
  readonly ours: Endpoint;
  readonly redis: Endpoint;
}

/** How often each command was sent, and how often it did what it is for: that is not an error and not QUEUED. */
export type Tally = Map<string, { sent: number; done: number }>;

interface Pair extends Disposable {
  readonly ours: Connection;
  readonly redis: Connection;
  readonly same: ReturnType<typeof createComparer>;
}

const line = (command: Command) => command.map((arg) => show(arg, 80)).join(" ");

const openPair = async (sides: Sides, protocol: 2 | 3): Promise<Pair> => {
  const [ours, redis] = await Promise.all([open(sides.ours), open(sides.redis)]);
  if (protocol === 3) await Promise.all([ours.call("HELLO", "3"), redis.call("HELLO", "3")]);
  const close = () => {
    ours[Symbol.dispose]();
    redis[Symbol.dispose]();
  };
  return { ours, redis, same: createComparer(), [Symbol.dispose]: close };
};

const count = (tally: Tally, command: Command, reply: Reply): void => {
  const [name = "", sub = ""] = command.map((arg) => arg.toLowerCase());
  const entry = tally.get(`${name}|${sub}`) ?? tally.get(name);
  if (!entry) return;
  entry.sent++;
  if (!isError(reply) && reply.text !== "QUEUED") entry.done++;
};

/** The keys, each once, or the reply that ended the iteration early. */
const iterate = async (connection: Connection, options: readonly string[]): Promise<string> => {
  const found = new Set<string>();
  for (let cursor = "0"; ; ) {
    const reply = await connection.call("SCAN", cursor, ...options);
    const [next, page] = reply.items;
    if (isError(reply) || next?.text === undefined || page === undefined) return reply.raw.toString("latin1");
    for (const { text = "" } of page.items) found.add(text);
    cursor = next.text;
    if (cursor === "0") return [...found].toSorted().map((key) => show(key, 60)).join(" ");
  }
};

/** What tells the two apart at this step, in words; undefined: nothing. */
const takeStep = async (pair: Pair, step: Step, tally: Tally): Promise<string | undefined> => {
  if ("scan" in step) {
    // in an open transaction it would only be queued
    const parted = await takeStep(pair, { on: step.on, commands: [["DISCARD"]] }, tally);
    if (parted !== undefined) return parted;
    const [ours, redis] = await Promise.all([iterate(pair.ours, step.scan), iterate(pair.redis, step.scan)]);
    return ours === redis ? undefined : `SCAN ${line(step.scan)}, all steps of it\n  ours:  ${ours}\n  redis: ${redis}`;
  }
  const bytes = Buffer.concat(step.commands.map(encode));
  // one reply more than there can be: waits until the server has closed
  const quits = step.commands.some(([name]) => name?.toLowerCase() === "quit") ? 1 : 0;
  const [ours, redis] = await Promise.all(
    [pair.ours, pair.redis].map((connection) => {
      connection.write(bytes);
      return connection.replies(step.commands.length + quits);
    }),
  );
  for (const [i, command] of step.commands.entries()) {
    const [our, their] = [ours?.[i], redis?.[i]];
    if (our === undefined && their === undefined) break;
    if (our && their && pair.same(command, our, their)) {
      count(tally, command, their);
      continue;
    }
    return `${line(command)}\n  ours:  ${our ? show(our.raw) : "closed"}\n  redis: ${their ? show(their.raw) : "closed"}`;
  }
  return pair.ours.closed === pair.redis.closed ? undefined : `${line(step.commands.at(-1) ?? [])}\n  ours is ${pair.ours.closed ? "closed" : "open"}, redis is ${pair.redis.closed ? "closed" : "open"}`;
};

/** Starts from empty servers. Throws where they differ, with the commands up to there. Returns the number of commands; counts those that `tally` has a place for. */
export const play = async (sides: Sides, { protocols, steps }: Sequence, tally: Tally = new Map()): Promise<number> => {
  const pairs: Pair[] = [];
  let commands = 0;
  try {
    for (const protocol of protocols) pairs.push(await openPair(sides, protocol));
    await Promise.all([pairs[0]?.ours.call("FLUSHALL"), pairs[0]?.redis.call("FLUSHALL")]);
    for (const [at, step] of steps.entries()) {
      let pair = pairs[step.on] as Pair;
      if (pair.ours.closed || pair.redis.closed) {
        pair[Symbol.dispose]();
        pair = pairs[step.on] = await openPair(sides, protocols[step.on]);
      }
      const parted = await takeStep(pair, step, tally);
      if (parted !== undefined) {
        const before = steps.slice(0, at + 1).flatMap((s) => ("scan" in s ? [`${s.on}> SCAN 0 ${line(s.scan)} ...`] : s.commands.map((c) => `${s.on}> ${line(c)}`)));
        throw new Error(`the servers differ (connections speak RESP${protocols.join(" and RESP")}) at ${parted}\nafter\n  ${before.join("\n  ")}`);
      }
      commands += "scan" in step ? 1 : step.commands.length;
    }
    return commands;
  } finally {
    for (const pair of pairs) pair[Symbol.dispose]();
  }
};
