// Random objects together with what the API server would note in managedFields after one manager applied them.
import fc from "fast-check";
import type { KubeObject } from "../../../operator/objects.ts";

/** An object as the server's schema sees it. */
export type Node =
  | { readonly t: "scalar"; readonly value: string | number | boolean }
  /** A struct or a granular map. */
  | { readonly t: "map"; readonly fields: Readonly<Record<string, Node>> }
  /** An atomic list or struct. */
  | { readonly t: "atomic"; readonly value: unknown }
  /** A list keyed by "name". */
  | { readonly t: "keyed"; readonly items: readonly { readonly name: string; readonly node: Extract<Node, { t: "map" }> }[] }
  | { readonly t: "set"; readonly values: readonly string[] };

type Json = Record<string, unknown>;

export const toJson = (node: Node): unknown => {
  switch (node.t) {
    case "map":
      return Object.fromEntries(Object.entries(node.fields).map(([k, n]) => [k, toJson(n)]));
    case "keyed":
      return node.items.map(({ name, node: item }) => ({ name, ...(toJson(item) as Json) }));
    case "set":
      return [...node.values];
    default:
      return structuredClone(node.value);
  }
};

export const toFields = (node: Node): Json => {
  switch (node.t) {
    case "map":
      return Object.fromEntries(Object.entries(node.fields).map(([k, n]) => [`f:${k}`, toFields(n)]));
    case "keyed":
      return Object.fromEntries(node.items.map(({ name, node: item }) => [`k:${JSON.stringify({ name })}`, { ".": {}, "f:name": {}, ...toFields(item) }]));
    case "set":
      return Object.fromEntries(node.values.map((v) => [`v:${JSON.stringify(v)}`, {}]));
    default:
      return {};
  }
};

// x-prefixed names are kept for foreign fields; __proto__ and the like are left out because JSON field names of Kubernetes never are
const fieldName = fc.stringMatching(/^[a-w][a-zA-Z./-]{0,6}$/).filter((k) => k !== "name" && !(k in {}));
const itemName = fc.stringMatching(/^[a-w][a-z0-9"\\]{0,4}$/);
const scalar: fc.Arbitrary<Node> = fc
  .oneof(fc.string({ minLength: 1 }), fc.integer({ min: 1 }), fc.constant(true))
  .map((value): Node => ({ t: "scalar", value }));
const atomic: fc.Arbitrary<Node> = fc
  .array(fc.oneof(fc.string(), fc.record({ a: fc.string({ minLength: 1 }), b: fc.integer({ min: 1 }) })), { minLength: 1, maxLength: 3 })
  .map((value): Node => ({ t: "atomic", value }));
const set: fc.Arbitrary<Node> = fc.uniqueArray(itemName, { minLength: 1, maxLength: 3 }).map((values): Node => ({ t: "set", values }));

export const mapNode: fc.Memo<Extract<Node, { t: "map" }>> = fc.memo((depth) =>
  fc
    .dictionary(fieldName, depth > 1 ? fc.oneof(scalar, scalar, atomic, set, mapNode(depth - 1), keyed(depth - 1)) : scalar, { minKeys: 1, maxKeys: 4 })
    .map((fields) => ({ t: "map" as const, fields: { ...fields } })),
);
const keyed: fc.Memo<Node> = fc.memo((depth) =>
  fc
    .uniqueArray(fc.record({ name: itemName, node: mapNode(depth) }), { minLength: 1, maxLength: 3, selector: (i) => i.name })
    .map((items): Node => ({ t: "keyed", items })),
);

export const manager = "ours";

export const wantedOf = (spec: Node): KubeObject => ({ apiVersion: "v1", kind: "Thing", metadata: { name: "a", namespace: "b" }, spec: toJson(spec) });

/** The live object right after we applied it. */
export const appliedOf = (spec: Node): KubeObject => {
  const wanted = wantedOf(spec);
  const entry = { manager, operation: "Apply" as const, apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: { "f:spec": toFields(spec) } };
  return { ...wanted, metadata: { ...wanted.metadata, uid: "u", resourceVersion: "1", managedFields: [entry] } };
};
