import fc from "fast-check";
import { expect, test } from "vitest";
import { createOutputBudget } from "../../../responder/lib/output-budget.ts";

const started = (limit: number) => {
  const budget = createOutputBudget(limit);
  const closed: string[] = [];
  return { closed, wait: (name: string, bytes: number) => budget.wait(bytes, () => closed.push(name)) };
};

test("who has waited longest goes first, until the rest fits", () => {
  const { closed, wait } = started(100);
  wait("a", 60);
  wait("b", 30);
  expect(closed).toEqual([]);
  wait("c", 70);
  expect(closed).toEqual(["a"]);
  wait("d", 100);
  expect(closed).toEqual(["a", "b", "c"]);
});

test("what has left makes room", () => {
  const { closed, wait } = started(100);
  const leave = wait("a", 60);
  leave();
  leave();
  wait("b", 60);
  expect(closed).toEqual([]);
});

test("a single answer larger than the budget may wait", () => {
  const { closed, wait } = started(100);
  wait("a", 500);
  expect(closed).toEqual([]);
  wait("b", 1);
  expect(closed).toEqual(["a"]);
});

test("never more waits than the limit or one answer, and nobody is closed twice or after he left", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 200 }), fc.array(fc.record({ bytes: fc.integer({ min: 1, max: 120 }), leaves: fc.boolean() })), (limit, steps) => {
      const budget = createOutputBudget(limit);
      const live = new Map<number, { bytes: number; leave: () => void }>();
      for (const [id, { bytes, leaves }] of steps.entries()) {
        let gone = false;
        const leave = budget.wait(bytes, () => {
          expect(gone).toBe(false);
          gone = true;
          live.delete(id);
        });
        if (!gone) live.set(id, { bytes, leave });
        if (leaves) {
          const [first] = live.keys();
          live.get(first ?? -1)?.leave();
          live.delete(first ?? -1);
        }
        const total = [...live.values()].reduce((sum, one) => sum + one.bytes, 0);
        expect(total <= limit || live.size === 1).toBe(true);
      }
    }),
  );
});
