// Turns a zod schema into a structural schema: the subset of JSON schema that a CustomResourceDefinition may hold.
import { z } from "zod";
import type { CelRule } from "./rules.ts";

export interface Structural {
  type?: "object" | "array" | "string" | "integer" | "number" | "boolean";
  description?: string;
  default?: unknown;
  properties?: Record<string, Structural>;
  required?: string[];
  additionalProperties?: Structural;
  items?: Structural;
  enum?: unknown[];
  format?: string;
  pattern?: string;
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: boolean;
  exclusiveMaximum?: boolean;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  maxProperties?: number;
  "x-kubernetes-validations"?: CelRule[];
  "x-kubernetes-int-or-string"?: true;
  "x-kubernetes-list-type"?: "atomic" | "set" | "map";
  "x-kubernetes-list-map-keys"?: string[];
  [keyword: string]: unknown;
}

/** zod's bounds of int(): they are JavaScript's, not the field's. */
const isNoise = (bound: unknown): boolean => bound === Number.MAX_SAFE_INTEGER || bound === Number.MIN_SAFE_INTEGER;

const without = (node: Structural, key: string): Structural => Object.fromEntries(Object.entries(node).filter(([name]) => name !== key));

const intOrString = (node: Structural, at: string): Structural => {
  const branches = (node["anyOf"] as Structural[] | undefined)?.map((branch) => branch.type);
  if (branches?.join() !== "integer,string") throw new Error(`${at}: x-kubernetes-int-or-string stands for a union of an integer and a string, not of ${branches?.join(" and ") ?? "nothing"}`);
  return without(node, "anyOf");
};

const integer = (node: Structural): Structural => {
  const { minimum, maximum, ...rest } = node;
  const is32 = minimum !== undefined && maximum !== undefined && minimum >= -(2 ** 31) && maximum < 2 ** 31;
  return { ...rest, format: is32 ? "int32" : "int64", ...(!isNoise(minimum) && { minimum }), ...(!isNoise(maximum) && { maximum }) };
};

/** Fixes what zod says differently; what may not be said at all is left for the lint to name. */
const normalise = (given: Structural, at: string): Structural => {
  let node = without(given, "readOnly");
  if (node["x-kubernetes-int-or-string"]) node = intOrString(node, at);
  if (node.type === "integer") node = integer(node);
  // zod's strictObject says false beside properties; the API server drops unknown fields anyway
  if (node.properties && (node.additionalProperties as unknown) === false) node = without(node, "additionalProperties");
  const children = (of: Record<string, Structural>) => Object.fromEntries(Object.entries(of).map(([name, child]) => [name, normalise(child, `${at}.${name}`)]));
  const whole: Structural = {
    ...node,
    ...(node.properties && { properties: children(node.properties) }),
    ...(isSchema(node.additionalProperties) && { additionalProperties: normalise(node.additionalProperties, `${at}.*`) }),
    ...(isSchema(node.items) && { items: normalise(node.items, `${at}[]`) }),
  };
  return inReadingOrder({ ...whole, ...(isSchema(whole.default) && { default: filled(whole.default, whole) }) });
};

const readFirst = ["description", "type", "format", "x-kubernetes-int-or-string", "enum", "default"];
const readLast = ["required", "properties", "additionalProperties", "items"];

/** What a field is, then its bounds, then what is inside it. */
const inReadingOrder = (node: Structural): Structural => {
  const rank = (key: string) => (readFirst.includes(key) ? readFirst.indexOf(key) - readFirst.length : readLast.indexOf(key) + 1);
  return Object.fromEntries(Object.entries(node).toSorted(([a], [b]) => rank(a) - rank(b)));
};

/** The API server checks the rules of a default before it fills in the defaults below, so a default has to be complete. */
const filled = (value: Record<string, unknown>, { properties = {} }: Structural): Record<string, unknown> => {
  const below = Object.entries(properties).flatMap(([name, child]) => (child.default === undefined ? [] : [[name, child.default]]));
  return { ...Object.fromEntries(below), ...value };
};

const isSchema = (value: unknown): value is Structural => typeof value === "object" && value !== null && !Array.isArray(value);

// zod keeps what a schema was made from in this one documented place
// oxlint-disable-next-line no-underscore-dangle
const definition = <D>(part: { _zod: { def: D } }): D => part._zod.def;

/** JSON schema cannot hold code, so zod drops it without a word. Throws where that would lose a check. */
const demandRules = (schema: z.core.$ZodType, json: Record<string, unknown>, at: string): void => {
  const def = definition(schema);
  const refinements = (def.checks ?? []).filter((check) => definition(check).check === "custom").length;
  const rules = (json["x-kubernetes-validations"] as unknown[] | undefined)?.length ?? 0;
  const bound = json["maxProperties"] === undefined ? 0 : 1;
  if (refinements > rules + bound) throw new Error(`${at}: ${refinements} refinements but ${rules} CEL rules; write both with withRules`);
  if (def.type === "pipe" && json["x-kubernetes-int-or-string"] !== true) throw new Error(`${at}: the API server transforms nothing; only a number may become text`);
  if (def.type === "record") {
    const key = definition((def as z.core.$ZodRecordDef).keyType);
    if (key.type !== "string" || (key.checks ?? []).length > 0) throw new Error(`${at}: a CRD cannot bound the keys of a map; write a CEL rule over the keys`);
  }
};

/** Throws where the schema says something that a CRD could not repeat. `at` names it in messages. */
export const structural = (schema: z.ZodType, at = "schema"): Structural => {
  const json = z.toJSONSchema(schema, {
    target: "openapi-3.0",
    // what a user may write; "output" would forbid unknown fields and require those with defaults
    io: "input",
    unrepresentable: "throw",
    override: ({ zodSchema, jsonSchema, path }) => demandRules(zodSchema, jsonSchema, [at, ...path].join(".")),
  });
  return normalise(json as Structural, at);
};
