// Fills a store, churns it with values of changing sizes, and prints after each phase what it accounts for and what the process grew by.
import { readFileSync } from "node:fs";
import { createStore } from "../../../responder/store/store.ts";
import type { EvictionPolicy } from "../../../responder/store/types.ts";
import { randomFrom } from "./random.ts";

const [mebibytes, policy, turns] = [Number(process.argv[2]), process.argv[3] as EvictionPolicy, Number(process.argv[4])];
const maxBytes = mebibytes * 2 ** 20;
const random = randomFrom(7);
const resident = () => {
  globalThis.gc?.();
  return Number(/^Rss:\s+(\d+)/m.exec(readFileSync("/proc/self/smaps_rollup", "latin1"))?.[1]) * 1024;
};

/** Sizes of values by phase: each moves the memory between classes, pages and own buffers. */
const phases: Record<string, () => number> = {
  "100 bytes": () => 100,
  "up to 1 KiB": () => random(1024),
  "64 to 300 KiB, one in fifty": () => (random(50) === 0 ? 65_536 + random(240_000) : random(2000)),
  "around 10 KiB": () => 8000 + random(4000),
  "large alone": () => 100_000 + random(900_000),
  "100 bytes again": () => 100,
};

const key = Buffer.alloc(14);
const value = Buffer.alloc(2 ** 20, "v");
let written = 0;
const churn = (store: ReturnType<typeof createStore>, size: () => number, bytes: number) => {
  for (let sum = 0; sum < bytes; ) {
    const length = size();
    key.write(`key:${String(written++).padStart(10, "0")}`, "latin1");
    store.put(key, 0, key.length, value, 0, length, written % 3 === 0 ? 0 : 2e12 + written);
    sum += length + 100;
    if (written % 1000 === 0) store.sweep(8);
  }
};

const make = (bytes: number) => createStore({ maxBytes: bytes, evictionPolicy: policy, hashSeed: Buffer.from("memorial"), now: () => 1.7e12, node: 1 });
// the compiler and the heap take their share before anything is measured
const warm = make(2 ** 22);
for (const size of Object.values(phases)) churn(warm, size, 2 ** 24);
warm.clear();
warm.sweep(10_000);

const before = resident();
const store = make(maxBytes);
for (const [phase, size] of Object.entries(phases)) {
  churn(store, size, turns * maxBytes);
  const { usedBytes, entries } = store.stats();
  console.log(JSON.stringify({ phase, maxBytes, usedBytes, entries, grownBytes: resident() - before }));
}
