// Parts of values: APPEND, STRLEN, GETRANGE, SETRANGE.
import { absent, type Slot } from "../../store/types.ts";
import { readInteger } from "../numbers.ts";
import type { Call, Command } from "./command.ts";
import { defaultDeadline, look, putBytes, read } from "./entries.ts";
import { notInteger, tooLong } from "./errors.ts";

const one = { first: 1, last: 1, step: 1 };

const integerArgument = ({ args }: Call, i: number): number => readInteger(args.buffer(i), args.from[i] as number, args.to[i] as number);

/** Puts the old value with argument `i` laid over it at `at`; between them are zeros. Answers with the new length. */
const overlay = (call: Call, slot: Slot, i: number, at: number): void => {
  const { args, store, reply } = call;
  const old = slot === absent ? 0 : store.valueBytes(slot);
  const patch = args.bytes(i);
  const length = Math.max(old, at + patch);
  if (length > call.policy.maxValueBytes) return reply.error(tooLong);
  const large = length > store.ownBufferBytes;
  const value = large ? store.allocate(length) : Buffer.allocUnsafe(length);
  if (slot !== absent) store.copyValue(slot, value, 0);
  if (at > old) value.fill(0, old, at);
  args.buffer(i).copy(value, at, args.from[i], args.to[i]);
  const put = putBytes(call, 1, value, 0, length, slot === absent ? defaultDeadline(call) : store.expiresAt(slot));
  if (put) reply.integer(length);
  else if (large) store.free(value);
};

const append = (call: Call): void => {
  const slot = look(call, 1);
  overlay(call, slot, 2, slot === absent ? 0 : call.store.valueBytes(slot));
};

const setrange = (call: Call): void => {
  const { args, reply, store } = call;
  const offset = integerArgument(call, 2);
  if (Number.isNaN(offset)) return reply.error(notInteger);
  if (offset < 0) return reply.error("ERR offset is out of range");
  const slot = look(call, 1);
  if (args.bytes(3) === 0) return reply.integer(slot === absent ? 0 : store.valueBytes(slot));
  overlay(call, slot, 3, offset);
};

const strlen = (call: Call): void => {
  const slot = read(call, 1);
  call.reply.integer(slot === absent ? 0 : call.store.valueBytes(slot));
};

const getrange = (call: Call): void => {
  const { reply, store } = call;
  const start = integerArgument(call, 2);
  const end = integerArgument(call, 3);
  if (Number.isNaN(start) || Number.isNaN(end)) return reply.error(notInteger);
  const slot = read(call, 1);
  const length = slot === absent ? 0 : store.valueBytes(slot);
  const inverted = start < 0 && end < 0 && start > end;
  const from = Math.max(0, start < 0 ? length + start : start);
  const to = Math.min(length, (end < 0 ? Math.max(0, length + end) : end) + 1);
  const count = inverted ? 0 : Math.max(0, to - from);
  reply.bulkHeader(count);
  if (count > 0) reply.length = store.copyValue(slot, reply.bytes, reply.length, from, count);
  reply.crlf();
};

export const rangeCommands: readonly Command[] = [
  { name: "append", arity: 3, flags: ["write", "denyoom", "fast"], group: "string", since: "2.0.0", complexity: "O(N) where N is the length of the new value", summary: "Append a value to a key", keys: one, run: append },
  { name: "strlen", arity: 2, flags: ["readonly", "fast"], group: "string", since: "2.2.0", complexity: "O(1)", summary: "Get the length of the value stored in a key", keys: one, run: strlen },
  { name: "getrange", arity: 4, flags: ["readonly"], group: "string", since: "2.4.0", complexity: "O(N) where N is the length of the returned string", summary: "Get a substring of the string stored at a key", keys: one, run: getrange },
  { name: "substr", arity: 4, flags: ["readonly"], group: "string", since: "1.0.0", complexity: "O(N) where N is the length of the returned string", summary: "Get a substring of the string stored at a key", keys: one, run: getrange },
  { name: "setrange", arity: 4, flags: ["write", "denyoom"], group: "string", since: "2.2.0", complexity: "O(N) where N is the length of the new value", summary: "Overwrite part of a string at key starting at the specified offset", keys: one, run: setrange },
];
