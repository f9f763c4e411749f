// GET and SET in all their forms.
import { absent } from "../../store/types.ts";
import type { Call, Command } from "./command.ts";
import { allowedDeadline, defaultDeadline, longestDeadline, look, putArgument, read, remove, replyValue } from "./entries.ts";
import { readDeadline, readOptions, timeUnits, type TimeUnit } from "./options.ts";

const one = { first: 1, last: 1, step: 1 };

const get = (call: Call): void => {
  const slot = read(call, 1);
  if (slot === absent) call.reply.nil();
  else replyValue(call, slot);
};

/** SET with anything after the value. */
const setWithOptions = (call: Call): void => {
  const { reply, store } = call;
  const options = readOptions(call, 3, "set");
  if (!options) return;
  const { unit, withOld, onlyNew, onlyOld } = options;
  let deadline = defaultDeadline(call);
  if (unit) {
    const asked = readDeadline(call, options.unitAt, unit, "set", false);
    if (asked === undefined) return;
    deadline = allowedDeadline(call, asked);
  }
  // GET replies first: the entry is gone once the new one is written
  const old = withOld ? read(call, 1) : look(call, 1);
  const start = reply.length;
  if (withOld) {
    if (old === absent) reply.nil();
    else replyValue(call, old);
  }
  if ((onlyNew && old !== absent) || (onlyOld && old === absent)) {
    call.operations.putConflict.inc();
    if (!withOld) reply.nil();
    return;
  }
  if (options.keepTime && old !== absent) deadline = store.expiresAt(old);
  const end = reply.length;
  if (putArgument(call, 1, 2, deadline)) {
    if (!withOld) reply.ok();
  } else if (withOld) {
    reply.drop(start, end);
  }
};

const set = (call: Call): void => {
  if (call.args.count > 3) return setWithOptions(call);
  if (putArgument(call, 1, 2, defaultDeadline(call))) call.reply.ok();
};

const setFor =
  (name: string, unit: TimeUnit) =>
  (call: Call): void => {
    const asked = readDeadline(call, 2, unit, name, false);
    if (asked !== undefined && putArgument(call, 1, 3, allowedDeadline(call, asked))) call.reply.ok();
  };

const setnx = (call: Call): void => {
  if (look(call, 1) !== absent) {
    call.operations.putConflict.inc();
    call.reply.integer(0);
  } else if (putArgument(call, 1, 2, defaultDeadline(call))) call.reply.integer(1);
};

const getset = (call: Call): void => {
  const { reply } = call;
  const start = reply.length;
  get(call);
  const end = reply.length;
  if (!putArgument(call, 1, 2, defaultDeadline(call))) reply.drop(start, end);
};

const getdel = (call: Call): void => {
  const slot = read(call, 1);
  if (slot === absent) return call.reply.nil();
  replyValue(call, slot);
  remove(call, 1);
};

const getex = (call: Call): void => {
  const { reply, store } = call;
  const options = readOptions(call, 2, "getex");
  if (!options) return;
  const { unit, persist } = options;
  let asked: number | undefined;
  // the key is looked for first: without it a bad time is no error
  const slot = read(call, 1);
  if (slot === absent) return reply.nil();
  if (unit) {
    asked = readDeadline(call, options.unitAt, unit, "getex", false);
    if (asked === undefined) return;
  }
  replyValue(call, slot);
  if (asked !== undefined && asked <= store.now()) remove(call, 1);
  else if (asked !== undefined) store.expire(slot, allowedDeadline(call, asked));
  else if (persist && store.expiresAt(slot) !== 0) store.expire(slot, longestDeadline(call));
};

const ttlNote = "An entry without a time to live gets the tenant's default, and a longer one is cut to the tenant's maximum, where these are set.";

export const stringCommands: readonly Command[] = [
  { name: "get", arity: 2, flags: ["readonly", "fast"], group: "string", since: "1.0.0", complexity: "O(1)", summary: "Get the value of a key", keys: one, run: get },
  { name: "set", arity: -3, flags: ["write", "denyoom"], group: "string", since: "1.0.0", complexity: "O(1)", summary: "Set the string value of a key", keys: one, difference: ttlNote, run: set },
  { name: "setex", arity: 4, flags: ["write", "denyoom"], group: "string", since: "2.0.0", complexity: "O(1)", summary: "Set the value and expiration of a key", keys: one, run: setFor("setex", timeUnits.ex) },
  { name: "psetex", arity: 4, flags: ["write", "denyoom"], group: "string", since: "2.6.0", complexity: "O(1)", summary: "Set the value and expiration in milliseconds of a key", keys: one, run: setFor("psetex", timeUnits.px) },
  { name: "setnx", arity: 3, flags: ["write", "denyoom", "fast"], group: "string", since: "1.0.0", complexity: "O(1)", summary: "Set the value of a key, only if the key does not exist", keys: one, run: setnx },
  { name: "getset", arity: 3, flags: ["write", "denyoom", "fast"], group: "string", since: "1.0.0", complexity: "O(1)", summary: "Set the string value of a key and return its old value", keys: one, run: getset },
  { name: "getdel", arity: 2, flags: ["write", "fast"], group: "string", since: "6.2.0", complexity: "O(1)", summary: "Get the value of a key and delete the key", keys: one, run: getdel },
  { name: "getex", arity: -2, flags: ["write", "fast"], group: "string", since: "6.2.0", complexity: "O(1)", summary: "Get the value of a key and optionally set its expiration", keys: one, run: getex },
];
