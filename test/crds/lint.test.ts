// The lint bites: one bad schema for each of its rules, each different from a good one in one place.
import { resourceSchema } from "#crds/crd";
import { lintStructural } from "#crds/lint";
import type { Structural } from "#crds/structural";
import { describe, expect, test } from "vitest";

const good: Structural = {
  type: "object",
  properties: {
    text: { description: "Text.", type: "string", maxLength: 10, default: "a" },
    count: { description: "Count.", type: "integer", format: "int32", minimum: 0, maximum: 9 },
    amount: { description: "Amount.", "x-kubernetes-int-or-string": true, maxLength: 20, default: "1Mi" },
    choice: { description: "Choice.", type: "string", enum: ["A", "B"], default: "A" },
    map: {
      description: "Map.",
      type: "object",
      additionalProperties: { type: "string", maxLength: 10 },
      maxProperties: 4,
      "x-kubernetes-validations": [{ rule: "self.all(k, k.size() <= 9)", message: "keys have at most 9 characters" }],
    },
    list: {
      description: "List.",
      type: "array",
      maxItems: 4,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["name"],
      items: { type: "object", required: ["name"], properties: { name: { description: "Name.", type: "string", maxLength: 10 } } },
    },
    inner: { description: "Inner.", type: "object", default: { flag: true }, properties: { flag: { description: "Flag.", type: "boolean", default: true } } },
  },
};

/** The good schema with keywords of one field replaced; undefined removes a keyword. */
const spoilt = (name: string, change: Record<string, unknown>): Structural => {
  const field = Object.fromEntries(Object.entries({ ...good.properties?.[name], ...change }).filter(([, value]) => value !== undefined));
  return { ...good, properties: { ...good.properties, [name]: field } };
};

test("what we ship is clean", () => {
  const { spec = {}, status = {} } = resourceSchema().properties ?? {};
  expect(lintStructural(spec, "spec")).toEqual([]);
  expect(lintStructural(status, "status")).toEqual([]);
});

test("the good schema is clean", () => expect(lintStructural(good)).toEqual([]));

const rule = (text: string, message = "must be so") => ({ "x-kubernetes-validations": [{ rule: text, message }] });

describe("bites", () => {
  const cases: [problem: string, field: string, change: Record<string, unknown>][] = [
    ["$ref is not allowed", "text", { $ref: "#/definitions/x" }],
    ["allOf is not allowed", "text", { allOf: [{}] }],
    ["anyOf is not allowed", "amount", { anyOf: [{ type: "integer" }, { type: "string" }] }],
    ["oneOf is not allowed", "inner", { oneOf: [] }],
    ["not is not allowed", "text", { not: {} }],
    ["nullable is not allowed", "text", { nullable: true }],
    ["readOnly is not allowed", "text", { readOnly: true }],
    ["propertyNames is not allowed", "map", { propertyNames: { maxLength: 3 } }],
    ["patternProperties is not allowed: not part of a structural schema", "map", { patternProperties: {} }],
    ["uniqueItems is not allowed: not part of a structural schema", "list", { uniqueItems: true }],
    ["needs one type", "text", { type: undefined }],
    ["needs one type", "text", { type: ["string", "null"] }],
    ["x-kubernetes-int-or-string stands without a type", "amount", { type: "string" }],
    ["both properties and additionalProperties", "inner", { additionalProperties: { type: "string", maxLength: 3 } }],
    ["an object without fields would lose everything", "inner", { properties: undefined, default: undefined }],
    ["additionalProperties must be a schema", "map", { additionalProperties: true }],
    ["a map needs maxProperties", "map", { maxProperties: undefined }],
    ["a map needs a CEL rule that bounds the size of its keys", "map", rule("self.all(k, k != 'a')")],
    ["a string needs maxLength or enum", "text", { maxLength: undefined }],
    ["an integer or string needs maxLength", "amount", { maxLength: undefined }],
    ["a list needs maxItems", "list", { maxItems: undefined }],
    ["a list needs one schema for its items", "list", { items: [{ type: "string" }], "x-kubernetes-list-type": undefined, "x-kubernetes-list-map-keys": undefined }],
    ["x-kubernetes-list-map-keys needs list-type map", "list", { "x-kubernetes-list-type": "atomic" }],
    ['list-map key "id" must be a required field', "list", { "x-kubernetes-list-map-keys": ["id"] }],
    ["a number needs a minimum", "count", { minimum: undefined }],
    ["an integer needs format int32 or int64", "count", { format: undefined }],
    ["9007199254740991 is JavaScript's bound", "count", { maximum: Number.MAX_SAFE_INTEGER }],
    ["format uuid is checked nowhere", "text", { format: "uuid" }],
    ["enum value 1 is no string", "choice", { enum: ["A", 1] }],
    ["enum repeats a value", "choice", { enum: ["A", "A"] }],
    ['default "C" is not in the enum', "choice", { default: "C" }],
    ["default 1 is no string", "text", { default: 1 }],
    ["default 1 is no string", "amount", { default: 1 }],
    ["default 1.5 is no integer", "count", { default: 1.5 }],
    ["requires gone, which is no field", "inner", { required: ["gone"] }],
    ["requires flag, which has a default", "inner", { required: ["flag"] }],
    ["defaults below inner are not reached", "inner", { default: undefined }],
    ["text needs a description", "text", { description: undefined }],
    ["text needs a description", "text", { description: "no sentence" }],
    ["the pattern is not RE2", "text", { pattern: "^(?=a)" }],
    ["the pattern is not RE2", "text", { pattern: "(a)\\1" }],
    ["the pattern is not RE2", "text", { pattern: "a{1,1001}" }],
    ["a rule must be one line of CEL", "text", rule(" ")],
    ["a rule needs a message", "text", rule("self != ''", "")],
    ["a rule's expression is not RE2", "text", rule('self.matches(r"^(?!a)")')],
  ];
  test.each(cases)("%s (%s)", (problem, field, change) => {
    const problems = lintStructural(spoilt(field, change));
    expect(problems.join("\n")).toContain(problem);
    expect(problems.every((line) => line.startsWith("schema"))).toBe(true);
  });

  test("inside items and maps, with the path", () => {
    expect(lintStructural(spoilt("list", { items: { type: "object", required: ["name"], properties: { name: { description: "Name.", type: "string" } } } }))).toEqual(["schema.list[].name: a string needs maxLength or enum"]);
    expect(lintStructural(spoilt("map", { additionalProperties: { type: "string" } }))).toEqual(["schema.map.*: a string needs maxLength or enum"]);
  });
});

test("RE2 takes what looks alike", () => {
  for (const pattern of ["^(a|b)$", "(?:a)", "a{1,1000}", "\\.", "a{1000}"]) expect(lintStructural(spoilt("text", { pattern }))).toEqual([]);
});
