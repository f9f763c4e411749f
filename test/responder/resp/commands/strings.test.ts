// Commands on values, each as a dialogue: what is said, and what Redis 7.0 answers.
import { describe, expect, test } from "vitest";
import { array, bulk, createDialogue, error, frame, integer, nil, ok } from "../clients.ts";
import { tells } from "./dialogue.ts";

const notInteger = error("ERR value is not an integer or out of range");
const syntax = error("ERR syntax error");
const wrongTime = (name: string) => error(`ERR invalid expire time in '${name}' command`);

tells("SET and GET", [
  ["GET a", nil],
  ["SET a 1", ok],
  ["GET a", bulk("1")],
  ['SET a ""', ok],
  ["GET a", bulk("")],
  ["get A", nil],
  ["GET", error("ERR wrong number of arguments for 'get' command")],
  ["SET a", error("ERR wrong number of arguments for 'set' command")],
]);

tells("SET with conditions", [
  ["SET a 1 XX", nil],
  ["SET a 1 NX", ok],
  ["SET a 2 NX", nil],
  ["SET a 2 XX", ok],
  ["SET a 3 GET", bulk("2")],
  ["SET a 4 NX GET", bulk("3")],
  ["GET a", bulk("3")],
  ["SET b 1 XX GET", nil],
  ["SET b 1 GET", nil],
  ["GET b", bulk("1")],
  ["SET a 1 NX XX", syntax],
  ["SET a 1 XX NX", syntax],
  ["SET a 1 what", syntax],
]);

tells("SET with times", [
  ["SET a 1 EX 10", ok],
  ["PTTL a", integer(10_000)],
  ["SET a 1 PX 10", ok],
  ["PTTL a", integer(10)],
  ["SET a 2 KEEPTTL", ok],
  ["PTTL a", integer(10)],
  ["SET a 3", ok],
  ["PTTL a", integer(-1)],
  ["SET a 1 EXAT 1700000010", ok],
  ["TTL a", integer(10)],
  ["SET a 1 PXAT 1700000000500", ok],
  ["PTTL a", integer(500)],
  ["SET a 1 EX 1 EX 2", ok],
  ["TTL a", integer(2)],
  ["SET a 1 PXAT 1", ok],
  ["GET a", nil],
  ["SET a 1 EX 0", wrongTime("set")],
  ["SET a 1 EX -1", wrongTime("set")],
  ["SET a 1 EX 9223372036854775807", wrongTime("set")],
  ["SET a 1 PX 9223372036854775807", wrongTime("set")],
  ["SET a 1 EX abc", notInteger],
  ["SET a 1 EX", syntax],
  ["SET a 1 EX 1 PX 1", syntax],
  ["SET a 1 EX 1 KEEPTTL", syntax],
  ["SET a 1 KEEPTTL EX 1", syntax],
  ["GET a", nil],
]);

tells("SETEX, PSETEX, SETNX", [
  ["SETEX a 10 v", ok],
  ["TTL a", integer(10)],
  ["PSETEX a 10 w", ok],
  ["PTTL a", integer(10)],
  ["GET a", bulk("w")],
  ["SETEX a 0 v", wrongTime("setex")],
  ["PSETEX a x v", notInteger],
  ["SETNX a v", integer(0)],
  ["SETNX b v", integer(1)],
]);

tells("GETSET, GETDEL, GETEX", [
  ["GETSET a 1", nil],
  ["EXPIRE a 10", integer(1)],
  ["GETSET a 2", bulk("1")],
  ["TTL a", integer(-1)],
  ["GETEX a EX 10", bulk("2")],
  ["TTL a", integer(10)],
  ["GETEX a", bulk("2")],
  ["GETEX a PERSIST", bulk("2")],
  ["TTL a", integer(-1)],
  ["GETEX a PERSIST EX", syntax],
  ["GETEX a EX 0", wrongTime("getex")],
  ["GETEX a PXAT 1", bulk("2")],
  ["GETEX a EX abc", nil],
  ["SET a 3", ok],
  ["GETDEL a", bulk("3")],
  ["GETDEL a", nil],
]);

tells("MGET, MSET, MSETNX", [
  ["MSET a 1 b 2 a 3", ok],
  ["MGET a b c", array(bulk("3"), bulk("2"), nil)],
  ["MSETNX c 1 b 2", integer(0)],
  ["MSETNX c 1 d 2", integer(1)],
  ["MGET c d", array(bulk("1"), bulk("2"))],
  ["MSET a 1 b", error("ERR wrong number of arguments for 'mset' command")],
  ["MSETNX a 1 b", error("ERR wrong number of arguments for 'msetnx' command")],
]);

tells("counting", [
  ["INCR a", integer(1)],
  ["EXPIRE a 10", integer(1)],
  ["INCRBY a 9", integer(10)],
  ["TTL a", integer(10)],
  ["DECR a", integer(9)],
  ["DECRBY a 10", integer(-1)],
  ["GET a", bulk("-1")],
  ["INCRBY a 9223372036854775807", integer(9_223_372_036_854_775_806n)],
  ["INCR a", integer(2n ** 63n - 1n)],
  ["INCR a", error("ERR increment or decrement would overflow")],
  ["GET a", bulk(String(2n ** 63n - 1n))],
  ["DECRBY a -9223372036854775808", error("ERR decrement would overflow")],
  ["INCRBY a 1.5", notInteger],
  ["SET b 01", ok],
  ["INCR b", notInteger],
  ['SET b ""', ok],
  ["INCR b", notInteger],
  ["SET b -9223372036854775808", ok],
  ["DECR b", error("ERR increment or decrement would overflow")],
  ["INCRBY b 1", integer(-(2n ** 63n) + 1n)],
  ["SET b 9007199254740991", ok],
  ["INCR b", integer(9_007_199_254_740_992n)],
  ["INCR b", integer(9_007_199_254_740_993n)],
]);

tells("counting in fractions", [
  ["INCRBYFLOAT a 10.5", bulk("10.5")],
  ["INCRBYFLOAT a 0.1", bulk("10.6")],
  ["INCRBYFLOAT a -5", bulk("5.6")],
  ["INCRBYFLOAT a 5.0e3", bulk("5005.6")],
  ["INCRBYFLOAT a x", error("ERR value is not a valid float")],
  ["SET a text", ok],
  ["INCRBYFLOAT a 1", error("ERR value is not a valid float")],
  ["SET a 9e308", ok],
  ["INCRBYFLOAT a 9e308", error("ERR increment would produce NaN or Infinity")],
]);

tells("parts of values", [
  ["STRLEN a", integer(0)],
  ["APPEND a Hello", integer(5)],
  ["EXPIRE a 10", integer(1)],
  ["APPEND a World", integer(10)],
  ["TTL a", integer(10)],
  ["STRLEN a", integer(10)],
  ["GETRANGE a 0 4", bulk("Hello")],
  ["GETRANGE a -5 -1", bulk("World")],
  ["GETRANGE a 0 -1", bulk("HelloWorld")],
  ["GETRANGE a 3 1", bulk("")],
  ["GETRANGE a -1 -5", bulk("")],
  ["GETRANGE a -100 100", bulk("HelloWorld")],
  ["GETRANGE a 100 200", bulk("")],
  ["GETRANGE a 0 -100", bulk("H")],
  ["GETRANGE none 0 -1", bulk("")],
  ["GETRANGE a x 1", notInteger],
  ["SUBSTR a 1 2", bulk("el")],
  ["SETRANGE a 5 Redis", integer(10)],
  ["GET a", bulk("HelloRedis")],
  ["SETRANGE a 12 !", integer(13)],
  ["GET a", bulk("HelloRedis\0\0!")],
  ["TTL a", integer(10)],
  ['SETRANGE none 5 ""', integer(0)],
  ["EXISTS none", integer(0)],
  ['SETRANGE a 500 ""', integer(13)],
  ["SETRANGE a -1 x", error("ERR offset is out of range")],
  ["SETRANGE a 1024 x", error("ERR string exceeds maximum allowed size (proto-max-bulk-len)")],
  ["SETRANGE b 2 x", integer(3)],
  ["GET b", bulk("\0\0x")],
]);

describe("values", () => {
  test("are any bytes, and keys too", async () => {
    const { say } = createDialogue();
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i));
    await say(frame("SET", bytes, bytes));
    expect(await say(frame("GET", bytes))).toBe(bulk(bytes.toString("latin1")));
    expect(await say(frame("GET", "__proto__"))).toBe(nil);
  });

  test("above the bound are refused however they come, and what was there stays", async () => {
    const { say, ask, series } = createDialogue({ maxValueBytes: 100, ownBufferBytes: 200 });
    const tooLong = error("ERR string exceeds maximum allowed size (proto-max-bulk-len)");
    await ask("SET a old");
    // in one piece, collected apart, and made here
    expect(await say(frame("SET", "a", "x".repeat(101)))).toBe(tooLong);
    await say(frame("SET", "a", "x".repeat(5000)).subarray(0, 1000));
    expect(await say(frame("SET", "a", "x".repeat(5000)).subarray(1000))).toBe(tooLong);
    expect(await say(frame("APPEND", "a", "x".repeat(98)))).toBe(tooLong);
    expect(await ask("GET a")).toBe(bulk("old"));
    expect(await say(frame("SET", "a", "x".repeat(100)))).toBe(ok);
    expect(await series('kv_rejected_writes_total{reason="too_large"}')).toBe(2);
  });

  test("that find no room are refused in Redis's words", async () => {
    const { ask, refuse, series } = createDialogue();
    await ask("SET a 1");
    refuse("full");
    const full = error("OOM command not allowed when used memory > 'maxmemory'.");
    for (const command of ["SET a 2", "SET a 2 GET", "GETSET a 2", "MSET b 1 c 2", "MSETNX b 1", "INCR a", "APPEND a x", "SETEX a 1 x", "INCRBYFLOAT a 1"]) expect(await ask(command)).toBe(full);
    expect(await series('kv_rejected_writes_total{reason="no_memory"}')).toBe(9);
    expect(await series('kv_operations_total{operation="put",result="error"}')).toBe(9);
    refuse("tooLarge");
    expect(await ask("SET a 2")).toBe(error("ERR string exceeds maximum allowed size (proto-max-bulk-len)"));
    refuse();
    expect(await ask("GET a")).toBe(bulk("1"));
  });

  test("large ones are sent from where they lie, and released when they have left", async () => {
    const { say, ask, client, borrowed, loose } = createDialogue({ ownBufferBytes: 100 });
    const value = "v".repeat(500);
    expect(await say(frame("SET", "a", value))).toBe(ok);
    expect(loose.size).toBe(0);
    expect(await say(Buffer.concat([frame("PING"), frame("GET", "a"), frame("GET", "a"), frame("PING")]))).toBe(`+PONG\r\n${bulk(value)}${bulk(value)}+PONG\r\n`);
    expect(borrowed()).toBe(0);
    client.hold(true);
    expect(await ask("GET a")).toBe("");
    expect(borrowed()).toBe(1);
    client.socket.destroy();
    await new Promise((resolve) => setImmediate(resolve));
    expect(borrowed()).toBe(0);
  });
});

test.each([
  ["an empty key", ""],
  ["a key of 513 bytes", "k".repeat(513)],
])("%s is refused", async (_, key) => {
  const { say, series } = createDialogue();
  const refused = error("ERR invalid key: it must have 1 to 512 bytes");
  expect(await say(frame("SET", key, "v"))).toBe(refused);
  expect(await say(frame("GET", key))).toBe(refused);
  expect(await say(frame("MSET", "a", "1", key, "v"))).toBe(refused);
  expect(await say(frame("GET", "a"))).toBe(nil);
  expect(await series('kv_rejected_writes_total{reason="key"}')).toBe(2);
});
