// Times to live: EXPIRE and its kin, TTL and its kin, PERSIST.
import { absent } from "../../store/types.ts";
import type { Call, Command } from "./command.ts";
import { allowedDeadline, longestDeadline, look, remove } from "./entries.ts";
import { readDeadline, timeUnits, type TimeUnit } from "./options.ts";

const one = { first: 1, last: 1, step: 1 };

/** NX, XX, GT, LT as bits. */
const conditions = { nx: 1, xx: 2, gt: 4, lt: 8 } as const;
const isCondition = (word: string): word is keyof typeof conditions => Object.hasOwn(conditions, word);

/** undefined: an error was written. */
const readConditions = ({ args, reply }: Call): number | undefined => {
  let found = 0;
  for (let i = 3; i < args.count; i++) {
    const word = args.word(i);
    if (!isCondition(word)) {
      reply.error(`ERR Unsupported option ${args.shown(i)}`);
      return undefined;
    }
    found |= conditions[word];
  }
  if (found & conditions.nx && found & ~conditions.nx) {
    reply.error("ERR NX and XX, GT or LT options at the same time are not compatible");
    return undefined;
  }
  if (found & conditions.gt && found & conditions.lt) {
    reply.error("ERR GT and LT options at the same time are not compatible");
    return undefined;
  }
  return found;
};

/** `current` 0: never, which is later than any time. */
const allowed = (wanted: number, current: number, next: number): boolean => {
  if (wanted & conditions.nx && current !== 0) return false;
  if (wanted & conditions.xx && current === 0) return false;
  if (wanted & conditions.gt && (current === 0 || next <= current)) return false;
  return !(wanted & conditions.lt && current !== 0 && next >= current);
};

const expire =
  (name: string, unit: TimeUnit) =>
  (call: Call): void => {
    const { store, reply, operations } = call;
    const wanted = readConditions(call);
    if (wanted === undefined) return;
    const asked = readDeadline(call, 2, unit, name, true);
    if (asked === undefined) return;
    const slot = look(call, 1);
    if (slot === absent) {
      operations.expireMiss.inc();
      return reply.integer(0);
    }
    operations.expireHit.inc();
    if (!allowed(wanted, store.expiresAt(slot), asked)) return reply.integer(0);
    if (asked <= store.now()) remove(call, 1);
    else store.expire(slot, allowedDeadline(call, asked));
    reply.integer(1);
  };

const ttl =
  ({ ms, absolute }: TimeUnit) =>
  (call: Call): void => {
    const { store, reply } = call;
    const slot = look(call, 1);
    if (slot === absent) return reply.integer(-2);
    const at = store.expiresAt(slot);
    if (at === 0) return reply.integer(-1);
    const value = absolute ? at : Math.max(0, at - store.now());
    reply.integer(ms === 1 ? value : Math.floor((value + 500) / 1000));
  };

const persist = (call: Call): void => {
  const { store, reply, operations } = call;
  const slot = look(call, 1);
  if (slot === absent) operations.expireMiss.inc();
  else operations.expireHit.inc();
  if (slot === absent || store.expiresAt(slot) === 0) return reply.integer(0);
  store.expire(slot, longestDeadline(call));
  reply.integer(1);
};

const row = (name: string, arity: number, flags: Command["flags"], since: string, summary: string, run: Command["run"], difference?: string): Command => ({
  name,
  arity,
  flags,
  group: "generic",
  since,
  complexity: "O(1)",
  summary,
  keys: one,
  ...(difference === undefined ? {} : { difference }),
  run,
});
const write = ["write", "fast"] as const;
const readonly = ["readonly", "fast"] as const;
const cut = "A time beyond the tenant's maximum is cut to it.";

export const expiryCommands: readonly Command[] = [
  row("expire", -3, write, "1.0.0", "Set a key's time to live in seconds", expire("expire", timeUnits.ex), cut),
  row("pexpire", -3, write, "2.6.0", "Set a key's time to live in milliseconds", expire("pexpire", timeUnits.px), cut),
  row("expireat", -3, write, "1.2.0", "Set the expiration for a key as a UNIX timestamp", expire("expireat", timeUnits.exat), cut),
  row("pexpireat", -3, write, "2.6.0", "Set the expiration for a key as a UNIX timestamp specified in milliseconds", expire("pexpireat", timeUnits.pxat), cut),
  row("ttl", 2, readonly, "1.0.0", "Get the time to live for a key in seconds", ttl(timeUnits.ex)),
  row("pttl", 2, readonly, "2.6.0", "Get the time to live for a key in milliseconds", ttl(timeUnits.px)),
  row("expiretime", 2, readonly, "7.0.0", "Get the expiration Unix timestamp for a key", ttl(timeUnits.exat)),
  row("pexpiretime", 2, readonly, "7.0.0", "Get the expiration Unix timestamp for a key in milliseconds", ttl(timeUnits.pxat)),
  row("persist", 2, write, "2.2.0", "Remove the expiration from a key", persist, "Where the tenant has a maximum, the key gets it instead of living for ever."),
];
