// Reading and writing entries for the handlers: one place for the limits, the times to live and the counts that go with them.
import { absent, putOutcome, type Slot } from "../../store/types.ts";
import type { Call } from "./command.ts";
import { outOfMemory, tooLong } from "./errors.ts";

/** 48 bits of milliseconds, the year 10889: what the store can hold. Later deadlines are cut to it. */
const latest = 2 ** 48 - 1;

/** The entry of a key argument, read: counts as a hit or a miss. */
export const read = (call: Call, i: number): Slot => {
  const { args } = call;
  const slot = call.store.find(args.buffer(i), args.from[i] as number, args.to[i] as number);
  if (slot === absent) call.operations.getMiss.inc();
  else call.operations.getHit.inc();
  return slot;
};

/** The entry of a key argument, looked at for what surrounds the value; counts as nothing. */
export const look = ({ store, args }: Call, i: number): Slot => store.peek(args.buffer(i), args.from[i] as number, args.to[i] as number);

export const replyValue = ({ store, reply }: Call, slot: Slot): void => {
  const bytes = store.valueBytes(slot);
  if (bytes > store.ownBufferBytes) {
    const borrowed = store.borrowValue(slot);
    if (borrowed) return reply.borrowed(borrowed);
  }
  reply.bulkHeader(bytes);
  reply.length = store.copyValue(slot, reply.bytes, reply.length);
  reply.crlf();
};

/** When an entry that asks for no time to live is over. */
export const defaultDeadline = ({ policy, store }: Call): number => {
  const seconds = policy.defaultTtlSeconds ?? policy.maxTtlSeconds;
  return seconds === undefined ? 0 : store.now() + Math.min(seconds, policy.maxTtlSeconds ?? seconds) * 1000;
};

/** When an entry that nobody wants to be over is over all the same. */
export const longestDeadline = ({ policy, store }: Call): number => (policy.maxTtlSeconds === undefined ? 0 : store.now() + policy.maxTtlSeconds * 1000);

/** A deadline that was asked for, cut to the longest that is allowed. */
export const allowedDeadline = ({ policy, store }: Call, at: number): number =>
  Math.min(at, policy.maxTtlSeconds === undefined ? latest : store.now() + policy.maxTtlSeconds * 1000);

const refused = (call: Call, outcome: number): false => {
  const full = outcome === putOutcome.full;
  if (full) call.operations.putError.inc();
  call.metrics.kv_rejected_writes_total.inc({ reason: full ? "no_memory" : "too_large" });
  call.reply.error(full ? outOfMemory : tooLong);
  return false;
};

/** Puts any bytes under a key argument. false: refused, and the error is written. */
export const putBytes = (call: Call, key: number, value: Buffer, from: number, to: number, expiresAt: number): boolean => {
  const { args, store } = call;
  if (to - from > call.policy.maxValueBytes) return refused(call, putOutcome.tooLarge);
  const outcome = store.put(args.buffer(key), args.from[key] as number, args.to[key] as number, value, from, to, expiresAt);
  if (outcome < 0) return refused(call, outcome);
  call.operations.putOk.inc();
  return true;
};

/** Puts one argument under another; a large one is handed over without a copy. */
export const putArgument = (call: Call, key: number, value: number, expiresAt: number): boolean => {
  const { args } = call;
  if (!putBytes(call, key, args.buffer(value), args.from[value] as number, args.to[value] as number, expiresAt)) return false;
  if (args.own) args.adopted(value);
  return true;
};

/** Whether there was an entry. */
export const remove = (call: Call, i: number): boolean => {
  const { args } = call;
  const found = call.store.delete(args.buffer(i), args.from[i] as number, args.to[i] as number);
  if (found) call.operations.deleteHit.inc();
  else call.operations.deleteMiss.inc();
  return found;
};
