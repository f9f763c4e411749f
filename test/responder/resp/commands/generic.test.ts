// Commands on keys: deleting, finding, counting.
import { describe, expect, test } from "vitest";
import { array, bulk, createDialogue, error, integer, nil, ok } from "../clients.ts";
import { tells } from "./dialogue.ts";

const syntax = error("ERR syntax error");

tells("DEL, UNLINK, EXISTS, TOUCH, TYPE", [
  ["MSET a 1 b 2 c 3", ok],
  ["EXISTS a a none b", integer(3)],
  ["TOUCH a none", integer(1)],
  ["DEL a none a", integer(1)],
  ["UNLINK b", integer(1)],
  ["TYPE a", "+none\r\n"],
  ["TYPE c", "+string\r\n"],
  ["DEL", error("ERR wrong number of arguments for 'del' command")],
]);

tells("DBSIZE, FLUSHALL, FLUSHDB, RANDOMKEY", [
  ["DBSIZE", integer(0)],
  ["RANDOMKEY", nil],
  ["SET a 1", ok],
  ["RANDOMKEY", bulk("a")],
  ["DBSIZE", integer(1)],
  ["FLUSHALL now", syntax],
  ["FLUSHALL ASYNC", ok],
  ["DBSIZE", integer(0)],
  ["SET a 1", ok],
  ["FLUSHDB SYNC", ok],
  ["GET a", nil],
]);

tells("KEYS", [
  ["KEYS *", array()],
  ["MSET aa 1 ab 2 b 3", ok],
  ["KEYS a*", array(bulk("aa"), bulk("ab"))],
  ["KEYS ?", array(bulk("b"))],
  ["KEYS *", array(bulk("aa"), bulk("ab"), bulk("b"))],
]);

tells("SCAN's arguments", [
  ["SCAN 0", array(bulk("0"), array())],
  ["SCAN x", error("ERR invalid cursor")],
  ["SCAN -1", array(bulk("0"), array())],
  ["SCAN 18446744073709551616 WHAT", error("ERR invalid cursor")],
  ["SCAN 0 COUNT x", error("ERR value is not an integer or out of range")],
  ["SCAN 0 COUNT 0", syntax],
  ["SCAN 0 MATCH", syntax],
  ["SCAN 0 WHAT 1", syntax],
  ["MSET a 1 b 2", ok],
  ["SCAN 18446744073709551615", array(bulk("0"), array())],
  ["SCAN 0 TYPE string", array(bulk("0"), array(bulk("a"), bulk("b")))],
  ["SCAN 0 TYPE list", array(bulk("0"), array())],
  ["SCAN 0 MATCH b* COUNT 100", array(bulk("0"), array(bulk("b")))],
]);

tells("OBJECT ENCODING and MEMORY USAGE", [
  ["SET a 123", ok],
  ["SET b text", ok],
  [`SET c ${"x".repeat(45)}`, ok],
  ["OBJECT ENCODING a", bulk("int")],
  ["OBJECT ENCODING b", bulk("embstr")],
  ["OBJECT ENCODING c", bulk("raw")],
  ["OBJECT ENCODING none", nil],
  ["OBJECT FREQ a", error("ERR unknown subcommand 'FREQ'. Try OBJECT HELP.")],
  ["MEMORY USAGE none", nil],
  ["MEMORY USAGE a SAMPLES 0", integer(52)],
  ["MEMORY USAGE a SAMPLES", syntax],
]);

describe("SCAN", () => {
  const cursorOf = (answer: string) => /^\*2\r\n\$\d+\r\n(\d+)\r\n/.exec(answer)?.[1] ?? "none";

  test("finds every key that stays, while others come and go", async () => {
    const { ask } = createDialogue();
    const stay = Array.from({ length: 100 }, (_, i) => `stay:${i}`);
    for (const key of stay) await ask(`SET ${key} 1`);
    const found = new Set<string>();
    let cursor = "0";
    let calls = 0;
    do {
      const answer = await ask(`SCAN ${cursor} COUNT 7 MATCH stay:*`);
      for (const [, key] of answer.matchAll(/\r\n(stay:\d+)/g)) found.add(key ?? "");
      cursor = cursorOf(answer);
      await ask(`SET other:${calls} 1`);
      await ask(`DEL other:${calls - 3}`);
      calls++;
    } while (cursor !== "0");
    expect(found).toEqual(new Set(stay));
    expect(calls).toBeGreaterThan(10);
  });

  test("looks at no more than its bound, whatever COUNT says", async () => {
    const { ask, store } = createDialogue();
    for (let i = 0; i < 6000; i++) store.put(Buffer.from(`k${i}`), 0, `k${i}`.length, Buffer.from("v"), 0, 1, 0);
    const answer = await ask("SCAN 0 COUNT 1000000");
    expect(cursorOf(answer)).not.toBe("0");
    expect(answer.match(/\r\nk/g)).toHaveLength(5000);
  });
});
