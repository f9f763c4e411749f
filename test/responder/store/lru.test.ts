import fc from "fast-check";
import { expect, test } from "vitest";
import { createLru, type Links } from "../../../responder/store/lru.ts";

interface Item extends Links<Item> {
  id: number;
}

type Step = { op: "add" } | { op: "walk" } | { op: "touch" | "remove"; at: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.constant({ op: "add" as const }),
  { weight: 3, arbitrary: fc.constant({ op: "walk" as const }) },
  fc.record({ op: fc.constantFrom("touch" as const, "remove" as const), at: fc.nat(30) }),
);

test("the order is the order of use, and a walk misses nothing that stays, whatever happens in between", () => {
  fc.assert(
    fc.property(fc.nat(8), fc.array(step, { maxLength: 60 }), (size, steps) => {
      const lru = createLru<Item>();
      let id = 0;
      /** Oldest use first. */
      let model: Item[] = [];
      const add = () => {
        const item: Item = { id: id++, newer: undefined, older: undefined };
        lru.add(item);
        model.push(item);
      };
      for (let i = 0; i < size; i++) add();
      let due = new Set(model);
      for (const s of steps) {
        if (s.op === "add") add();
        else if (s.op === "walk") {
          const item = lru.walk();
          if (item) due.delete(item);
          else {
            expect([...due].map((missed) => missed.id)).toEqual([]);
            due = new Set(model);
          }
        } else {
          const item = model[s.at % Math.max(1, model.length)];
          if (!item) continue;
          model = model.filter((other) => other !== item);
          if (s.op === "touch") {
            lru.touch(item);
            model.push(item);
          } else {
            lru.remove(item);
            due.delete(item);
          }
        }
        expect(lru.oldest()).toBe(model[0]);
      }
      const order: number[] = [];
      for (let item = lru.oldest(); item; item = item.newer) order.push(item.id);
      expect(order).toEqual(model.map((item) => item.id));
    }),
    { numRuns: 2000 },
  );
});
