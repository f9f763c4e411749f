import { expect, test } from "vitest";
import { createStore } from "../../../../responder/store/store.ts";
import { Sketch } from "../../../../responder/store/eviction/sketch.ts";
import type { StoreOptions } from "../../../../responder/store/types.ts";

const value = Buffer.alloc(1000, "v");
const cache = (options: Partial<StoreOptions>) => {
  const store = createStore({ maxBytes: 2 ** 24, evictionPolicy: "TinyLFU", hashSeed: Buffer.from("frequent"), now: () => 1, node: 1, ...options });
  const key = (name: string) => Buffer.from(name);
  return {
    store,
    put: (name: string, bytes = 10) => store.put(key(name), 0, name.length, value, 0, bytes, 0),
    has: (name: string) => store.find(key(name), 0, name.length) >= 0,
    holds: (name: string) => store.peek(key(name), 0, name.length) >= 0,
  };
};
const names = (prefix: string, count: number) => Array.from({ length: count }, (_, i) => `${prefix}${i}`);

test("what is used often outlives a long scan, and all that is written can be read at once", () => {
  const { put, has, holds } = cache({ maxEntries: 500 });
  const hot = names("hot", 400);
  for (const name of hot) put(name);
  for (let round = 0; round < 4; round++) for (const name of hot) has(name);
  for (const name of names("scan", 3000)) {
    put(name);
    expect(holds(name)).toBe(true);
  }
  expect(hot.filter(holds).length).toBeGreaterThan(390);
});

test("what is no longer used gives way to what is", () => {
  const { put, has, holds } = cache({ maxEntries: 500 });
  const [old, young] = [names("old", 400), names("young", 400)];
  const use = (list: string[]) => {
    for (const name of list) if (!has(name)) put(name);
  };
  for (let round = 0; round < 10; round++) use(old);
  for (let round = 0; round < 60; round++) use(young);
  expect(young.filter(holds).length).toBeGreaterThan(390);
});

test("weights are bytes: large newcomers do not drive out many small entries that are used", () => {
  const { put, has, holds, store } = cache({ maxBytes: 2 ** 20 });
  const hot = names("hot", 2000);
  for (const name of hot) put(name, 50);
  for (let round = 0; round < 4; round++) for (const name of hot) has(name);
  for (const name of names("large", 3000)) put(name, 1000);
  expect(store.stats().evictedForMemory).toBeGreaterThan(1000);
  expect(hot.filter(holds).length).toBeGreaterThan(1900);
});

test("the sketch counts to 15, forgets by halves, and keeps its counts when it grows", () => {
  const sketch = new Sketch(256);
  for (let i = 0; i < 9; i++) sketch.increment(77, 1_000_000);
  expect(sketch.frequency(77)).toBe(9);
  expect(sketch.frequency(78)).toBe(0);
  expect(sketch.isOverloaded(256)).toBe(false);
  expect(sketch.wantedBytes(257)).toBe(sketch.bytes);
  sketch.grow();
  expect(sketch.frequency(77)).toBe(9);
  for (let i = 0; i < 9; i++) sketch.increment(77, 1_000_000);
  expect(sketch.frequency(77)).toBe(15);
  // 10 increments an entry halve every block once: others are counted meanwhile
  const aged = new Sketch(256);
  for (let i = 0; i < 12; i++) aged.increment(77, 256);
  for (let i = 0; i < 2560 + 200; i++) aged.increment(i * 2_654_435_761, 256);
  expect(aged.frequency(77)).toBeLessThan(10);
  expect(aged.frequency(77)).toBeGreaterThan(2);
});
