// The store against the model: long random runs, every answer compared and every structure walked.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createStore } from "../../../responder/store/store.ts";
import { createHash, type Hash } from "../../../responder/store/hash.ts";
import { createState } from "../../../responder/store/state.ts";
import { absent, putOutcome, type BorrowedValue, type EvictionPolicy, type Slot, type Store } from "../../../responder/store/types.ts";
import { createModelStore } from "../../support/model-store.ts";
import { alike, atMost, same } from "../../support/same.ts";
import { checkState } from "./check-state.ts";
import { randomFrom, type Random } from "./random.ts";

interface Setting {
  policy: EvictionPolicy;
  maxBytes: number;
  maxEntries?: number;
  /** Values are smaller than this, most of them much smaller. */
  maxValue: number;
  /** Sizes change in phases: memory has to move between classes, pages and own buffers. */
  phases?: readonly number[];
  keys: number;
  hash?: Hash;
  operations: number;
}

const hashSeed = Buffer.from("8 bytes!");
const specialKeys = ["__proto__", "constructor", "\0", "\0\0", "a", "ключ", "x".repeat(512), "y".repeat(511), "toString"].map((text) => Buffer.from(text));
const types = [undefined, undefined, "text/plain", "application/json", "image/png", "a".repeat(255)];

const drawKeys = (random: Random, count: number): Buffer[] => {
  const keys = new Map(specialKeys.map((key) => [key.toString("latin1"), key]));
  while (keys.size < count) {
    const length = random(8) === 0 ? 1 + random(512) : 1 + random(20);
    const key = Buffer.from(Array.from({ length }, () => random(256)));
    keys.set(key.toString("latin1"), key);
  }
  return [...keys.values()];
};

/** Everything that can be read of an entry. */
const describeEntry = (store: Store, slot: Slot) => {
  const value = Buffer.alloc(store.valueBytes(slot));
  same(store.copyValue(slot, value, 0), value.length);
  const key = Buffer.alloc(store.keyBytes(slot));
  same(store.copyKey(slot, key, 0), key.length);
  const version = Buffer.alloc(24);
  same(store.writeVersion(slot, version, 0), 24);
  return {
    key: key.toString("latin1"),
    value: value.toString("latin1"),
    type: store.contentType(slot),
    expiresAt: store.expiresAt(slot),
    version: version.toString("latin1"),
    fields: store.version(slot),
  };
};

const run = (seed: number, setting: Setting) => {
  const random = randomFrom(seed);
  const time = { now: 1_700_000_000_000 + random(1e9) };
  const now = () => time.now;
  const options = { maxBytes: setting.maxBytes, maxEntries: setting.maxEntries, evictionPolicy: setting.policy, hashSeed, now, node: 0xdead_beef };
  const state = createState(options, setting.hash ?? createHash(hashSeed));
  const real = createStore(options, state);
  const model = createModelStore({ now, node: 0xdead_beef, ownBufferBytes: real.ownBufferBytes });
  const keys = drawKeys(random, setting.keys);
  const borrowed: { value: BorrowedValue; text: string }[] = [];
  let scan: { cursor: number; required: Set<string>; seen: Set<string> } | undefined;
  // a few keys are hot
  const anyKey = () => keys[random(3) === 0 ? random(Math.min(8, keys.length)) : random(keys.length)]!;
  const gone = (key: Buffer) => void scan?.required.delete(key.toString("latin1"));
  let operation = 0;
  const evicted = () => real.stats().evictedForMemory + real.stats().evictedForEntries;

  const compare = (key: Buffer, how: "find" | "peek") => {
    const [a, b] = [real[how](key, 0, key.length), model[how](key, 0, key.length)];
    same(a === absent, b === absent);
    if (a === absent) gone(key);
    else alike(describeEntry(real, a), describeEntry(model, b));
    return a;
  };
  /** Takes what the store evicted from the model; returns how many that were. */
  const dropEvicted = () => {
    let dropped = 0;
    for (const key of keys) {
      if (model.peek(key, 0, key.length) === absent || real.peek(key, 0, key.length) !== absent) continue;
      model.delete(key, 0, key.length);
      gone(key);
      dropped++;
    }
    return dropped;
  };

  const put = (key: Buffer) => {
    const phase = setting.phases?.[Math.floor(operation / 150) % setting.phases.length];
    const size = phase === undefined ? (random(10) === 0 ? random(setting.maxValue) : random(Math.min(300, setting.maxValue))) : random(20) === 0 ? random(setting.maxValue) : phase + random(8);
    const pad = random(5);
    const isAllocated = random(4) === 0;
    const value = isAllocated ? real.allocate(size) : Buffer.alloc(size + 2 * pad);
    for (let i = 0; i < value.length; i += 1 + random(50)) value[i] = random(256);
    const [from, to] = isAllocated ? [0, size] : [pad, pad + size];
    const copy = Buffer.from(value);
    const expiresAt = random(3) === 0 ? time.now + 1 + random(random(2) ? 50 : 5_000_000) : 0;
    const type = types[random(types.length)];
    const before = real.peek(key, 0, key.length);
    const evictedBefore = evicted();
    const outcome = real.put(key, 0, key.length, value, from, to, expiresAt, type);
    const evictedNow = evicted() - evictedBefore;
    atMost(real.stats().usedBytes, setting.maxBytes);
    if (setting.maxEntries !== undefined) atMost(real.stats().entries, setting.maxEntries);
    if (outcome === putOutcome.full || outcome === putOutcome.tooLarge) {
      if (outcome === putOutcome.full) same(setting.policy, "NoEviction");
      same(evictedNow, 0);
      if (isAllocated) real.free(value);
      compare(key, "peek");
      return;
    }
    same(outcome, before === absent ? putOutcome.created : putOutcome.replaced);
    same(real.peek(key, 0, key.length), real.written);
    if (evictedNow > 0 || random(20) === 0) atMost(dropEvicted(), evictedNow);
    if (evictedNow > 0 && (setting.maxEntries === undefined || real.stats().entries < setting.maxEntries)) {
      // evicted only for want of room: what is free now is less than what one step may have been after
      const spare = setting.maxBytes - real.stats().usedBytes;
      expect(spare).toBeLessThan(size + 2 * state.slab.pageBytes + state.index.wantedBytes + state.index.bytes + setting.maxValue * 2);
    }
    model.put(key, 0, key.length, copy, from, to, expiresAt, type);
    compare(key, "peek");
  };

  const stepScan = () => {
    if (!scan) {
      scan = { cursor: 0, required: new Set(), seen: new Set() };
      for (const key of keys) if (real.peek(key, 0, key.length) !== absent) scan.required.add(key.toString("latin1"));
    }
    const { seen, required } = scan;
    scan.cursor = real.scan(scan.cursor, (slot) => {
      const key = Buffer.alloc(real.keyBytes(slot));
      real.copyKey(slot, key, 0);
      seen.add(key.toString("latin1"));
    });
    if (scan.cursor !== 0) return;
    for (const key of required) same(seen.has(key), true);
    scan = undefined;
  };

  const borrow = (slot: Slot) => {
    const value = real.borrowValue(slot);
    same(value !== undefined, real.valueBytes(slot) > real.ownBufferBytes);
    if (value) borrowed.push({ value, text: value.bytes.toString("latin1") });
  };
  const giveBack = () => {
    const one = borrowed.splice(random(borrowed.length), 1)[0];
    if (!one) return;
    same(one.value.bytes.toString("latin1") === one.text, true);
    one.value.release();
    if (random(2)) one.value.release();
  };

  for (let n = 0; n < setting.operations; n++) {
    operation = n;
    const key = anyKey();
    const dice = random(100);
    if (dice < 45) put(key);
    else if (dice < 65) {
      const slot = compare(key, random(2) ? "find" : "peek");
      if (slot !== absent && random(2)) borrow(slot);
      if (slot !== absent) {
        const from = random(real.valueBytes(slot) + 1);
        const part = Buffer.alloc(3 + real.valueBytes(slot));
        const [a, b] = [real.copyValue(slot, part, 3, from), Buffer.alloc(part.length)];
        same(a, model.copyValue(model.peek(key, 0, key.length), b, 3, from));
        same(part.equals(b), true);
      }
    } else if (dice < 75) {
      same(real.delete(key, 0, key.length), model.delete(key, 0, key.length));
      gone(key);
    } else if (dice < 80) {
      const slot = compare(key, "peek");
      const expiresAt = random(3) === 0 ? 0 : time.now + random(10_000);
      if (slot === absent) continue;
      real.expire(slot, expiresAt);
      model.expire(model.peek(key, 0, key.length), expiresAt);
    } else if (dice < 85) {
      time.now += random(3) === 0 ? random(200_000) : random(20);
      for (const key of keys) if (model.peek(key, 0, key.length) === absent) gone(key);
    } else if (dice < 90) real.sweep(random(30));
    else if (dice < 97) stepScan();
    else if (dice < 99) giveBack();
    else if (random(40) === 0) {
      for (const key of keys) gone(key);
      model.clear();
      real.clear();
      same(real.stats().entries, 0);
    }
    if (n % 500 === 0) checkState(state, setting.policy);
  }
  while (borrowed.length > 0) giveBack();
  checkState(state, setting.policy);
  for (const key of keys) if (random(4) === 0) compare(key, "peek");
  time.now += 1e10;
  while (real.sweep(1000) > 0 || state.wheel.step(time.now) !== -2);
  same(real.stats().expiring, 0);
  real.clear();
  while (state.own.bytes + state.discards.bytes + state.slab.pages > 0) real.sweep(10);
  checkState(state, setting.policy);
};

const settings: Record<string, Setting> = {
  "plenty of room": { policy: "LRU", maxBytes: 64 * 2 ** 20, maxValue: 100_000, keys: 300, operations: 2500 },
  "LRU, little room": { policy: "LRU", maxBytes: 2 ** 20, maxValue: 40_000, keys: 400, operations: 2500 },
  "TinyLFU, little room": { policy: "TinyLFU", maxBytes: 2 ** 20, maxValue: 20_000, keys: 900, operations: 2500 },
  "TinyLFU, values as large as the store allows": { policy: "TinyLFU", maxBytes: 2 * 2 ** 20, maxValue: 2_300_000, keys: 60, operations: 600 },
  "NoEviction, little room": { policy: "NoEviction", maxBytes: 2 ** 20, maxValue: 20_000, keys: 400, operations: 2500 },
  "LRU by number": { policy: "LRU", maxBytes: 4 * 2 ** 20, maxEntries: 50, maxValue: 500, keys: 120, operations: 2500 },
  "TinyLFU by number": { policy: "TinyLFU", maxBytes: 4 * 2 ** 20, maxEntries: 100, maxValue: 500, keys: 300, operations: 2500 },
  "sizes that shift, LRU": { policy: "LRU", maxBytes: 300_000, maxValue: 9000, phases: [300, 1500, 100, 3900, 5000], keys: 500, operations: 2500 },
  "sizes that shift, TinyLFU": { policy: "TinyLFU", maxBytes: 300_000, maxValue: 9000, phases: [600, 5000, 300, 3000], keys: 500, operations: 2500 },
  "small entries, many of them": { policy: "TinyLFU", maxBytes: 2 * 2 ** 20, maxValue: 40, keys: 4000, operations: 6000 },
  "one hash for all keys": { policy: "LRU", maxBytes: 8 * 2 ** 20, maxValue: 300, keys: 300, hash: () => 0x1234_5678, operations: 2000 },
  "the last hash for all keys": { policy: "LRU", maxBytes: 8 * 2 ** 20, maxValue: 300, keys: 500, hash: () => 0x7fff_ffff, operations: 1500 },
  "the first hash for all keys": { policy: "LRU", maxBytes: 8 * 2 ** 20, maxValue: 300, keys: 500, hash: () => -0x8000_0000, operations: 1500 },
  "sixteen hashes": { policy: "TinyLFU", maxBytes: 8 * 2 ** 20, maxValue: 300, keys: 900, hash: (bytes, from, to) => (createHash(hashSeed)(bytes, from, to) & 15) << 28, operations: 2500 },
};

describe.each(Object.entries(settings))("%s", (_, setting) => {
  test("every answer is the model's", { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => run(seed, setting)),
      { numRuns: 4, endOnFailure: true },
    );
  });
});
