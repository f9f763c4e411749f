// Label selectors against what Kubernetes documents, as laws; test/product/selection.cluster.test.ts asks a real API server too.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { selectsAll, unmet, type LabelSelector } from "../../../operator/reconcile/label-selector.ts";
import { labelsArbitrary, selectorArbitrary } from "../../support/label-selectors.ts";

const selects = (selector: LabelSelector, labels: Record<string, string>): boolean => unmet(selector, labels).length === 0;

test.each<[string, LabelSelector, Record<string, string>, readonly string[] | "invalid"]>([
  ["nothing asked", {}, {}, []],
  ["fields that are null, as YAML has them", { matchLabels: null, matchExpressions: null }, { a: "1" }, []],
  ["a label as asked", { matchLabels: { release: "stack" } }, { release: "stack", other: "x" }, []],
  ["another value", { matchLabels: { release: "stack" } }, { release: "mine" }, ["release=stack"]],
  ["a label named as a property of every object", { matchExpressions: [{ key: "constructor", operator: "Exists" }] }, {}, ["constructor"]],
  ["In", { matchExpressions: [{ key: "team", operator: "In", values: ["b", "a"] }] }, { team: "c" }, ["team in (a,b)"]],
  ["In of an absent label", { matchExpressions: [{ key: "team", operator: "In", values: ["b", "a"] }] }, {}, ["team in (a,b)"]],
  ["NotIn holds for an absent label", { matchExpressions: [{ key: "team", operator: "NotIn", values: ["a"] }] }, {}, []],
  ["NotIn", { matchExpressions: [{ key: "team", operator: "NotIn", values: ["a"] }] }, { team: "a" }, ["team notin (a)"]],
  ["Exists, of an empty value too", { matchExpressions: [{ key: "team", operator: "Exists" }] }, { team: "" }, []],
  ["Exists", { matchExpressions: [{ key: "team", operator: "Exists" }] }, {}, ["team"]],
  ["DoesNotExist", { matchExpressions: [{ key: "team", operator: "DoesNotExist" }] }, { team: "" }, ["!team"]],
  ["all that is lacking, sorted", { matchLabels: { b: "1", c: "1" }, matchExpressions: [{ key: "a", operator: "Exists" }] }, { c: "1" }, ["a", "b=1"]],
  ["an operator that nobody knows", { matchExpressions: [{ key: "team", operator: "Like", values: ["a"] }] }, { team: "a" }, "invalid"],
  ["In without values", { matchExpressions: [{ key: "team", operator: "In", values: [] }] }, { team: "a" }, "invalid"],
  ["Exists with values", { matchExpressions: [{ key: "team", operator: "Exists", values: ["a"] }] }, { team: "a" }, "invalid"],
])("%s", (_, selector, labels, expected) => expect(unmet(selector, labels)).toEqual(expected));

describe("laws", () => {
  const opposite = { In: "NotIn", NotIn: "In", Exists: "DoesNotExist", DoesNotExist: "Exists" } as const;

  test("a selector selects when each requirement alone does, in any order", () => {
    fc.assert(
      fc.property(selectorArbitrary, labelsArbitrary, ({ matchLabels, matchExpressions }, labels) => {
        const alone = [
          ...Object.entries(matchLabels).map(([k, v]) => selects({ matchLabels: { [k]: v } }, labels)),
          ...matchExpressions.map((e) => selects({ matchExpressions: [e] }, labels)),
        ];
        expect(selects({ matchLabels, matchExpressions }, labels)).toBe(alone.every(Boolean));
        expect(unmet({ matchLabels, matchExpressions: matchExpressions.toReversed() }, labels)).toEqual(unmet({ matchLabels, matchExpressions }, labels));
        expect(unmet({ matchLabels, matchExpressions }, labels)).toHaveLength(alone.filter((a) => !a).length);
      }),
    );
  });

  test("an operator selects exactly what its opposite does not", () => {
    fc.assert(
      fc.property(selectorArbitrary, labelsArbitrary, ({ matchExpressions }, labels) => {
        for (const e of matchExpressions) expect(selects({ matchExpressions: [e] }, labels)).toBe(!selects({ matchExpressions: [{ ...e, operator: opposite[e.operator] }] }, labels));
      }),
    );
  });

  test("an object with exactly the labels asked for is selected; labels nobody asks for make no difference", () => {
    fc.assert(
      fc.property(labelsArbitrary, fc.string(), (labels, value) => {
        expect(selects({ matchLabels: labels }, labels)).toBe(true);
        expect(selects({ matchLabels: labels }, { ...labels, unasked: value })).toBe(true);
      }),
    );
  });

  test("who asks for nothing selects all, and only who asks for nothing", () => {
    fc.assert(
      fc.property(selectorArbitrary, labelsArbitrary, (selector, labels) => {
        if (selectsAll(selector)) expect(selects(selector, labels)).toBe(true);
        else expect([{}, { a: "1" }, { a: "2", b: "1", c: "3" }, labels].every((l) => selects(selector, l)) && selector.matchExpressions.length === 0).toBe(false);
      }),
    );
  });
});
