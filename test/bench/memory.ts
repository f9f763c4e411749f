// Bytes for each entry: a million of 14 + 100 bytes with a TTL, written over the Redis protocol, against redis and memcached; and how closely maxMemory is held.
import { rssBytes } from "./harness/cpu.ts";
import { fill, fillMemcached, memcachedStats, redisInfo, type Fill } from "./harness/fill.ts";
import { atLeast, atMost } from "./harness/goal.ts";
import { table, type Section } from "./harness/report.ts";
import { startMemcached, startRedis, type PortTarget } from "./peers/programs.ts";
import { scraped, startResponder } from "./peers/responder.ts";

const entries = 1_000_000;
const ttlSeconds = 3600;
const value = "x".repeat(100);
const mebibyte = 2 ** 20;
const fullLimit = 128 * mebibyte;
/** 14 bytes. */
const key = (i: number) => `key:${String(i).padStart(10, "0")}`;
/** The same thousand keys again and again: buffers and compiled code are in place before anything is counted. */
const warmUp = { entries: 200_000, key: (i: number) => key(i % 1000) };

interface Held {
  readonly name: string;
  readonly entries: number;
  /** Bytes by the server's own books. */
  readonly accounted: number;
  /** What the process grew by, in bytes. */
  readonly resident: number;
}

interface Subject {
  readonly target: PortTarget;
  readonly write: (fill: Fill) => Promise<void>;
  readonly books: () => Promise<{ entries: number; accounted: number }>;
}

const measure = async ({ target, write, books }: Subject, count: number): Promise<Held> => {
  try {
    const settings = { port: target.port, value, ttlSeconds };
    await write({ ...settings, ...warmUp });
    const before = rssBytes(target.pids[0] ?? 0);
    await write({ ...settings, entries: count, key });
    return { name: target.name, ...(await books()), resident: rssBytes(target.pids[0] ?? 0) - before };
  } finally {
    await target.stop();
  }
};

const number = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1]);

const redis = async (): Promise<Subject> => {
  const target = await startRedis();
  return {
    target,
    write: fill,
    books: async () => ({ accounted: number(await redisInfo(target.port, "memory"), /used_memory:(\d+)/), entries: number(await redisInfo(target.port, "keyspace"), /keys=(\d+)/) }),
  };
};

/** Its books hold the items without their hash table. */
const memcached = async (): Promise<Subject> => {
  const target = await startMemcached(1024);
  const stat = async (name: string) => number(await memcachedStats(target.port), new RegExp(`STAT ${name} (\\d+)`));
  return { target, write: fillMemcached, books: async () => ({ accounted: await stat("bytes"), entries: await stat("curr_items") }) };
};

const responder = async (maxBytes: number): Promise<Subject> => {
  const ours = await startResponder({ maxMemoryBytes: maxBytes });
  return {
    target: { ...ours, name: "responder", port: ours.respPort },
    write: fill,
    books: async () => ({ accounted: await scraped(ours, "kv_memory_used_bytes"), entries: await scraped(ours, "kv_entries") }),
  };
};

const row = ({ name, entries, accounted, resident }: Held): string[] => [
  name,
  String(entries),
  (accounted / entries).toFixed(0),
  (resident / entries).toFixed(0),
  (accounted / mebibyte).toFixed(1),
  (resident / mebibyte).toFixed(1),
];

export const memoryBench = async (): Promise<Section> => {
  const theirs = await measure(await redis(), entries);
  const others = await measure(await memcached(), entries);
  const ours = await measure(await responder(1024 * mebibyte), entries);
  const full = await measure(await responder(fullLimit), 3 * entries);
  return {
    name: "memory",
    title: "Memory",
    setting: `${entries} entries of 14 + 100 bytes with a TTL of an hour, over the Redis protocol (memcached: its own). Accounted: what the server says that it uses, the empty process included; memcached leaves out its hash table. RSS: what the process grew by after a warm-up on a thousand keys.`,
    goals: [
      atMost("accounted bytes an entry, against redis", ours.accounted / ours.entries / (theirs.accounted / theirs.entries), 0.9),
      atMost("RSS an entry, against redis", ours.resident / ours.entries / (theirs.resident / theirs.entries), 1.1),
      atMost("accounted against maxMemory when four times as much was written", full.accounted / fullLimit, 1),
      atLeast("the same from below: at most 2 % unused", full.accounted / fullLimit, 0.98),
      atMost("RSS against maxMemory then", full.resident / fullLimit, 1.02),
    ],
    body: table(["server", "entries", "accounted, bytes an entry", "RSS, bytes an entry", "accounted, MiB", "RSS, MiB"], [ours, theirs, others, { ...full, name: `responder, maxMemory ${fullLimit / mebibyte} MiB` }].map(row)),
  };
};
