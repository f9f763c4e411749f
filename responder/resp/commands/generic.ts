// Commands on keys whatever they hold: DEL, EXISTS, TYPE, KEYS, SCAN and so on.
import { absent, type Slot } from "../../store/types.ts";
import { matchesAll, matchesGlob } from "../glob.ts";
import { maxKeyBytes } from "../limits.ts";
import { readBig, readInteger } from "../numbers.ts";
import type { Call, Command } from "./command.ts";
import { look, read, remove } from "./entries.ts";
import { notInteger, syntaxError } from "./errors.ts";

const all = { first: 1, last: -1, step: 1 };
const one = { first: 1, last: 1, step: 1 };
/** Entries that SCAN looks at in one call, whatever COUNT says: the client comes back for more. */
const scanAtMost = 5_000;
/** Steps of KEYS in one turn of the event loop. */
const keysPerTurn = 2_000;
/** More keys than fit are an error, because all must be collected before the first can be sent. */
const keysBytes = 16 * 2 ** 20;
const key = Buffer.alloc(maxKeyBytes);

const del = (call: Call): void => {
  let removed = 0;
  for (let i = 1; i < call.args.count; i++) if (remove(call, i)) removed++;
  call.reply.integer(removed);
};

const countFound = (call: Call): void => {
  let found = 0;
  for (let i = 1; i < call.args.count; i++) if (read(call, i) !== absent) found++;
  call.reply.integer(found);
};

const type = (call: Call): void => call.reply.simple(look(call, 1) === absent ? "none" : "string");

/** Copies the key of a slot and says how long it is, -1 when the pattern does not match. */
const matchingKey = ({ store }: Call, slot: Slot, pattern: Buffer | undefined): number => {
  const bytes = store.copyKey(slot, key, 0);
  return pattern === undefined || matchesGlob(pattern, key, 0, bytes) ? bytes : -1;
};

const patternOf = (bytes: Buffer): Buffer | undefined => (matchesAll(bytes) ? undefined : bytes);

const keys = (call: Call): void => {
  const { store, reply } = call;
  const pattern = patternOf(call.args.copy(1));
  const found: Buffer[] = [];
  let page = Buffer.allocUnsafe(64 * 1024);
  let used = 0;
  let count = 0;
  let cursor = 0;
  const visit = (slot: Slot) => {
    const bytes = matchingKey(call, slot, pattern);
    if (bytes < 0) return;
    if (used + bytes + 16 > page.length) {
      found.push(page.subarray(0, used));
      page = Buffer.allocUnsafe(64 * 1024);
      used = 0;
    }
    used += page.write(`$${bytes}\r\n`, used, "latin1");
    used += key.copy(page, used, 0, bytes);
    used += page.write("\r\n", used, "latin1");
    count++;
  };
  const step = (): boolean => {
    for (let steps = 0; steps < keysPerTurn || call.atomic; steps++) {
      cursor = store.scan(cursor, visit);
      if (found.length * page.length > keysBytes) {
        reply.error("ERR too many keys for one reply; use SCAN");
        return true;
      }
      if (cursor !== 0) continue;
      call.operations.scanOk.inc();
      found.push(page.subarray(0, used));
      reply.array(count);
      for (const each of found) reply.raw(each);
      return true;
    }
    return false;
  };
  call.unfinished = step() ? undefined : step;
};

/** As C reads 64 bits: nothing is 0, and a sign is fine. */
const readCursor = (text: string): number | undefined => {
  if (!/^([+-]?\d+)?$/.test(text)) return undefined;
  const value = BigInt(text === "" ? 0 : text.replace("+", ""));
  return value >= 2n ** 64n || value <= -(2n ** 64n) ? undefined : Number(value);
};

const scan = (call: Call): void => {
  const { args, reply, store } = call;
  const start = readCursor(args.text(1));
  if (start === undefined) return reply.error("ERR invalid cursor");
  let pattern: Buffer | undefined;
  let count = 10;
  let strings = true;
  for (let i = 2; i < args.count; i += 2) {
    const option = args.word(i);
    if (i + 1 >= args.count) return reply.error(syntaxError);
    if (option === "match") {
      pattern = patternOf(args.copy(i + 1));
    } else if (option === "count") {
      count = readInteger(args.buffer(i + 1), args.from[i + 1] as number, args.to[i + 1] as number);
      if (Number.isNaN(count)) return reply.error(notInteger);
      if (count < 1) return reply.error(syntaxError);
    } else if (option === "type") {
      strings = args.word(i + 1) === "string";
    } else return reply.error(syntaxError);
  }
  const found: Buffer[] = [];
  const tally = { seen: 0 };
  const limit = Math.min(count, scanAtMost);
  // cursors of ours are 32 bits; another one was never given out and ends the scan
  let cursor = start < 0 || start >= 2 ** 32 ? 0 : start;
  if (cursor === start) {
    const visit = (slot: Slot) => {
      tally.seen++;
      const bytes = strings ? matchingKey(call, slot, pattern) : -1;
      if (bytes >= 0) found.push(Buffer.from(key.subarray(0, bytes)));
    };
    do cursor = store.scan(cursor, visit);
    while (cursor !== 0 && tally.seen < limit);
  }
  call.operations.scanOk.inc();
  call.work += tally.seen >> 2;
  reply.array(2);
  reply.text(String(cursor));
  reply.array(found.length);
  for (const each of found) reply.bulk(each);
};

/** The first key at or after a place that is drawn; its length, or -1. */
const firstKeyFrom = ({ store }: Call, start: number): number => {
  const found = { bytes: -1, seen: 0 };
  const visit = (slot: Slot) => {
    // those of one step are equally likely
    if (Math.random() * ++found.seen < 1) found.bytes = store.copyKey(slot, key, 0);
  };
  for (let cursor = store.scan(start, visit); cursor !== 0 && found.bytes < 0; cursor = store.scan(cursor, visit));
  return found.bytes;
};

const randomkey = (call: Call): void => {
  const drawn = firstKeyFrom(call, Math.floor(Math.random() * 2 ** 32));
  const bytes = drawn < 0 ? firstKeyFrom(call, 0) : drawn;
  if (bytes < 0) call.reply.nil();
  else call.reply.bulk(key, 0, bytes);
};

const encoding = (call: Call): void => {
  const slot = look(call, 2);
  const { store, reply } = call;
  if (slot === absent) return reply.nil();
  const bytes = store.valueBytes(slot);
  if (bytes > 44) return reply.text("raw");
  store.copyValue(slot, key, 0);
  reply.text(readBig(key, 0, bytes) === undefined ? "embstr" : "int");
};

const flush = (call: Call): void => {
  const { args, reply } = call;
  if (args.count > 2 || (args.count === 2 && !["async", "sync"].includes(args.word(1)))) return reply.error(syntaxError);
  call.operations.deleteHit.incAtOnce(call.store.clear());
  reply.ok();
};

const flushed = "Removes everything at once, ASYNC or not.";

export const genericCommands: readonly Command[] = [
  { name: "del", arity: -2, flags: ["write"], group: "generic", since: "1.0.0", complexity: "O(N) where N is the number of keys", summary: "Delete a key", keys: all, run: del },
  { name: "unlink", arity: -2, flags: ["write", "fast"], group: "generic", since: "4.0.0", complexity: "O(N) where N is the number of keys", summary: "Delete a key, like DEL", keys: all, run: del },
  { name: "exists", arity: -2, flags: ["readonly", "fast"], group: "generic", since: "1.0.0", complexity: "O(N) where N is the number of keys", summary: "Determine if a key exists", keys: all, run: countFound },
  { name: "touch", arity: -2, flags: ["readonly", "fast"], group: "generic", since: "3.2.1", complexity: "O(N) where N is the number of keys", summary: "Mark keys as used and count those that exist", keys: all, run: countFound },
  { name: "type", arity: 2, flags: ["readonly", "fast"], group: "generic", since: "1.0.0", complexity: "O(1)", summary: "Determine the type stored at key", keys: one, difference: "There are strings only.", run: type },
  {
    name: "keys",
    arity: 2,
    flags: ["readonly"],
    group: "generic",
    since: "1.0.0",
    complexity: "O(N) where N is the number of entries",
    summary: "Find all keys matching the given pattern",
    difference: "Not a snapshot: other clients are served while the keys are collected, except inside MULTI. Keys that are present all the time are returned once. More than 16 MiB of keys are an error.",
    run: keys,
  },
  {
    name: "scan",
    arity: -2,
    flags: ["readonly"],
    group: "generic",
    since: "2.8.0",
    complexity: "O(1) for every call, O(N) for a complete iteration",
    summary: "Incrementally iterate the keys space",
    difference: `A call looks at no more than ${scanAtMost} entries, whatever COUNT says. A cursor means the same at every pod of the tenant.`,
    run: scan,
  },
  { name: "randomkey", arity: 1, flags: ["readonly"], group: "generic", since: "1.0.0", complexity: "O(1)", summary: "Return a random key from the keyspace", run: randomkey },
  {
    name: "object",
    arity: -2,
    flags: [],
    group: "generic",
    since: "2.2.3",
    complexity: "Depends on subcommand",
    summary: "A container for object introspection commands",
    subcommands: [
      { name: "object|encoding", arity: 3, flags: ["readonly"], group: "generic", since: "2.2.3", complexity: "O(1)", summary: "Inspect the internal encoding of an object", keys: { first: 2, last: 2, step: 1 }, difference: "What Redis would say of a fresh value.", run: encoding },
    ],
    run: () => {},
  },
  { name: "dbsize", arity: 1, flags: ["readonly", "fast"], group: "server", since: "1.0.0", complexity: "O(1)", summary: "Return the number of keys", difference: "Counts entries that are over and not yet removed.", run: ({ reply, store }) => reply.integer(store.stats().entries) },
  { name: "flushall", arity: -1, flags: ["write"], group: "server", since: "1.0.0", complexity: "O(N) where N is the number of entries", summary: "Remove all keys", difference: flushed, run: flush },
  { name: "flushdb", arity: -1, flags: ["write"], group: "server", since: "1.0.0", complexity: "O(N) where N is the number of entries", summary: "Remove all keys from the current database", difference: flushed, run: flush },
];
