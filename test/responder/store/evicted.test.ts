// What the store tells of entries that made room: their age, and whether anybody wanted them.
import { expect, test } from "vitest";
import { createStore } from "../../../responder/store/store.ts";
import type { StoreOptions } from "../../../responder/store/types.ts";

const setUp = (given: Partial<StoreOptions> = {}) => {
  const time = { now: 1_700_000_000_000 };
  const evicted: { ageMs: number; wasRead: boolean }[] = [];
  const store = createStore({
    maxBytes: 2 ** 22,
    maxEntries: 2,
    evictionPolicy: "LRU",
    hashSeed: Buffer.from("8 bytes!"),
    now: () => time.now,
    node: 1,
    onEvicted: (ageMs, wasRead) => evicted.push({ ageMs, wasRead }),
    ...given,
  });
  const value = Buffer.alloc(100);
  const put = (name: string, expiresAt = 0) => store.put(Buffer.from(name), 0, name.length, value, 0, value.length, expiresAt);
  const read = (name: string) => store.find(Buffer.from(name), 0, name.length) >= 0;
  const peek = (name: string) => store.peek(Buffer.from(name), 0, name.length) >= 0;
  return { time, evicted, store, put, read, peek };
};

test.each(["LRU", "TinyLFU"] as const)("%s: the age counts from the last write, and a look is no read", (evictionPolicy) => {
  const { time, evicted, put, read, peek } = setUp({ evictionPolicy, maxEntries: 1 });
  put("a");
  time.now += 1_000;
  put("a");
  time.now += 2_000;
  expect(peek("a")).toBe(true);
  put("b");
  expect(evicted).toEqual([{ ageMs: 2_000, wasRead: false }]);
  expect(read("b")).toBe(true);
  time.now += 500;
  put("c");
  expect(evicted[1]).toEqual({ ageMs: 500, wasRead: true });
});

test("what is written again has to be read again", () => {
  const { evicted, put, read } = setUp({ maxEntries: 1 });
  put("a");
  read("a");
  put("a");
  put("b");
  expect(evicted).toEqual([{ ageMs: 0, wasRead: false }]);
});

test("evictions for bytes are told as those for entries; what is over or deleted is none", () => {
  const { time, evicted, store, put } = setUp({ maxBytes: 2 ** 20, maxEntries: Infinity });
  for (let i = 0; i < 20_000; i++) put(`key${i}`);
  const { evictedForMemory } = store.stats();
  expect(evictedForMemory).toBeGreaterThan(1_000);
  expect(evicted).toHaveLength(evictedForMemory);
  const small = setUp();
  small.put("a", small.time.now + 10);
  small.put("b");
  small.time.now += time.now;
  small.put("c");
  small.store.delete(Buffer.from("b"), 0, 1);
  small.put("d");
  expect(small.evicted).toEqual([]);
});
