import fc from "fast-check";
import { expect, test } from "vitest";
import { afterLookup, emptiesBelieved, hostsOf, isDoubtful, nothingHeld, type LastGood } from "../../../responder/peers/last-good.ts";
import type { FamilyAnswer, Lookup } from "../../../responder/peers/lookup.ts";

const found = (v4: FamilyAnswer, v6: FamilyAnswer = [], ttl = 5): Lookup => ({ result: "ok", name: "peers.example", families: [v4, v6], ttl });
const empty: Lookup = { result: "empty" };
const failed: Lookup = { result: "failed", error: new Error("no") };
const after = (...lookups: readonly Lookup[]): LastGood => lookups.reduce(afterLookup, nothingHeld);
const times = (n: number, lookup: Lookup): Lookup[] => Array<Lookup>(n).fill(lookup);

test("both families are held, and what the last answer lacks is gone", () => {
  expect(hostsOf(after(found(["10.0.0.1", "10.0.0.2"], ["fd00::1"])))).toEqual(["10.0.0.1", "10.0.0.2", "fd00::1"]);
  expect(hostsOf(after(found(["10.0.0.1", "10.0.0.2"]), found(["10.0.0.2"])))).toEqual(["10.0.0.2"]);
});

test("a family that fails keeps what it had beside one that answers", () => {
  expect(hostsOf(after(found(["10.0.0.1"], ["fd00::1"]), found(["10.0.0.2"], undefined)))).toEqual(["10.0.0.2", "fd00::1"]);
});

test("a family that is empty beside one that is not is doubted as long as any", () => {
  const both = found(["10.0.0.1"], ["fd00::1"]);
  expect(hostsOf(after(both, ...times(emptiesBelieved - 1, found(["10.0.0.1"]))))).toContain("fd00::1");
  expect(hostsOf(after(both, ...times(emptiesBelieved, found(["10.0.0.1"]))))).toEqual(["10.0.0.1"]);
});

test("a failure starts the count of empty answers anew", () => {
  const almost = times(emptiesBelieved - 1, empty);
  expect(hostsOf(after(found(["10.0.0.1"]), ...almost, failed, ...almost))).toEqual(["10.0.0.1"]);
  expect(hostsOf(after(found(["10.0.0.1"]), ...almost, empty))).toEqual([]);
});

test("the name lasts as long as its addresses", () => {
  expect(after(empty).name).toBeUndefined();
  expect(after(found(["10.0.0.1"]), empty, failed).name).toBe("peers.example");
  expect(after(found(["10.0.0.1"]), ...times(emptiesBelieved, empty)).name).toBeUndefined();
});

test("failures are counted until the next answer, an empty one too", () => {
  expect(after(failed, failed).failures).toBe(2);
  expect(after(failed, empty).failures).toBe(0);
});

test("doubtful: nobody but perhaps ourselves, or a set that the last answer does not confirm", () => {
  expect(isDoubtful(nothingHeld)).toBe(true);
  expect(isDoubtful(after(found(["10.0.0.1"], ["fd00::1"])))).toBe(true);
  const two = found(["10.0.0.1", "10.0.0.2"]);
  expect(isDoubtful(after(two))).toBe(false);
  expect(isDoubtful(after(two, empty))).toBe(true);
  expect(isDoubtful(after(two, empty, two))).toBe(false);
});

test("whatever comes, addresses go only after enough empty answers in a row, or for newer ones", () => {
  const lookup = fc.oneof({ weight: 6, arbitrary: fc.constant(empty) }, { weight: 1, arbitrary: fc.constant(failed) }, { weight: 1, arbitrary: fc.nat(3).map((n) => found([`10.0.0.${n}`])) });
  fc.assert(
    fc.property(fc.array(lookup, { maxLength: 120, size: "max" }), (lookups) => {
      let held = nothingHeld;
      let good: readonly string[] = [];
      let empties = 0;
      for (const lookup of lookups) {
        held = afterLookup(held, lookup);
        empties = lookup.result === "empty" ? empties + 1 : 0;
        if (lookup.result === "ok") good = lookup.families[0] ?? [];
        if (empties === emptiesBelieved) good = [];
        expect(hostsOf(held)).toEqual(good);
      }
    }),
  );
});
