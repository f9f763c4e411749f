// zod to structural schema: every construct that JSON schema says differently is fixed, and what a CRD cannot say is refused.
import { lintStructural } from "#crds/lint";
import { withRules } from "#crds/rules";
import { structural } from "#crds/structural";
import { describe, expect, test } from "vitest";
import { z } from "zod";

/** The one field of an object, as the generator emits it. */
const field = (schema: z.ZodType) => structural(z.object({ field: schema })).properties?.["field"];

describe("fixed", () => {
  test("int32 and int64 carry their format, without JavaScript's bounds", () => {
    expect(field(z.int32())).toEqual({ type: "integer", format: "int32", minimum: -2147483648, maximum: 2147483647 });
    expect(field(z.int32().min(0).max(16))).toEqual({ type: "integer", format: "int32", minimum: 0, maximum: 16 });
    expect(field(z.int())).toEqual({ type: "integer", format: "int64" });
    expect(field(z.int().min(0))).toEqual({ type: "integer", format: "int64", minimum: 0 });
  });

  test("a number or text becomes x-kubernetes-int-or-string, alone", () => {
    const amount = z
      .union([z.int(), z.string().max(20)])
      .meta({ "x-kubernetes-int-or-string": true, maxLength: 20 })
      .transform(String);
    expect(field(amount)).toEqual({ "x-kubernetes-int-or-string": true, maxLength: 20 });
  });

  test("readOnly goes", () => expect(field(z.string().readonly())).toEqual({ type: "string" }));

  test("a strict object forbids nothing: the API server drops unknown fields itself", () =>
    expect(field(z.strictObject({ a: z.boolean() }))).toEqual({ type: "object", properties: { a: { type: "boolean" } }, required: ["a"] }));

  test("a default of an object is complete, because the API server checks rules on it as it stands", () => {
    const inner = z.object({ a: z.int32().default(1), b: z.boolean().optional(), c: z.object({ d: z.string().default("e") }).prefault({}) }).prefault({});
    expect(field(inner)?.default).toEqual({ a: 1, c: { d: "e" } });
  });

  test("rules, list types and descriptions pass through defaults and optionals", () => {
    const list = z.array(z.object({ k: z.string() })).meta({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], description: "Things." });
    expect(field(list.default([]))).toMatchObject({ "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], description: "Things.", default: [] });
    const ruled = withRules(z.string(), [{ cel: "self != ''", message: "must not be empty", test: (s) => s !== "" }]);
    expect(field(ruled.optional())?.["x-kubernetes-validations"]).toEqual([{ rule: "self != ''", message: "must not be empty" }]);
  });

  test("what a field is comes before what bounds it and what is inside it", () =>
    expect(Object.keys(structural(z.object({ a: z.string() }).meta({ description: "An object." })))).toEqual(["description", "type", "required", "properties"]));
});

describe("refused at once, because the schema would lose a check", () => {
  const cases: Record<string, [z.ZodType, RegExp]> = {
    "a refinement without a rule": [z.string().refine((s) => s !== ""), /schema\.properties\.field: 1 refinements but 0 CEL rules/],
    "a refinement of the whole": [z.object({ a: z.string() }).refine(() => true), /1 refinements but 0 CEL rules/],
    "superRefine": [z.string().superRefine(() => undefined), /refinements/],
    "a refinement beside rules": [withRules(z.string(), [{ cel: "true", message: "m", test: () => true }]).refine(() => true), /2 refinements but 1 CEL rules/],
    "a refinement behind an optional": [z.string().optional().refine(() => true), /refinements/],
    "a transform": [z.string().transform((s) => s.length), /transforms nothing/],
    "bounded keys": [z.record(z.string().max(3), z.string()), /cannot bound the keys/],
    "enumerated keys": [z.partialRecord(z.enum(["a", "b"]), z.string()), /cannot bound the keys/],
    "a date": [z.date(), /[Dd]ate/],
    "a bigint": [z.bigint(), /[Bb]ig[Ii]nt/],
    "an int-or-string that is more": [z.union([z.int(), z.string(), z.boolean()]).meta({ "x-kubernetes-int-or-string": true }), /integer and string and boolean/],
  };
  test.each(Object.entries(cases))("%s", (_, [schema, message]) => expect(() => field(schema)).toThrow(message));
});

describe("left for the lint to name", () => {
  const named = z.object({ a: z.string().max(1) }).meta({ id: "named-for-the-test" });
  const recursive: z.ZodType = z.object({
    get child() {
      return recursive.optional();
    },
  });
  const cases: Record<string, [z.ZodType, string]> = {
    "an id, used twice": [z.object({ x: named, y: named }), "$ref is not allowed"],
    "recursion": [recursive, "$ref is not allowed"],
    "a union": [z.union([z.string(), z.boolean()]), "anyOf is not allowed"],
    "an int-or-string union without its mark": [z.union([z.int(), z.string()]), "anyOf is not allowed"],
    "a discriminated union": [z.discriminatedUnion("k", [z.object({ k: z.literal("a") }), z.object({ k: z.literal("b") })]), "oneOf is not allowed"],
    "a loose object": [z.looseObject({ a: z.boolean() }), "both properties and additionalProperties"],
    "any": [z.any(), "needs one type"],
    "unknown": [z.unknown(), "needs one type"],
    "a tuple": [z.tuple([z.string(), z.boolean()]), "anyOf is not allowed"],
    "null": [z.string().nullable(), "nullable is not allowed"],
    "a format that nothing checks": [z.email(), "format email is checked nowhere"],
  };
  test.each(Object.entries(cases))("%s", (_, [schema, problem]) => {
    expect(lintStructural(structural(z.object({ field: schema }))).join("\n")).toContain(problem);
  });
});
