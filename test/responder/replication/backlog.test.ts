// The backlog against two sets: long random runs, and the promise that every slot has its turn.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createBacklog } from "../../../responder/replication/backlog.ts";
import { randomFrom } from "../store/random.ts";

const operations = 120_000;

/** A run with slots below `slots`; what is on its way comes back in any order, or all at once. */
const play = (seed: number, slots: number) => {
  const random = randomFrom(seed);
  const backlog = createBacklog();
  const dirty = new Set<number>();
  const sent = new Set<number>();
  // slots lie in a few clusters, as those of a store do, and a few are written all the time
  const anySlot = () => (random(4) === 0 ? random(Math.min(slots, 3)) : random(1 + random(slots)));
  const anyOf = (set: ReadonlySet<number>) => [...set][random(set.size)];
  /** By slot that may be sent: how many had been taken when it could be. */
  const waitsSince = new Map<number, number>();
  let taken = 0;
  const settle = (slot: number) => {
    if (!dirty.has(slot) || sent.has(slot)) waitsSince.delete(slot);
    else if (!waitsSince.has(slot)) waitsSince.set(slot, taken);
  };
  const take = () => {
    const slot = backlog.take();
    if (waitsSince.size === 0) return expect(slot).toBe(-1);
    if (!waitsSince.has(slot)) throw new Error(`took ${slot}, which may not be sent`);
    expect(taken - waitsSince.get(slot)!).toBeLessThan(slots);
    taken++;
    dirty.delete(slot);
    sent.add(slot);
    settle(slot);
    // a fast peer: what is written all the time is free again at once
    if (slot < 3 && random(2)) {
      backlog.acknowledged(slot);
      sent.delete(slot);
      backlog.mark(slot);
      dirty.add(slot);
      settle(slot);
    }
  };

  for (let n = 0; n < operations; n++) {
    const dice = random(1000);
    const slot = anySlot();
    if (dice < 350) {
      backlog.mark(slot);
      dirty.add(slot);
    } else if (dice < 700) take();
    else if (dice < 990 && sent.size < 500) {
      const one = random(8) === 0 ? slot : (anyOf(sent) ?? slot);
      const isLost = random(5) === 0;
      if (isLost) backlog.lost(one);
      else backlog.acknowledged(one);
      if (sent.delete(one) && isLost) dirty.add(one);
      settle(one);
    } else if (dice < 998) {
      backlog.freed(slot);
      dirty.delete(slot);
    } else if (random(3) === 0) {
      backlog.clear();
      dirty.clear();
      sent.clear();
      waitsSince.clear();
    } else {
      for (const one of sent) {
        backlog.lost(one);
        dirty.add(one);
      }
      const lost = [...sent];
      sent.clear();
      for (const one of lost) settle(one);
    }
    settle(slot);
    if (backlog.dirty !== dirty.size || backlog.sent !== sent.size) throw new Error(`after ${n} operations ${backlog.dirty} are dirty and ${backlog.sent} sent, not ${dirty.size} and ${sent.size}`);
    if (backlog.isPending(slot) !== (dirty.has(slot) || sent.has(slot))) throw new Error(`after ${n} operations slot ${slot} is wrong`);
  }
  for (const since of waitsSince.values()) expect(taken - since).toBeLessThan(slots);
  while (waitsSince.size > 3) take();
  for (let slot = 0; slot < slots; slot++) expect(backlog.isPending(slot)).toBe(dirty.has(slot) || sent.has(slot));
};

test.each([1, 31, 33, 200, 5_000, 70_000])("below %i: a set of what is dirty and a set of what is on its way, and nothing waits longer than one round", (slots) => {
  fc.assert(
    fc.property(fc.integer(), (seed) => play(seed, slots)),
    { numRuns: 1 },
  );
});

test("a slot that is written and acknowledged all the time does not hold up its neighbours", () => {
  const backlog = createBacklog();
  for (const slot of [4, 5, 40, 2_000]) backlog.mark(slot);
  const order: number[] = [];
  for (let i = 0; i < 5; i++) {
    const slot = backlog.take();
    order.push(slot);
    backlog.acknowledged(slot);
    if (slot === 4) backlog.mark(4);
  }
  expect(order).toEqual([4, 5, 40, 2_000, 4]);
});

test("a slot on its way is not sent again before it came back, and then once for all that was written meanwhile", () => {
  const backlog = createBacklog();
  backlog.mark(7);
  expect(backlog.take()).toBe(7);
  for (let i = 0; i < 1000; i++) backlog.mark(7);
  expect(backlog.take()).toBe(-1);
  expect([backlog.dirty, backlog.sent]).toEqual([1, 1]);
  backlog.acknowledged(7);
  expect(backlog.take()).toBe(7);
  backlog.acknowledged(7);
  expect(backlog.take()).toBe(-1);
  expect(backlog.isPending(7)).toBe(false);
});

test("what comes back after its slot was freed, or that was never taken, changes nothing", () => {
  const backlog = createBacklog();
  backlog.acknowledged(1_000_000);
  backlog.lost(1_000_000);
  backlog.freed(1_000_000);
  backlog.mark(3);
  backlog.take();
  backlog.mark(3);
  backlog.freed(3);
  expect([backlog.dirty, backlog.sent, backlog.isPending(3)]).toEqual([0, 1, true]);
  backlog.acknowledged(3);
  backlog.acknowledged(3);
  expect([backlog.dirty, backlog.sent, backlog.isPending(3)]).toEqual([0, 0, false]);
});

test("far apart slots are found, in the order of a round", () => {
  const backlog = createBacklog();
  const slots = [0, 31, 32, 1023, 1024, 32_767, 32_768, 1_048_576, 2 ** 26 - 1];
  for (const slot of slots.toReversed()) backlog.mark(slot);
  expect(slots.map(() => backlog.take())).toEqual(slots);
  expect(backlog.take()).toBe(-1);
});
