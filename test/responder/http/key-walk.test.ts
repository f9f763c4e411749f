import { expect, test } from "vitest";
import { deleteKeys, listKeys, looksPerPage, type Walk } from "../../../responder/http/key-walk.ts";
import { createTurns } from "../../../responder/http/turns.ts";
import { createStore } from "../../../responder/store/store.ts";
import { absent, type Store } from "../../../responder/store/types.ts";
import { createModelStore } from "../../support/model-store.ts";

const fill = (store: Store, count: number, prefix = "k") => {
  for (let i = 0; i < count; i++) {
    const key = Buffer.from(`${prefix}${i}`);
    store.put(key, 0, key.length, key, 0, key.length, 0);
  }
};

/** Steps over positions 0..size as a large table does, `found` at each; counts them, and how many there are between two turns at most. */
const steps = (size: number, found: (position: number) => number) => {
  const model = createModelStore({ now: () => 1 });
  fill(model, 1);
  const slot = model.find(Buffer.from("k0"), 0, 2);
  const seen = { all: 0, turns: 0, inTurn: 0, most: 0 };
  const store = Object.assign(Object.create(model) as Store, {
    scan: (cursor: number, visit: (slot: number) => void) => {
      seen.all++;
      seen.most = Math.max(seen.most, ++seen.inTurn);
      for (let i = 0; i < found(cursor); i++) visit(slot);
      return cursor + 1 === size ? 0 : cursor + 1;
    },
  });
  const takeTurn = async () => {
    seen.turns++;
    seen.inTurn = 0;
  };
  const walk = (prefix: string): Walk => ({ store, prefix: Buffer.from(prefix), takeTurn, cancelled: () => false });
  return { seen, walk };
};

test("work in one turn is bounded, whether entries are found or not", async () => {
  for (const perStep of [0, 1, 3]) {
    const { seen, walk } = steps(20_000, () => perStep);
    await listKeys(walk("none"), 0, 100);
    expect(seen.all).toBe(20_000);
    expect(seen.most * Math.max(perStep, 1)).toBeLessThanOrEqual(500 + perStep);
  }
});

test("a deletion has a bounded part in each turn, and tells what all of them removed", async () => {
  const seen = { all: 0, turns: 0, inTurn: 0, most: 0 };
  const step = () => {
    seen.most = Math.max(seen.most, ++seen.inTurn);
    return ++seen.all < 1_000;
  };
  const store = Object.assign(Object.create(createModelStore({ now: () => 1 })) as Store, { deleteRange: () => ({ removed: 7, step }) });
  const takeTurn = async () => {
    seen.turns++;
    seen.inTurn = 0;
  };
  expect(await deleteKeys({ store, prefix: Buffer.alloc(0), takeTurn, cancelled: () => false })).toBe(7);
  expect(seen).toMatchObject({ all: 1_000, turns: 17, most: 60 });
});

test("a page ends after a bounded amount of work and tells where to go on", async () => {
  const { seen, walk } = steps(10 * looksPerPage, () => 1);
  const first = await listKeys(walk("none"), 0, 100);
  expect(first).toEqual({ keys: [], cursor: looksPerPage.toString(16).padStart(8, "0") });
  expect(seen.all).toBe(looksPerPage);
});

test("a page is never longer than its limit, but for keys of one step, into which no cursor points", async () => {
  const { walk } = steps(10, (position) => (position === 4 ? 7 : 1));
  const first = await listKeys(walk("k"), 0, 5);
  expect([first.keys.length, first.cursor]).toEqual([4, "00000004"]);
  const second = await listKeys(walk("k"), 4, 5);
  expect([second.keys.length, second.cursor]).toEqual([7, "00000005"]);
});

test("a key that is shorter than the prefix does not borrow the end of the key before it", async () => {
  // the model's steps follow the order of the writes
  const store = createModelStore({ now: () => 1 });
  for (const key of ["ab", "a"]) store.put(Buffer.from(key), 0, key.length, Buffer.alloc(0), 0, 0, 0);
  const { keys } = await listKeys({ store, prefix: Buffer.from("ab"), takeTurn: async () => {}, cancelled: () => false }, 0, 10);
  expect(keys.map((k) => k.key)).toEqual(["ab"]);
});

test("the last cursor of 32 bits is eight digits", async () => {
  const store = Object.assign(Object.create(createModelStore({ now: () => 1 })) as Store, { scan: (cursor: number) => (cursor === 0xffff_fffe ? 0xffff_ffff : 0) });
  const looked = { count: 0 };
  const cancelled = () => looked.count++ === 0;
  const walk = { store, prefix: Buffer.alloc(0), takeTurn: async () => {}, cancelled };
  expect((await listKeys(walk, 0xffff_fffe, 5)).cursor).toBe("ffffffff");
  expect((await listKeys({ ...walk, cancelled: () => false }, 0xffff_ffff, 5)).cursor).toBeNull();
});

test("what is written between the slices of a deletion stays, and all of it is done when nobody waits for it", async () => {
  const store = createStore({ maxBytes: 2 ** 24, evictionPolicy: "LRU", hashSeed: Buffer.from("walks!!!"), now: () => 1, node: 1 });
  fill(store, 5_000);
  let turns = 0;
  const takeTurn = async () => {
    if (++turns === 2) fill(store, 10, "k-new");
  };
  expect(await deleteKeys({ store, prefix: Buffer.from("k"), takeTurn, cancelled: () => false })).toBe(5_000);
  expect([turns > 5, store.stats().entries]).toEqual([true, 10]);

  fill(store, 5_000);
  expect(await deleteKeys({ store, prefix: Buffer.from("k"), takeTurn, cancelled: () => true })).toBeLessThan(1_000);
  expect(store.find(Buffer.from("k4999"), 0, 5)).toBe(absent);
  store.sweep(10_000);
  expect(store.stats().entries).toBe(0);
});

test("of all walks one slice runs in a turn of the event loop, and each gets its share", async () => {
  const takeTurn = createTurns();
  const order: string[] = [];
  let ticks = 0;
  const count = setImmediate(function tick() {
    ticks++;
    if (order.length < 6) setImmediate(tick);
  });
  const run = async (name: string) => {
    for (let i = 0; i < 3; i++) {
      await takeTurn();
      order.push(`${name}${ticks}`);
    }
  };
  await Promise.all([run("a"), run("b")]);
  clearImmediate(count);
  expect(order.map((o) => o[0]).join("")).toBe("ababab");
  expect(new Set(order.map((o) => o.slice(1))).size).toBe(6);
});
