// What is known of the time when notes were last compared with a peer, and that it errs to the early side.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createReconciled } from "../../../responder/replication/reconciled.ts";

const bornAt = 1_000_000;

test("an empty pod knows of everybody what was deleted before it was born, until it has met them", () => {
  const known = createReconciled(bornAt);
  expect(known.at("a")).toBe(bornAt);
  known.set("a", bornAt + 5_000);
  expect([known.at("a"), known.at("b")]).toEqual([bornAt + 5_000, bornAt]);
  known.void("a");
  expect([known.at("a"), known.at("b")]).toEqual([0, bornAt]);
});

test("what is known here counts; else the other's word, a second less: its clock may differ", () => {
  const known = createReconciled(bornAt);
  expect(known.agreed("a", bornAt + 50_000)).toBe(bornAt + 49_000);
  known.set("a", bornAt + 20_000);
  expect(known.agreed("a", bornAt + 50_000)).toBe(bornAt + 20_000);
  // who has not met a newcomer says nothing about what its donor compared
  expect(known.agreed("a", bornAt + 10_000)).toBe(bornAt + 20_000);
  known.void("a");
  expect(known.agreed("a", bornAt + 50_000)).toBe(0);
  expect(known.agreed("b", 500)).toBe(0);
});

test("while entries come from a donor nothing is known; then what the donor knew, and no more than a newborn could", () => {
  const known = createReconciled(bornAt);
  known.set("a", bornAt + 9_000);
  known.begin();
  expect([known.at("a"), known.at("b")]).toEqual([0, 0]);
  known.inherit([
    ["a", bornAt - 50_000],
    ["c", bornAt + 70_000],
    ["d", 10],
  ]);
  expect(["a", "b", "c", "d"].map(known.at)).toEqual([bornAt - 51_000, 0, bornAt, 0]);
});

test("of more peers than are kept in mind, the one that was met longest ago may be anybody", () => {
  const known = createReconciled(bornAt);
  for (let i = 0; i < 256; i++) known.set(`peer ${i}`, bornAt + i);
  expect([known.at("peer 0"), known.at("stranger")]).toEqual([bornAt, bornAt]);
  known.set("peer 0", bornAt + 1_000);
  known.set("one more", bornAt + 1_000);
  expect(["peer 0", "peer 1", "peer 2", "stranger"].map(known.at)).toEqual([bornAt + 1_000, 0, bornAt + 2, 0]);
  expect([...known.entries()].length).toBe(256);
});

test("never later than anything that was said of that peer, and bounded", () => {
  const id = fc.integer({ min: 0, max: 400 }).map(String);
  const at = fc.integer({ min: 0, max: 2 * bornAt });
  const step = fc.oneof(
    fc.record({ do: fc.constant("set" as const), id, at }),
    fc.record({ do: fc.constant("void" as const), id, at }),
    fc.record({ do: fc.constant("begin" as const), id, at }),
    fc.record({ do: fc.constant("inherit" as const), id, at }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), (steps) => {
      const known = createReconciled(bornAt);
      const last = new Map<string, number>();
      for (const { do: what, id, at } of steps) {
        if (what === "set") known.set(id, at);
        else if (what === "void") known.void(id);
        else if (what === "begin") known.begin();
        else known.inherit([[id, at]]);
        if (what === "begin") last.clear();
        last.set(id, what === "set" ? at : what === "void" ? 0 : what === "inherit" ? Math.min(at, bornAt) : bornAt);
        for (const [each, most] of last) expect(known.at(each)).toBeLessThanOrEqual(most);
        expect([...known.entries()].length).toBeLessThanOrEqual(256);
      }
    }),
    { numRuns: 100 },
  );
});
