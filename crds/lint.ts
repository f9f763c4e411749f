// Lints a structural schema: what the API server refuses, and what it would accept but nobody should ship.
import type { CelRule } from "./rules.ts";
import type { Structural } from "./structural.ts";

interface Finding {
  readonly at: string;
  readonly problem: string;
}

type Check = (node: Structural, at: string) => string | undefined | readonly string[];

const known = new Set(
  [
    "type description default properties required additionalProperties items enum format pattern",
    "minimum maximum exclusiveMinimum exclusiveMaximum minLength maxLength minItems maxItems maxProperties",
    "x-kubernetes-validations x-kubernetes-int-or-string x-kubernetes-list-type x-kubernetes-list-map-keys",
  ].flatMap((line) => line.split(" ")),
);

const why: Record<string, string> = {
  $ref: "give no schema an id and let none contain itself",
  definitions: "give no schema an id and let none contain itself",
  allOf: "say it in one schema",
  anyOf: "flatten unions into optional fields and a CEL rule; an integer or string needs x-kubernetes-int-or-string",
  oneOf: "flatten unions into optional fields and a CEL rule",
  not: "say it as a CEL rule",
  nullable: "an explicit null would be stored; make the field optional",
  readOnly: "a CRD does not know it",
  propertyNames: "say it as a CEL rule over the keys",
};

const types = new Set(["object", "array", "string", "integer", "number", "boolean"]);
const typeOf = (value: unknown): string => (Array.isArray(value) ? "array" : value === null ? "null" : typeof value);
const fits = (value: unknown, type: string | undefined): boolean => (type === "integer" ? Number.isInteger(value) : type === undefined || typeOf(value) === type);

const rulesOf = (node: Structural): readonly CelRule[] => node["x-kubernetes-validations"] ?? [];

/** RE2 has neither look-around nor back references, and repeats at most 1,000 times. */
const notRe2 = (text: string): boolean => /\(\?[=!<]|\\[1-9]|\{\d*,?(\d{5,}|[2-9]\d{3}|1[1-9]\d{2}|10[1-9]\d|100[1-9])\}/.test(text);

const hasDefaults = (node: Structural): boolean => node.default !== undefined || Object.values(node.properties ?? {}).some(hasDefaults);

const checks: readonly Check[] = [
  (node) => Object.keys(node).flatMap((key) => (known.has(key) ? [] : [`${key} is not allowed: ${why[key] ?? "not part of a structural schema"}`])),
  (node) => {
    if (node["x-kubernetes-int-or-string"]) return node.type === undefined ? undefined : "x-kubernetes-int-or-string stands without a type";
    return types.has(node.type ?? "") ? undefined : "needs one type (any, unknown and tuples have none)";
  },
  (node) => (node.properties && node.additionalProperties ? "has both properties and additionalProperties" : undefined),
  (node) => (node.type === "object" && !node.properties && !node.additionalProperties ? "an object without fields would lose everything written into it" : undefined),
  (node) => (node.additionalProperties !== undefined && typeOf(node.additionalProperties) !== "object" ? "additionalProperties must be a schema" : undefined),
  (node) => {
    if (!node.additionalProperties) return undefined;
    return [
      ...(node.maxProperties === undefined ? ["a map needs maxProperties"] : []),
      ...(rulesOf(node).some(({ rule }) => /self\.all\(\w+, .*size\(\)/.test(rule)) ? [] : ["a map needs a CEL rule that bounds the size of its keys"]),
    ];
  },
  (node) => (node.type === "string" && !node.enum && node.maxLength === undefined ? "a string needs maxLength or enum" : undefined),
  (node) => (node["x-kubernetes-int-or-string"] && node.maxLength === undefined ? "an integer or string needs maxLength" : undefined),
  (node) => {
    if (node.type !== "array") return undefined;
    return [...(node.maxItems === undefined ? ["a list needs maxItems"] : []), ...(typeOf(node.items) === "object" ? [] : ["a list needs one schema for its items"])];
  },
  (node) => {
    if (node["x-kubernetes-list-type"] !== "map") return node["x-kubernetes-list-map-keys"] ? "x-kubernetes-list-map-keys needs list-type map" : undefined;
    const { properties = {}, required = [] } = node.items ?? {};
    return (node["x-kubernetes-list-map-keys"] ?? [""]).flatMap((key) =>
      properties[key] && (required.includes(key) || properties[key].default !== undefined) ? [] : [`list-map key ${JSON.stringify(key)} must be a required field of the items`],
    );
  },
  (node) => {
    if (node.type !== "integer" && node.type !== "number") return undefined;
    return node.minimum === undefined ? "a number needs a minimum" : undefined;
  },
  (node) => (node.type === "integer" && !/^int(32|64)$/.test(node.format ?? "") ? "an integer needs format int32 or int64" : undefined),
  (node) => [node.minimum, node.maximum].flatMap((bound) => (Math.abs(bound ?? 0) >= Number.MAX_SAFE_INTEGER ? [`${bound} is JavaScript's bound, not the field's`] : [])),
  (node) => (node.format !== undefined && !/^(int32|int64|date-time)$/.test(node.format) ? `format ${node.format} is checked nowhere` : undefined),
  (node) => {
    if (!node.enum) return undefined;
    const misfits = node.enum.filter((value) => !fits(value, node.type));
    return [...misfits.map((value) => `enum value ${JSON.stringify(value)} is no ${node.type}`), ...(new Set(node.enum).size < node.enum.length ? ["enum repeats a value"] : [])];
  },
  (node) => {
    if (node.default === undefined) return undefined;
    if (node["x-kubernetes-int-or-string"] ? !fits(node.default, "string") : !fits(node.default, node.type)) return `default ${JSON.stringify(node.default)} is no ${node.type ?? "string"}`;
    return node.enum && !node.enum.includes(node.default) ? `default ${JSON.stringify(node.default)} is not in the enum` : undefined;
  },
  (node) =>
    (node.required ?? []).flatMap((name) => {
      const field = node.properties?.[name];
      if (!field) return [`requires ${name}, which is no field of it`];
      return field.default === undefined ? [] : [`requires ${name}, which has a default`];
    }),
  (node) =>
    Object.entries(node.properties ?? {}).flatMap(([name, child]) => [
      ...(hasDefaults(child) && child.default === undefined && node.required?.includes(name) !== true ? [`defaults below ${name} are not reached while it is absent; add prefault({})`] : []),
      ...(/^[A-Z].*[.:]$/s.test(child.description ?? "") ? [] : [`${name} needs a description: a sentence that begins with a capital and ends with a full stop`]),
    ]),
  (node) => (node.pattern !== undefined && notRe2(node.pattern) ? "the pattern is not RE2" : undefined),
  (node) =>
    rulesOf(node).flatMap(({ rule, message }) => [
      ...(rule.trim() === "" || /\n/.test(rule) ? ["a rule must be one line of CEL"] : []),
      ...(message.trim() === "" || /\n/.test(message) || message.length > 2048 ? ["a rule needs a message of one line"] : []),
      ...([...rule.matchAll(/matches\(r?"([^"]*)"/g)].some(([, text = ""]) => notRe2(text)) ? ["a rule's expression is not RE2"] : []),
    ]),
];

const findings = (node: Structural, at: string): readonly Finding[] => [
  ...checks.flatMap((check) => [check(node, at) ?? []].flat().map((problem) => ({ at, problem }))),
  ...Object.entries(node.properties ?? {}).flatMap(([name, child]) => findings(child, `${at}.${name}`)),
  ...(typeOf(node.additionalProperties) === "object" ? findings(node.additionalProperties as Structural, `${at}.*`) : []),
  ...(typeOf(node.items) === "object" ? findings(node.items as Structural, `${at}[]`) : []),
];

/** One line for each problem, with the path of the field; empty when the schema is fit to ship. */
export const lintStructural = (schema: Structural, at = "schema"): string[] => findings(schema, at).map(({ at: path, problem }) => `${path}: ${problem}`);
