import fc from "fast-check";
import { expect, test } from "vitest";
import { Columns } from "../../../responder/store/columns.ts";
import { idle, Wheel } from "../../../responder/store/wheel.ts";

/** Twenty of the longest jumps and one of the longest delays end before the 48 bits of milliseconds do. */
const start = 1_700_000_000_000;
const delay = fc.oneof(fc.integer({ min: -10, max: 200 }), fc.integer({ min: 0, max: 1e7 }), fc.integer({ min: 0, max: 2 ** 47 }));
const jump = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 0, max: 2 ** 42 }));

const setUp = () => {
  const columns = new Columns(1000);
  const wheel = new Wheel(columns, start);
  return {
    columns,
    wheel,
    add: (expiresAt: number) => {
      const slot = columns.take();
      columns.expiry[slot * 4 + 2] = expiresAt;
      wheel.add(slot, expiresAt);
      return slot;
    },
  };
};

/** Steps until nothing is due; returns what was, as the caller removes it. */
const drain = (wheel: Wheel, now: number): number[] => {
  const due: number[] = [];
  for (let step = wheel.step(now); step !== idle; step = wheel.step(now)) {
    if (step < 0) continue;
    due.push(step);
    wheel.remove(step);
  }
  return due;
};

test("at any time exactly those are due whose time is over", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ jump, delays: fc.array(delay, { maxLength: 20 }), changed: fc.option(delay, { nil: undefined }) }), { maxLength: 20 }), (rounds) => {
      const { columns, wheel, add } = setUp();
      const waiting = new Map<number, number>();
      let now = start;
      for (const { jump, delays, changed } of rounds) {
        for (const delay of delays) waiting.set(add(now + delay), now + delay);
        const [first] = waiting.keys();
        if (first !== undefined && changed !== undefined) {
          columns.expiry[first * 4 + 2] = now + changed;
          wheel.change(first, waiting.get(first)!, now + changed);
          waiting.set(first, now + changed);
        }
        now += jump;
        const over = [...waiting].filter(([, at]) => at <= now).map(([slot]) => slot);
        expect(drain(wheel, now).toSorted((a, b) => a - b)).toEqual(over.toSorted((a, b) => a - b));
        for (const slot of over) waiting.delete(slot);
        expect(wheel.count).toBe(waiting.size);
      }
    }),
  );
});

test("an idle year costs a handful of steps", () => {
  const { wheel, add } = setUp();
  const slot = add(start + 365 * 86_400_000);
  let steps = 0;
  while (wheel.step(start + 366 * 86_400_000) !== slot) steps++;
  expect(steps).toBeLessThan(20);
});

test("a bucket that is half moved takes new entries and lets old ones go", () => {
  const { wheel, add } = setUp();
  const slots = Array.from({ length: 50 }, (_, i) => add(start + 10_000_000 + i));
  const now = start + 10_000_020;
  for (let step = 0; step < 20; step++) wheel.step(now);
  wheel.remove(slots[45]!);
  const late = add(now - 3);
  const due = drain(wheel, now);
  expect(new Set(due)).toEqual(new Set([...slots.slice(0, 21), late]));
});
