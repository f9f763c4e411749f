// Commands on values.
import fc from "fast-check";
import { index, key, largeValue, numberText, offset, time, value } from "../arguments.ts";
import { command, many, option, options, word, type Family } from "./compose.ts";

const ttlOptions = [option("EX", time.seconds), option("PX", time.milliseconds), option("EXAT", time.atSeconds), option("PXAT", time.atMilliseconds)];
const pairs = many(fc.tuple(key, value));
// keys of their own, and fractions that binary holds exactly: others come out rounded from redis, which differences.ts says
const floatKey = fc.constantFrom("float:1", "float:2");
const float = fc.constantFrom(..."0 1 -1 1.5 -1.5 0.125 0.25 -0.375 5.0e3 1e2 -0 +1 3.0 .5 5. 125e-3 abc 1.5x 1e --1 nan -".split(" "), "", " 1", "1 ", "1\0");
const setFloat = fc.tuple(floatKey, float).map(([key, text]) => ["set", key, text]);

export const strings: Family = {
  get: command("get", key),
  set: fc.oneof(
    { weight: 3, arbitrary: command("set", key, value) },
    { weight: 4, arbitrary: command("set", key, value, options(...ttlOptions, word("NX"), word("XX"), word("GET"), word("KEEPTTL"))) },
    { weight: 1, arbitrary: command("set", key, largeValue) },
  ),
  setex: command("setex", key, time.seconds, value),
  psetex: command("psetex", key, time.milliseconds, value),
  setnx: command("setnx", key, value),
  getset: command("getset", key, value),
  getdel: command("getdel", key),
  getex: command("getex", key, options(...ttlOptions, word("PERSIST"))),
  mget: command("mget", many(key)),
  mset: command("mset", pairs),
  msetnx: command("msetnx", pairs),
  append: command("append", key, value),
  strlen: command("strlen", key),
  getrange: command("getrange", key, index, index),
  substr: command("substr", key, index, index),
  setrange: command("setrange", key, offset, value),
  incr: command("incr", key),
  decr: command("decr", key),
  incrby: command("incrby", key, numberText),
  decrby: command("decrby", key, numberText),
  incrbyfloat: fc.oneof(command("incrbyfloat", floatKey, float), setFloat),
};
