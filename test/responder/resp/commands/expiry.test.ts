// Times to live, as they are asked for and as the tenant's limits allow.
import { describe, expect, test } from "vitest";
import { bulk, createDialogue, error, integer, nil, ok } from "../clients.ts";
import { tells } from "./dialogue.ts";

const wrongTime = (name: string) => error(`ERR invalid expire time in '${name}' command`);

tells("EXPIRE and its kin", [
  ["EXPIRE a 10", integer(0)],
  ["SET a 1", ok],
  ["TTL a", integer(-1)],
  ["EXPIRE a 10", integer(1)],
  ["TTL a", integer(10)],
  ["PEXPIRE a 1499", integer(1)],
  ["TTL a", integer(1)],
  ["PEXPIRE a 1500", integer(1)],
  ["TTL a", integer(2)],
  ["PTTL a", integer(1500)],
  ["EXPIREAT a 1700000020", integer(1)],
  ["TTL a", integer(20)],
  ["EXPIRETIME a", integer(1_700_000_020)],
  ["PEXPIREAT a 1700000020001", integer(1)],
  ["PEXPIRETIME a", integer(1_700_000_020_001)],
  ["PERSIST a", integer(1)],
  ["PERSIST a", integer(0)],
  ["EXPIRETIME a", integer(-1)],
  ["PEXPIRETIME none", integer(-2)],
  ["TTL none", integer(-2)],
  ["PTTL none", integer(-2)],
  ["PERSIST none", integer(0)],
]);

tells("times that are over, and times that are none", [
  ["SET a 1", ok],
  ["EXPIRE a -1", integer(1)],
  ["EXISTS a", integer(0)],
  ["SET a 1", ok],
  ["PEXPIREAT a 1", integer(1)],
  ["EXISTS a", integer(0)],
  ["SET a 1", ok],
  ["EXPIRE a 0", integer(1)],
  ["EXISTS a", integer(0)],
  ["EXPIRE a 9223372036854775807", wrongTime("expire")],
  ["EXPIRE a -9223372036854775807", wrongTime("expire")],
  ["PEXPIRE a 9223372036854775807", wrongTime("pexpire")],
  ["PEXPIREAT a -9223372036854775808", integer(0)],
  ["EXPIRE a abc", error("ERR value is not an integer or out of range")],
]);

tells("conditions", [
  ["SET a 1", ok],
  ["EXPIRE a 10 XX", integer(0)],
  ["EXPIRE a 10 GT", integer(0)],
  ["EXPIRE a 10 NX", integer(1)],
  ["EXPIRE a 20 NX", integer(0)],
  ["EXPIRE a 5 GT", integer(0)],
  ["EXPIRE a 20 GT", integer(1)],
  ["EXPIRE a 30 LT", integer(0)],
  ["EXPIRE a 10 LT", integer(1)],
  ["EXPIRE a 15 XX", integer(1)],
  ["EXPIRE a 30 XX GT", integer(1)],
  ["TTL a", integer(30)],
  ["PERSIST a", integer(1)],
  ["EXPIRE a 5 LT", integer(1)],
  ["EXPIRE a 5 NX XX", error("ERR NX and XX, GT or LT options at the same time are not compatible")],
  ["EXPIRE a 5 GT NX", error("ERR NX and XX, GT or LT options at the same time are not compatible")],
  ["EXPIRE a 5 GT LT", error("ERR GT and LT options at the same time are not compatible")],
  ["EXPIRE a 5 WHAT", error("ERR Unsupported option WHAT")],
]);

test("an entry is there until its time is over", async () => {
  const { ask, time } = createDialogue();
  await ask("SET a 1 PX 100");
  time.advance(99);
  expect(await ask("GET a")).toBe(bulk("1"));
  expect(await ask("PTTL a")).toBe(integer(1));
  time.advance(1);
  expect(await ask("GET a")).toBe(nil);
  expect(await ask("PTTL a")).toBe(integer(-2));
});

describe("with a default", () => {
  tells(
    "entries without a time get it, others keep theirs",
    [
      ["SET a 1", ok],
      ["TTL a", integer(60)],
      ["SET b 1 EX 600", ok],
      ["TTL b", integer(600)],
      ["INCR c", integer(1)],
      ["TTL c", integer(60)],
      ["APPEND d x", integer(1)],
      ["TTL d", integer(60)],
      ["PERSIST a", integer(1)],
      ["TTL a", integer(-1)],
    ],
    { defaultTtlSeconds: 60 },
  );
});

describe("with a maximum", () => {
  tells(
    "longer times are cut to it, and entries without one get it",
    [
      ["SET a 1", ok],
      ["TTL a", integer(60)],
      ["SET b 1 EX 600", ok],
      ["TTL b", integer(60)],
      ["EXPIRE b 600", integer(1)],
      ["TTL b", integer(60)],
      ["EXPIRE b 10", integer(1)],
      ["TTL b", integer(10)],
      ["PERSIST b", integer(1)],
      ["TTL b", integer(60)],
      ["GETEX b EX 600", bulk("1")],
      ["TTL b", integer(60)],
      ["MSETNX c 1", integer(1)],
      ["TTL c", integer(60)],
    ],
    { maxTtlSeconds: 60 },
  );
  tells(
    "a default above it is cut as well",
    [
      ["SET a 1", ok],
      ["TTL a", integer(60)],
    ],
    { defaultTtlSeconds: 100, maxTtlSeconds: 60 },
  );
});

tells("a time that the store cannot hold is cut", [
  ["SET a 1 PXAT 9223372036854775806", ok],
  ["PEXPIRETIME a", integer(2 ** 48 - 1)],
]);
