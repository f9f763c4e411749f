// Holds the tree to STYLE's arrows, and each rule to a violation planted beside the real sources.
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { arrowRules, violations } from "./support/arrows.ts";
import { readSources } from "./support/source-tree.ts";

const tree = readSources(resolve(import.meta.dirname, ".."));

test("the sources were found", () => {
  expect(tree.size).toBeGreaterThan(10);
  expect(tree.has("crds/kvresponder.ts")).toBe(true);
});

describe.each(arrowRules)("$name", (rule) => {
  test("holds", () => expect(violations(rule, tree)).toEqual([]));

  test("bites", () => {
    const planted = new Map(tree).set(rule.plant.path, rule.plant.text);
    expect(violations(rule, planted).some((v) => v.includes(rule.plant.path))).toBe(true);
  });
});
