// The actions of Argo CD: which are offered when, and what each changes. UPDATE_GOLDEN=1 writes what is expected of a recorded resource.
import { join } from "node:path";
import { annotation } from "#crds/names";
import { specSchema } from "#crds/kvresponder";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { expectGolden } from "../support/golden.ts";
import { actionCases, discoveryCases, type Fixture, fixtureAt } from "./fixtures.ts";
import { loadLua } from "./lua.ts";
import { actionNames, type ActionName, actionScript, customization, discoveryScript } from "./scripts.ts";

const now = "2026-02-03T04:05:06Z";
const discover = loadLua(discoveryScript);
const act = (name: ActionName, object: object): Fixture => loadLua(actionScript(name), now)(object).result as Fixture;

const annotated = (object: Fixture, key: string): Fixture => ({ ...object, metadata: { ...object.metadata, annotations: { ...(object.metadata["annotations"] as object | undefined), [key]: now } } });
const paused = (object: Fixture, to: boolean): Fixture => ({ ...object, spec: { ...object.spec, paused: to } });

/** What each is to change. */
const meant: Readonly<Record<ActionName, (object: Fixture) => Fixture>> = {
  pause: (object) => paused(object, true),
  resume: (object) => paused(object, false),
  restart: (object) => annotated(object, "kvresponder.io/restart"),
  "rotate-token": (object) => annotated(object, annotation.rotateToken),
};

/** Lua does not tell an empty object from an empty list; Argo CD mends that. */
const asLua = (object: object): unknown => JSON.parse(JSON.stringify(object).replaceAll("{}", "[]"));

describe("what is offered", () => {
  test.each(discoveryCases)("$inputPath", ({ inputPath, result }) => {
    const { result: offered, globals } = discover(fixtureAt(inputPath));
    expect(globals).toEqual([]);
    expect(Object.keys(offered as object).toSorted()).toEqual(actionNames);
    for (const { name, ...action } of result) expect((offered as Record<string, unknown>)[name]).toEqual(action);
  });

  test("a resource of which only a name is known can be paused, restarted and given a token", () => {
    const offered = discover({ metadata: { name: "a" } }).result as Record<string, { disabled: boolean }>;
    expect(actionNames.filter((name) => !offered[name]?.disabled)).toEqual(["pause", "restart", "rotate-token"]);
  });

  test("no pods, but an autoscaler: they can be restarted", () => {
    const offered = discover({ metadata: {}, spec: { replicas: 0, autoscaling: { maxReplicas: 3 } } }).result as Record<string, { disabled: boolean }>;
    expect(offered["restart"]?.disabled).toBe(false);
  });
});

describe("what is changed", () => {
  test.each(actionCases)("$action $inputPath", ({ action, input }) => {
    expect(act(action, input)).toEqual(asLua(meant[action](input)));
    expect(specSchema.safeParse(meant[action](input).spec).success).toBe(true);
  });

  test.each(actionNames)("%s, of a resource that has neither spec nor annotations", (action) => {
    const bare = { apiVersion: "a/v1", kind: "A", metadata: { name: "a" } };
    const made: Partial<Fixture> = act(action, bare);
    expect({ ...made, spec: made.spec ?? [] }).toEqual(asLua(meant[action]({ ...bare, spec: {} })));
  });

  test.each(actionNames)("%s leaves no global variable", (action) => expect(loadLua(actionScript(action))({ metadata: {} }).globals).toEqual([]));
});

test("what Argo CD's own test compares with", () => {
  for (const { action, input, expectedOutputPath } of actionCases) expectGolden(join(customization, "actions", expectedOutputPath), stringify(meant[action](input), { version: "1.1", lineWidth: 0 }));
});
