import { expect, test } from "vitest";
import { reportStore } from "../../responder/store-report.ts";
import { createStore } from "../../responder/store/store.ts";
import type { EvictionPolicy } from "../../responder/store/types.ts";
import { manualTime } from "../support/manual-time.ts";
import { createCapture } from "./http/harness.ts";

const start = (evictionPolicy: EvictionPolicy) => {
  const time = manualTime();
  const store = createStore({ maxBytes: 2 ** 26, maxEntries: 10, evictionPolicy, hashSeed: Buffer.alloc(8), now: () => 1_000_000, node: 1 });
  const { log, lines } = createCapture();
  reportStore({ store, log, clock: time, timers: time });
  let written = 0;
  const write = (entries: number) => {
    for (let i = 0; i < entries; i++) {
      const key = Buffer.from(`key ${written++}`);
      store.put(key, 0, key.length, key, 0, key.length, 0);
    }
  };
  return { time, store, write, told: () => lines.splice(0).map(({ level, message, fields }) => ({ level, message, ...fields })) };
};

test("evictions are told when they begin and, a quiet minute later, when they have ended", () => {
  const { time, write, told } = start("LRU");
  write(10);
  time.advance(60_000);
  expect(told()).toEqual([]);
  write(3);
  time.advance(5_000);
  expect(told()).toEqual([{ level: "info", message: "evictions began", evicted: 3, entries: 10, usedBytes: expect.any(Number), limitBytes: expect.any(Number) }]);
  // they go on, with pauses
  for (let i = 0; i < 5; i++) {
    time.advance(50_000);
    write(1);
  }
  time.advance(60_000);
  expect(told()).toEqual([]);
  time.advance(5_000);
  expect(told()).toMatchObject([{ level: "info", message: "evictions ended", evicted: 8, durationMs: 255_000 }]);
  time.advance(600_000);
  expect(told()).toEqual([]);
});

test("writes that find no room are told as a warning, once", () => {
  const { time, store, write, told } = start("NoEviction");
  for (let i = 0; i < 20; i++) {
    write(11);
    time.advance(5_000);
  }
  expect(told()).toMatchObject([{ level: "warn", message: "memory is full, writes are refused", refused: 1, entries: 10 }]);
  store.clear();
  time.advance(65_000);
  expect(told()).toMatchObject([{ level: "info", message: "writes are accepted again", refused: 210, durationMs: 95_000, entries: 0 }]);
});
