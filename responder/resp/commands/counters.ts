// Numbers kept as text: INCR, DECR and their kin.
import { absent } from "../../store/types.ts";
import { addDecimals } from "../decimals.ts";
import { inRange64, readBig, readInteger } from "../numbers.ts";
import type { Call, Command } from "./command.ts";
import { defaultDeadline, look, putBytes } from "./entries.ts";
import { notFloat, notInteger, overflow } from "./errors.ts";

const one = { first: 1, last: 1, step: 1 };
/** The longest number in text, and the longest float that is looked at. */
const scratch = Buffer.alloc(256);
const integerBytes = 20;

const putText = (call: Call, text: string, deadline: number): boolean => putBytes(call, 1, scratch, 0, scratch.write(text, "latin1"), deadline);

/** With numbers that a double does not hold. */
const addBig = (call: Call, bytes: number, by: bigint, deadline: number): void => {
  const { reply } = call;
  const before = bytes === 0 ? 0n : readBig(scratch, 0, bytes);
  if (before === undefined) return reply.error(notInteger);
  const after = before + by;
  if (!inRange64(after)) return reply.error(overflow);
  if (putText(call, String(after), deadline)) reply.bigInteger(after);
};

const add = (call: Call, by: number, exact?: bigint): void => {
  const { store, reply } = call;
  const slot = look(call, 1);
  let deadline: number;
  let bytes = 0;
  if (slot === absent) {
    deadline = defaultDeadline(call);
  } else {
    bytes = store.valueBytes(slot);
    if (bytes > integerBytes || bytes === 0) return reply.error(notInteger);
    deadline = store.expiresAt(slot);
    store.copyValue(slot, scratch, 0);
  }
  const before = bytes === 0 ? 0 : readInteger(scratch, 0, bytes);
  const after = before + by;
  if (Number.isNaN(before)) return reply.error(notInteger);
  if (!Number.isSafeInteger(before) || !Number.isSafeInteger(by) || !Number.isSafeInteger(after)) return addBig(call, bytes, exact ?? BigInt(by), deadline);
  if (putText(call, String(after), deadline)) reply.integer(after);
};

const addArgument =
  (sign: 1n | -1n) =>
  (call: Call): void => {
    const { args, reply } = call;
    const given = readBig(args.buffer(2), args.from[2] as number, args.to[2] as number);
    if (given === undefined) return reply.error(notInteger);
    // the least number has no opposite
    if (sign < 0n && !inRange64(-given)) return reply.error("ERR decrement would overflow");
    const by = sign * given;
    add(call, Number(by), by);
  };

const incrbyfloat = (call: Call): void => {
  const { args, store, reply } = call;
  const slot = look(call, 1);
  let before = "0";
  let deadline: number;
  if (slot === absent) {
    deadline = defaultDeadline(call);
  } else {
    const bytes = store.valueBytes(slot);
    if (bytes > scratch.length) return reply.error(notFloat);
    before = scratch.toString("latin1", 0, store.copyValue(slot, scratch, 0));
    deadline = store.expiresAt(slot);
  }
  const after = args.bytes(2) > scratch.length ? undefined : addDecimals(before, args.text(2));
  if (after === undefined) return reply.error(notFloat);
  if (after === "") return reply.error("ERR increment would produce NaN or Infinity");
  if (putText(call, after, deadline)) reply.text(after);
};

export const counterCommands: readonly Command[] = [
  { name: "incr", arity: 2, flags: ["write", "denyoom", "fast"], group: "string", since: "1.0.0", complexity: "O(1)", summary: "Increment the integer value of a key by one", keys: one, run: (call) => add(call, 1) },
  { name: "decr", arity: 2, flags: ["write", "denyoom", "fast"], group: "string", since: "1.0.0", complexity: "O(1)", summary: "Decrement the integer value of a key by one", keys: one, run: (call) => add(call, -1) },
  { name: "incrby", arity: 3, flags: ["write", "denyoom", "fast"], group: "string", since: "1.0.0", complexity: "O(1)", summary: "Increment the integer value of a key by the given amount", keys: one, run: addArgument(1n) },
  { name: "decrby", arity: 3, flags: ["write", "denyoom", "fast"], group: "string", since: "1.0.0", complexity: "O(1)", summary: "Decrement the integer value of a key by the given number", keys: one, run: addArgument(-1n) },
  {
    name: "incrbyfloat",
    arity: 3,
    flags: ["write", "denyoom", "fast"],
    group: "string",
    since: "2.6.0",
    complexity: "O(1)",
    summary: "Increment the float value of a key by the given amount",
    keys: one,
    difference: "Adds in decimal with 17 digits after the point, where Redis adds long doubles: the last digits may differ. Infinity is not a valid float.",
    run: incrbyfloat,
  },
];
