// Reads managedFields: which paths of a live object a server-side-apply manager owns. FieldsV1 is described in KEP-555 and structured-merge-diff.
import type { KubeObject } from "../objects.ts";

/** A set of paths as a tree: "f:name" a field, "k:{...}" an item of a keyed list, "v:..." an item of a set, "." the node itself. */
export type FieldSet = { readonly [step: string]: unknown };

export type Json = Record<string, unknown>;

export const isRecord = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);

/** What the manager has applied to the main resource; undefined when it never did. There is one entry a manager, whatever the version it applied in. */
export const appliedFields = (live: KubeObject, manager: string): FieldSet | undefined => {
  const entry = live.metadata.managedFields?.find((e) => e.manager === manager && e.operation === "Apply" && (e.subresource ?? "") === "");
  return entry && (entry.fieldsV1 ?? {});
};

/** Steps below a node; "." names the node itself. */
export const stepsOf = (node: FieldSet): string[] => Object.keys(node).filter((step) => step !== ".");

export const below = (node: FieldSet, step: string): FieldSet | undefined => {
  const child = Object.hasOwn(node, step) ? node[step] : undefined;
  return isRecord(child) ? child : undefined;
};

/** A node without steps is owned as a whole: a scalar, an empty value, or an atomic list or map. */
export const isLeaf = (node: FieldSet): boolean => stepsOf(node).length === 0;

/** The keys of a "k:" step: {"name":"responder"}. */
export const keysOf = (step: string): Json => JSON.parse(step.slice(2)) as Json;

/** Position of the item that has exactly these keys. Live items carry all of them, defaults included. */
export const indexByKeys = (list: unknown, keys: Json): number =>
  Array.isArray(list) ? list.findIndex((item) => isRecord(item) && Object.entries(keys).every(([k, v]) => item[k] === v)) : -1;

/** Same JSON, whatever the order of keys. */
export const sameJson = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((v, i) => sameJson(v, b[i]));
  if (!isRecord(a) || !isRecord(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((k) => Object.hasOwn(b, k) && sameJson(a[k], b[k]));
};

export interface OwnedLeaf {
  /** FieldsV1 steps from the root: the same leaf, wherever in its list it stands. */
  readonly steps: readonly string[];
  /** Where it is in the live object: field names, and positions in lists. */
  readonly path: readonly (string | number)[];
  /** For an atomic list or map: all of it. */
  readonly value: unknown;
}

/** What of a value the manager owns by this set: as it would have to be applied again to change nothing. */
export const ownedPart = (owned: FieldSet, value: unknown): unknown => {
  if (isLeaf(owned)) return value;
  const parts = stepsOf(owned).flatMap((step): [string | number, unknown][] => {
    const position = locate(step, value);
    return position === undefined ? [] : [[position, ownedPart(below(owned, step) ?? {}, (value as Record<string | number, unknown>)[position])]];
  });
  return Array.isArray(value) ? parts.sort(([a], [b]) => Number(a) - Number(b)).map(([, part]) => part) : Object.fromEntries(parts);
};

/** Every leaf that the manager owns and that the live object has. (An owned zero value may be left out by the server.) */
export const ownedLeaves = (live: KubeObject, manager: string): OwnedLeaf[] => {
  const found: OwnedLeaf[] = [];
  const visit = (node: FieldSet, value: unknown, path: readonly (string | number)[], steps: readonly string[]): void => {
    if (value === undefined) return;
    if (isLeaf(node)) {
      found.push({ steps, path, value });
      return;
    }
    for (const step of stepsOf(node)) {
      const position = locate(step, value);
      const child = below(node, step);
      if (position !== undefined && child) visit(child, (value as Record<string | number, unknown>)[position], [...path, position], [...steps, step]);
    }
  };
  const fields = appliedFields(live, manager);
  if (fields && !isLeaf(fields)) visit(fields, live, [], []);
  return found;
};

const locate = (step: string, value: unknown): string | number | undefined => {
  if (step.startsWith("f:")) return isRecord(value) && Object.hasOwn(value, step.slice(2)) ? step.slice(2) : undefined;
  const index = step.startsWith("k:")
    ? indexByKeys(value, keysOf(step))
    : step.startsWith("v:") && Array.isArray(value)
      ? value.findIndex((v) => sameJson(v, JSON.parse(step.slice(2))))
      : -1;
  return index < 0 ? undefined : index;
};
