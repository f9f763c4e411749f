// Plays a trace to a cache of a number of entries: a get each, and a put after a miss.
import { LRUCache } from "lru-cache";
import { createStore } from "../peers/store.ts";
import type { Trace } from "./traces.ts";

/** Part of the counted requests that hit. */
export type Player = (trace: Trace, entries: number, countFrom: number) => number;

const value = Buffer.alloc(1);

/** The responder's own store, bounded by entries alone. */
export const storePlayer =
  (evictionPolicy: "TinyLFU" | "LRU"): Player =>
  ({ requests }, entries, countFrom) => {
    const store = createStore({ maxBytes: 2 ** 30, maxEntries: entries, evictionPolicy, hashSeed: Buffer.from("hitratio"), now: () => 1, node: 1 });
    const key = Buffer.alloc(8);
    let hits = 0;
    for (let i = 0; i < requests.length; i++) {
      const number = requests[i]!;
      key.writeUInt32LE(number);
      if (store.find(key, 0, key.length) >= 0) hits += i >= countFrom ? 1 : 0;
      else store.put(key, 0, key.length, value, 0, value.length, 0);
    }
    return hits / (requests.length - countFrom);
  };

/** Exact LRU by somebody else. */
export const exactLru: Player = ({ requests }, entries, countFrom) => {
  const cache = new LRUCache<number, true>({ max: entries });
  let hits = 0;
  for (let i = 0; i < requests.length; i++) {
    const number = requests[i]!;
    if (cache.get(number)) hits += i >= countFrom ? 1 : 0;
    else cache.set(number, true);
  }
  return hits / (requests.length - countFrom);
};
