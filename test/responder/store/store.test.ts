import { describe, expect, test } from "vitest";
import { accountedBytes, createStore, entryOverheadBytes } from "../../../responder/store/store.ts";
import { createVersions } from "../../../responder/store/version.ts";

const key = (text: string) => Buffer.from(text, "latin1");
const value = (text: string) => Buffer.from(text);

const open = (maxBytes = 1e6) => {
  let time = 1_000_000;
  const now = () => time;
  const store = createStore({ maxBytes, now, nextVersion: createVersions({ now, node: 1 }) });
  return { store, advance: (ms: number) => void (time += ms) };
};
const versionOf = (result: ReturnType<ReturnType<typeof open>["store"]["put"]>) => {
  if (!("version" in result)) throw new Error(`not written: ${result.kind}`);
  return result.version;
};

test("what is put is got, until it is deleted", () => {
  const { store } = open();
  const version = versionOf(store.put(key("a"), { value: value("1"), contentType: "text/plain" }));
  expect(store.get(key("a"))).toMatchObject({ value: value("1"), contentType: "text/plain", version, expiresAt: undefined });
  expect(store.put(key("a"), { value: value("2") }).kind).toBe("replaced");
  expect(store.delete(key("a"))).toEqual({ kind: "deleted" });
  expect(store.get(key("a"))).toBeUndefined();
  expect(store.delete(key("a"))).toEqual({ kind: "absent" });
  expect(store.stats()).toMatchObject({ entries: 0, usedBytes: 0 });
});

test.each(["__proto__", "constructor", "toString", "\0", "\xff\xfe"])("%j is a key like any other", (name) => {
  const { store } = open();
  expect(store.get(key(name))).toBeUndefined();
  store.put(key(name), { value: value("1") });
  expect(store.get(key(name))?.value).toEqual(value("1"));
  expect(store.stats().entries).toBe(1);
});

test("accounting is the formula, exactly", () => {
  const { store } = open();
  store.put(key("abc"), { value: value("12345"), contentType: "a/b" });
  expect(store.stats().usedBytes).toBe(3 + 5 + 3 + entryOverheadBytes);
  store.put(key("abc"), { value: value("") });
  expect(store.stats().usedBytes).toBe(3 + entryOverheadBytes);
});

test("the least recently used goes first, and a read is a use", () => {
  const { store } = open(3 * accountedBytes(1, 0, 0));
  for (const name of ["a", "b", "c"]) store.put(key(name), { value: value("") });
  store.get(key("a"));
  store.put(key("d"), { value: value("") });
  expect(["a", "b", "c", "d"].filter((name) => store.get(key(name)))).toEqual(["a", "c", "d"]);
  expect(store.stats().evictions).toBe(1);
});

test("an entry that can never fit is refused and the old one stays", () => {
  const { store } = open(accountedBytes(1, 10, 0));
  store.put(key("a"), { value: value("old") });
  expect(store.put(key("a"), { value: Buffer.alloc(11) })).toEqual({ kind: "too_large" });
  expect(store.get(key("a"))?.value).toEqual(value("old"));
  expect(store.put(key("a"), { value: Buffer.alloc(10) }).kind).toBe("replaced");
  expect(store.stats().evictions).toBe(0);
});

test("a slice of something larger is copied, so that the larger thing can go", () => {
  const { store } = open();
  const pool = Buffer.alloc(65_536, "x");
  store.put(key("a"), { value: pool.subarray(10, 13) });
  pool.fill("y");
  expect(store.get(key("a"))?.value.toString()).toBe("xxx");
  expect(store.get(key("a"))?.value.buffer.byteLength).toBe(3);
});

describe("time to live", () => {
  test("an entry is over at its deadline, not before", () => {
    const { store, advance } = open();
    store.put(key("a"), { value: value("1"), ttlMs: 1000 });
    advance(999);
    expect(store.get(key("a"))?.expiresAt).toBe(store.now() + 1);
    advance(1);
    expect(store.get(key("a"))).toBeUndefined();
    expect(store.stats()).toMatchObject({ entries: 0, expirations: 1, evictions: 0 });
  });

  test("a write without one clears the old one", () => {
    const { store, advance } = open();
    store.put(key("a"), { value: value("1"), ttlMs: 1000 });
    store.put(key("a"), { value: value("2") });
    advance(5000);
    expect(store.get(key("a"))?.value).toEqual(value("2"));
  });

  test("to a condition, an entry that is over does not exist", () => {
    const { store, advance } = open();
    store.put(key("a"), { value: value("1"), ttlMs: 1000 });
    advance(1000);
    expect(store.put(key("a"), { value: value("2") }, { match: "any" })).toEqual({ kind: "conflict" });
    expect(store.put(key("a"), { value: value("2") }, { noneMatch: "any" }).kind).toBe("created");
  });

  test("sweeps visit a bounded number, go on where they stopped, and reach everything", () => {
    const { store, advance } = open();
    for (let i = 0; i < 10; i++) store.put(key(`over${i}`), { value: value(""), ttlMs: 100 });
    store.put(key("stays"), { value: value(""), ttlMs: 200 });
    expect(store.sweep(100)).toBe(0);
    advance(100);
    expect(store.sweep(4)).toBe(4);
    expect(store.stats().entries).toBe(7);
    expect(store.sweep(100)).toBe(6);
    expect(store.stats()).toMatchObject({ entries: 1, expirations: 10 });
    // the next round starts over and finds what was over only later
    advance(100);
    store.sweep(100);
    expect(store.stats().entries).toBe(0);
  });
});

describe("conditions", () => {
  test("match: only the version that was seen", () => {
    const { store } = open();
    const first = versionOf(store.put(key("a"), { value: value("1") }));
    const second = versionOf(store.put(key("a"), { value: value("2") }, { match: [first] }));
    expect(store.put(key("a"), { value: value("3") }, { match: [first] })).toEqual({ kind: "conflict" });
    expect(store.delete(key("a"), { match: [first] })).toEqual({ kind: "conflict" });
    expect(store.get(key("a"))?.value).toEqual(value("2"));
    expect(store.delete(key("a"), { match: [first, second] })).toEqual({ kind: "deleted" });
    expect(store.delete(key("a"), { match: [second] })).toEqual({ kind: "conflict" });
  });

  test("noneMatch any: create only", () => {
    const { store } = open();
    expect(store.put(key("a"), { value: value("1") }, { noneMatch: "any" }).kind).toBe("created");
    expect(store.put(key("a"), { value: value("2") }, { noneMatch: "any" })).toEqual({ kind: "conflict" });
  });

  test("noneMatch with versions: anything but these", () => {
    const { store } = open();
    const first = versionOf(store.put(key("a"), { value: value("1") }));
    expect(store.put(key("a"), { value: value("2") }, { noneMatch: [first] })).toEqual({ kind: "conflict" });
    expect(store.put(key("b"), { value: value("2") }, { noneMatch: [first] }).kind).toBe("created");
  });
});
