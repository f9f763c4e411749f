// Commands on keys, whatever their values.
import fc from "fast-check";
import { key, pattern, time } from "../arguments.ts";
import { command, many, option, options, word, type Family } from "./compose.ts";

const condition = options(word("NX"), word("XX"), word("GT"), word("LT"));
const nothingOr = (text: string) => fc.constantFrom([], [text]);

export const keys: Family = {
  del: command("del", many(key)),
  unlink: command("unlink", many(key)),
  exists: command("exists", many(key)),
  touch: command("touch", many(key)),
  type: command("type", key),
  keys: command("keys", pattern),
  randomkey: command("randomkey"),
  dbsize: command("dbsize"),
  // one step with any cursor: only errors and the shape; whole iterations are their own steps
  scan: command("scan", fc.constantFrom("0", "0", "0", "abc", "", "-1", "18446744073709551616", " 0"), options(option("MATCH", pattern), option("COUNT", fc.constantFrom("10", "1000", "0", "-1", "abc")), option("TYPE", fc.constantFrom("string", "list", "STRING", "nothing")))),
  "object|encoding": command("object|encoding", key),
  expire: command("expire", key, time.seconds, condition),
  pexpire: command("pexpire", key, time.milliseconds, condition),
  expireat: command("expireat", key, time.atSeconds, condition),
  pexpireat: command("pexpireat", key, time.atMilliseconds, condition),
  ttl: command("ttl", key),
  pttl: command("pttl", key),
  expiretime: command("expiretime", key),
  pexpiretime: command("pexpiretime", key),
  persist: command("persist", key),
  // with one replica or more a Redis that has none waits, for ever if the time is spoiled: connections.component.test.ts does that
  wait: command("wait", fc.constantFrom("0", "0", "-1", "-9223372036854775808", "abc", "1.5", "9223372036854775808", ""), fc.constantFrom("0", "0", "100", "-1", "abc", "1.5", "9223372036854775807", "9223372036854775808", "")),
  flushall: command("flushall", nothingOr("async")),
  flushdb: command("flushdb", fc.oneof(nothingOr("SYNC"), nothingOr("nonsense"))),
};
