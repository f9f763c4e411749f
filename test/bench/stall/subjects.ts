// What is churned: the store, lru-cache, and nothing at all, which shows what the machine itself does to a loop.
import { LRUCache } from "lru-cache";
import { createStore } from "../peers/store.ts";

export interface Subject {
  put(i: number): void;
  get(i: number): boolean;
  /** What a process does beside requests. */
  tidy(): void;
  entries(): number;
}

export const subjectNames = ["store", "lru-cache", "nothing"] as const;
export type SubjectName = (typeof subjectNames)[number];

const ttlMs = 3_600_000;
const tidySteps = 2_000;
const value = Buffer.alloc(100, "x");
const keyText = (i: number) => `key:${String(i).padStart(10, "0")}`;

const makers: Readonly<Record<SubjectName, (entries: number) => Subject>> = {
  store: (entries) => {
    const store = createStore({ maxBytes: 2 ** 30, maxEntries: entries, evictionPolicy: "TinyLFU", hashSeed: Buffer.from("stalling"), now: () => Date.now(), node: 1 });
    const key = Buffer.alloc(14);
    // the same work for the key as in the others
    const keyAt = (i: number) => key.write(keyText(i), "latin1");
    return {
      put: (i) => void store.put(key, 0, keyAt(i), value, 0, value.length, Date.now() + ttlMs),
      get: (i) => store.find(key, 0, keyAt(i)) >= 0,
      tidy: () => void store.sweep(tidySteps),
      entries: () => store.stats().entries,
    };
  },
  "lru-cache": (entries) => {
    const cache = new LRUCache<string, Buffer>({ max: entries, ttl: ttlMs });
    return {
      // a server's value is a copy of what lies in its receive buffer
      put: (i) => void cache.set(keyText(i), Buffer.from(value)),
      get: (i) => cache.get(keyText(i)) !== undefined,
      tidy: () => {},
      entries: () => cache.size,
    };
  },
  nothing: () => ({ put: (i) => void keyText(i), get: (i) => keyText(i) === "", tidy: () => {}, entries: () => 0 }),
};

export const makeSubject = (name: SubjectName, entries: number): Subject => makers[name](entries);
