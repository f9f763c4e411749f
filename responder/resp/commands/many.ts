// Several entries at once: MGET, MSET, MSETNX.
import { absent } from "../../store/types.ts";
import type { Call, Command } from "./command.ts";
import { defaultDeadline, look, putArgument, read, replyValue } from "./entries.ts";
import { wrongArity } from "./errors.ts";

const mget = (call: Call): void => {
  const { count } = call.args;
  call.reply.array(count - 1);
  for (let i = 1; i < count; i++) {
    const slot = read(call, i);
    if (slot === absent) call.reply.nil();
    else replyValue(call, slot);
  }
};

/** Whether all were put; if not, the error is written. */
const putAll = (call: Call): boolean => {
  const deadline = defaultDeadline(call);
  for (let i = 1; i < call.args.count; i += 2) if (!putArgument(call, i, i + 1, deadline)) return false;
  return true;
};

const mset = (call: Call): void => {
  if (call.args.count % 2 === 0) return call.reply.error(wrongArity("mset"));
  if (putAll(call)) call.reply.ok();
};

const msetnx = (call: Call): void => {
  if (call.args.count % 2 === 0) return call.reply.error(wrongArity("msetnx"));
  for (let i = 1; i < call.args.count; i += 2) {
    if (look(call, i) === absent) continue;
    call.operations.putConflict.inc();
    return call.reply.integer(0);
  }
  if (putAll(call)) call.reply.integer(1);
};

const partly = "When memory or a limit refuses one of the values, those before it stay written.";

export const manyCommands: readonly Command[] = [
  { name: "mget", arity: -2, flags: ["readonly", "fast"], group: "string", since: "1.0.0", complexity: "O(N) where N is the number of keys", summary: "Get the values of all the given keys", keys: { first: 1, last: -1, step: 1 }, run: mget },
  { name: "mset", arity: -3, flags: ["write", "denyoom"], group: "string", since: "1.0.1", complexity: "O(N) where N is the number of keys", summary: "Set multiple keys to multiple values", keys: { first: 1, last: -1, step: 2 }, difference: partly, run: mset },
  { name: "msetnx", arity: -3, flags: ["write", "denyoom"], group: "string", since: "1.0.1", complexity: "O(N) where N is the number of keys", summary: "Set multiple keys to multiple values, only if none of the keys exist", keys: { first: 1, last: -1, step: 2 }, difference: partly, run: msetnx },
];
