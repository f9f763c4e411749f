// The recorded KVResponders are valid, say what conditions may say, and have the health that is expected of them.
import { conditionReasons, type ConditionType } from "#crds/conditions";
import { specSchema } from "#crds/kvresponder";
import { statusSchema } from "#crds/status";
import { describe, expect, test } from "vitest";
import { fixtures, healthCases } from "./fixtures.ts";
import { loadLua } from "./lua.ts";
import { healthScript } from "./scripts.ts";

const run = loadLua(healthScript);

test("each has an expectation, and there are enough", () => {
  expect(healthCases.map((c) => c.inputPath).toSorted()).toEqual(Object.keys(fixtures).map((name) => `testdata/${name}.yaml`).toSorted());
  expect(healthCases.length).toBeGreaterThanOrEqual(12);
  expect(new Set(healthCases.map((c) => c.healthStatus.status)).size).toBe(4);
});

test.each(healthCases)("$inputPath is $healthStatus.status", ({ inputPath, healthStatus }) => {
  expect(run(fixtures[inputPath.slice("testdata/".length, -".yaml".length)] ?? {}).result).toEqual(healthStatus);
});

describe.each(Object.entries(fixtures))("%s", (_, { apiVersion, kind, spec, status }) => {
  // a default that is newer than the recording may come on top
  test("is a KVResponder that the schema accepts, and of which it drops nothing", () => {
    expect([apiVersion, kind]).toEqual(["kvresponder.io/v1alpha1", "KVResponder"]);
    expect(specSchema.parse(spec)).toMatchObject(spec);
    if (status) expect(statusSchema.parse(status)).toMatchObject(status);
  });

  test("has conditions and reasons of the closed sets", () => {
    for (const { type, reason } of status?.conditions ?? []) expect(conditionReasons[type as ConditionType], type).toContain(reason);
  });
});
