import { describe, expect, test } from "vitest";
import { hotRef, hotWords } from "../../../responder/store/columns.ts";
import { createStore } from "../../../responder/store/store.ts";
import { createState } from "../../../responder/store/state.ts";
import { absent, putOutcome, type StoreOptions } from "../../../responder/store/types.ts";
import { checkState } from "./check-state.ts";

const setUp = (given: Partial<StoreOptions> = {}) => {
  const time = { now: 1_700_000_000_000 };
  const options: StoreOptions = { maxBytes: 2 ** 20, evictionPolicy: "LRU", hashSeed: Buffer.from("8 bytes!"), now: () => time.now, node: 7, ...given };
  const state = createState(options);
  const store = createStore(options, state);
  const put = (name: string, value: Buffer, expiresAt = 0, type?: string) => store.put(Buffer.from(name), 0, name.length, value, 0, value.length, expiresAt, type);
  const find = (name: string) => store.find(Buffer.from(name), 0, name.length);
  const remove = (name: string) => store.delete(Buffer.from(name), 0, name.length);
  const read = (name: string) => {
    const slot = find(name);
    if (slot === absent) return undefined;
    const value = Buffer.alloc(store.valueBytes(slot));
    store.copyValue(slot, value, 0);
    return value;
  };
  return { time, state, store, put, find, remove, read, check: () => checkState(state, options.evictionPolicy) };
};
const filled = (bytes: number, fill = 1) => Buffer.alloc(bytes, fill);

describe("limits", () => {
  test.each(["LRU", "TinyLFU"] as const)("%s: a store of the least size holds one value of half its size, and refuses one that could never fit", (evictionPolicy) => {
    const { put, read, store, check } = setUp({ evictionPolicy });
    for (let i = 0; i < 3000; i++) put(`small${i}`, filled(100));
    expect(put("large", filled(2 ** 19, 5))).toBe(putOutcome.created);
    expect(read("large")?.equals(filled(2 ** 19, 5))).toBe(true);
    expect(put("large", filled(700_000, 6))).toBe(putOutcome.replaced);
    expect(read("large")?.equals(filled(700_000, 6))).toBe(true);
    expect(put("too large", filled(2 ** 20))).toBe(putOutcome.tooLarge);
    expect(put("large", filled(2 ** 20))).toBe(putOutcome.tooLarge);
    expect(read("large")?.length).toBe(700_000);
    expect(store.stats().usedBytes).toBeLessThanOrEqual(2 ** 20);
    check();
  });

  test("a key or a content type that is longer than the store can name is refused", () => {
    const { put } = setUp();
    expect(put("k".repeat(513), filled(1))).toBe(putOutcome.tooLarge);
    expect(put("k", filled(1), 0, "t".repeat(256))).toBe(putOutcome.tooLarge);
    expect(put("k".repeat(512), filled(1), 0, "t".repeat(255))).toBe(putOutcome.created);
  });

  test("NoEviction: a full store refuses, keeps what it has, and takes again what expired or was deleted made room for", () => {
    const { put, read, remove, time, store, check } = setUp({ evictionPolicy: "NoEviction" });
    let written = 0;
    while (put(`key${written}`, filled(1000, written & 255), time.now + 1000) > 0) written++;
    expect(written).toBeGreaterThan(700);
    for (let i = 0; i < written; i++) expect(read(`key${i}`)?.[0]).toBe(i & 255);
    expect(put("key0", filled(900, 9))).toBe(putOutcome.replaced);
    remove("key1");
    expect(put("again", filled(1000))).toBe(putOutcome.created);
    time.now += 1000;
    for (let i = 0; i < 500; i++) expect(put(`later${i}`, filled(1000))).toBe(putOutcome.created);
    expect(store.stats().evictedForMemory).toBe(0);
    check();
  });

  test("maxEntries: the least recently used one goes", () => {
    const { put, find, store } = setUp({ maxEntries: 3 });
    for (const name of ["a", "b", "c"]) put(name, filled(1));
    find("a");
    put("d", filled(1));
    expect([find("a"), find("b"), find("c"), find("d")].map((slot) => slot !== absent)).toEqual([true, false, true, true]);
    expect(store.stats()).toMatchObject({ entries: 3, evictedForEntries: 1, evictedForMemory: 0 });
  });
});

describe("large values", () => {
  test("what was allocated is adopted, not copied; what was refused is still the caller's", () => {
    const { store, put, find } = setUp({ evictionPolicy: "NoEviction" });
    const value = store.allocate(300_000).fill(3);
    expect(put("a", value)).toBe(putOutcome.created);
    expect(store.borrowValue(find("a"))?.bytes.buffer).toBe(value.buffer);
    const other = store.allocate(900_000).fill(4);
    expect(put("b", other)).toBeLessThan(0);
    expect(other.length).toBe(900_000);
    store.free(other);
    expect(other.length).toBe(0);
    const small = store.allocate(100).fill(5);
    expect(put("c", small)).toBe(putOutcome.created);
    expect(small.length).toBe(0);
  });

  test("a borrowed value outlives its entry, unchanged, until the last borrower lets go", () => {
    const { store, put, find, remove } = setUp();
    put("a", filled(200_000, 1));
    const [first, second] = [store.borrowValue(find("a"))!, store.borrowValue(find("a"))!];
    put("a", filled(200_000, 2));
    const third = store.borrowValue(find("a"))!;
    remove("a");
    store.clear();
    first.release();
    first.release();
    expect(second.bytes.equals(filled(200_000, 1))).toBe(true);
    expect(third.bytes.equals(filled(200_000, 2))).toBe(true);
    second.release();
    third.release();
    expect([second.bytes.length, third.bytes.length]).toEqual([0, 0]);
  });

  test("a value may grow while its chunk is moved to make room for it", () => {
    const { state, store, put, find, remove, read, check } = setUp();
    // the chunk of a large value holds only its key: here it is alone on its page, in a class with pages to spare
    const names = Array.from({ length: 3000 }, (_, i) => `name${String(i).padStart(5, "0")}`);
    const empty = Buffer.alloc(0);
    for (let i = 0; i < 60; i++) put(`other${i}`, filled(20_000, 2));
    expect(store.stats().evictedForMemory).toBeGreaterThan(0);
    put("n-large", filled(100_000, 1), 0, "a/a");
    for (const name of names) put(name, empty);
    for (const name of names.slice(0, 2500)) remove(name);
    const before = state.columns.hot[find("n-large") * hotWords + hotRef];
    for (const bytes of [200_000, 300_000]) {
      expect(put("n-large", filled(bytes, 3), 0, bytes === 200_000 ? "a/b" : "a/c")).toBe(putOutcome.replaced);
      check();
      expect(read("n-large")?.equals(filled(bytes, 3))).toBe(true);
      expect(store.contentType(find("n-large"))).toBe(bytes === 200_000 ? "a/b" : "a/c");
    }
    expect(state.columns.hot[find("n-large") * hotWords + hotRef]).not.toBe(before);
  });
});

test("a cleared store takes no more than a new one once its memory has gone back", () => {
  const { store, put, check } = setUp();
  const fresh = store.stats().usedBytes;
  for (let i = 0; i < 5000; i++) put(`key${i}`, filled(i % 100 === 0 ? 30_000 : 100));
  expect(store.clear()).toBeGreaterThan(500);
  check();
  expect(store.stats()).toMatchObject({ entries: 0, expiring: 0 });
  store.sweep(1000);
  expect(store.stats().usedBytes).toBe(fresh);
});

test("an entry whose time is over is gone at once, and by a sweep", () => {
  const { store, put, find, time } = setUp();
  put("read", filled(1), time.now + 10);
  put("swept", filled(1), time.now + 10);
  put("kept", filled(1), time.now + 11);
  time.now += 10;
  expect(find("read")).toBe(absent);
  expect(store.sweep(100)).toBe(1);
  expect(store.stats()).toMatchObject({ entries: 1, expiring: 1, expirations: 2 });
  store.expire(find("kept"), 0);
  time.now += 1e9;
  expect(store.sweep(100)).toBe(0);
  expect(find("kept")).toBeGreaterThanOrEqual(0);
});

test("a scan does not show what is over, and leaves it where it is", () => {
  const { store, put, time } = setUp();
  put("kept", filled(1));
  put("over", filled(1), time.now + 10);
  time.now += 10;
  let seen = 0;
  let cursor = 0;
  do cursor = store.scan(cursor, () => void seen++);
  while (cursor !== 0);
  expect(seen).toBe(1);
  expect(store.stats().entries).toBe(2);
});
