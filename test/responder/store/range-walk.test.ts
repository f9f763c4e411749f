// A deleted prefix is cleared away by whoever comes by, and counted once.
import { expect, test } from "vitest";
import { createStore } from "../../../responder/store/store.ts";

const start = 1_700_000_000_000;

test("a deletion counts every entry that went for it, also those that a sweep or a reader removed before its own walk came there", () => {
  let time = start;
  const store = createStore({ maxBytes: 2 ** 24, evictionPolicy: "LRU", hashSeed: Buffer.alloc(8, 7), now: () => time, node: 1 });
  const put = (key: string, expiresAt = 0) => store.put(Buffer.from(key), 0, key.length, Buffer.from("value"), 0, 5, expiresAt);
  const find = (key: string) => store.find(Buffer.from(key), 0, key.length);
  for (let i = 0; i < 1_000; i++) put(`user:${i}`);
  for (let i = 0; i < 50; i++) put(`user:short:${i}`, start + 10);
  for (let i = 0; i < 100; i++) put(`other:${i}`);
  // over before it was deleted: nobody's loss
  time += 20;

  const walk = store.deleteRange(Buffer.from("user:"));
  for (let i = 0; i < 100; i++) expect(find(`user:${i}`)).toBeLessThan(0);
  // the expired ones first, then a part of the prefix
  store.sweep(100);
  put("user:0");
  for (let steps = 0; walk.step(); steps++) if (steps % 3 === 0) store.sweep(1);
  while (store.sweep(100) > 0);
  expect(walk.removed).toBe(1_000);
  expect(store.stats().entries).toBe(101);
  expect(find("user:0")).toBeGreaterThanOrEqual(0);
});
