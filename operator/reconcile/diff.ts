// Decides whether a live object says what we want, and only that, of the fields that are ours. Pure.
//
// The live object's managedFields tell how the API server treats each list (keyed, set or atomic) and what we own, so no table of merge keys is needed.
// Equal means: every leaf we want is owned by us and has our value, and we own nothing else. Server defaults and other managers' fields do not count.
import { parseNano } from "#crds/quantity";
import type { KubeObject } from "../objects.ts";
import { appliedFields, below, indexByKeys, isLeaf, isRecord, keysOf, sameJson, stepsOf, type FieldSet, type Json } from "./fields-v1.ts";

export { ownedLeaves, type OwnedLeaf } from "./fields-v1.ts";

export type DifferenceReason =
  /** The manager has never applied this object. */
  | "unapplied"
  /** The live object lacks it and we do not own it: newly wanted, or removed by somebody. */
  | "missing"
  /** The live object has it but we do not own it: newly wanted, or taken over by somebody. */
  | "foreign"
  /** We own it, with another value: what we want has changed. */
  | "changed"
  /** We own it but no longer want it. */
  | "unwanted";

export interface Difference {
  /** "spec.template.spec.containers[name=responder].image"; "" for the whole object. */
  readonly path: string;
  readonly reason: DifferenceReason;
}

/** metadata that names the object instead of being applied: the server keeps it out of managedFields. */
const identity = new Set(["name", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink"]);

/** The first difference, in the order of `desired`; undefined when an apply would change nothing. */
export const differs = (desired: KubeObject, live: KubeObject, manager: string): Difference | undefined => {
  const owned = appliedFields(live, manager);
  if (!owned) return { path: "", reason: "unapplied" };
  const { apiVersion: _, kind: __, metadata, ...rest } = desired;
  const wantedMetadata = Object.fromEntries(Object.entries(metadata).filter(([k]) => !identity.has(k)));
  const wanted: Json = Object.keys(wantedMetadata).length > 0 ? { metadata: wantedMetadata, ...rest } : rest;
  return compareFields(wanted, live, owned, []);
};

type Path = readonly string[];

const difference = (path: Path, reason: DifferenceReason): Difference => ({ path: path.join(".").replaceAll(".[", "["), reason });

const compare = (wanted: unknown, live: unknown, owned: FieldSet | undefined, path: Path): Difference | undefined => {
  // an empty map asks for nothing in it, and stops being ours as soon as somebody puts something in
  if (isRecord(wanted) && Object.keys(wanted).length === 0 && isRecord(live)) return owned && !isLeaf(owned) ? compareFields({}, live, owned, path) : undefined;
  if (!owned) return difference(path, live === undefined ? "missing" : "foreign");
  // owned as a whole; an owned zero value may be absent because the server leaves it out when it writes JSON
  if (isLeaf(owned)) return (live === undefined && isZero(wanted)) || covers(wanted, live, path) ? undefined : difference(path, "changed");
  if (isRecord(wanted)) return compareFields(wanted, isRecord(live) ? live : {}, owned, path);
  if (Array.isArray(wanted)) return compareItems(wanted, live, owned, path);
  return difference(path, "changed");
};

const compareFields = (wanted: Json, live: Json, owned: FieldSet, path: Path): Difference | undefined => {
  for (const [name, value] of Object.entries(wanted)) {
    if (value === undefined) continue;
    const found = compare(value, live[name], below(owned, `f:${name}`), [...path, name]);
    if (found) return found;
  }
  const extra = stepsOf(owned).find((step) => !step.startsWith("f:") || wanted[step.slice(2)] === undefined);
  return extra === undefined ? undefined : difference([...path, label(extra)], "unwanted");
};

const compareItems = (wanted: readonly unknown[], live: unknown, owned: FieldSet, path: Path): Difference | undefined => {
  const unclaimed = new Set(stepsOf(owned));
  const list: readonly unknown[] = Array.isArray(live) ? live : [];
  for (const item of fullestFirst(wanted, [...unclaimed])) {
    const step = [...unclaimed].find((s) => names(s, item));
    if (step === undefined) return difference([...path, describe(item, [...stepsOf(owned)])], "missing");
    unclaimed.delete(step);
    const at = step.startsWith("k:") ? indexByKeys(list, keysOf(step)) : list.findIndex((v) => sameJson(v, item));
    const here = [...path, label(step)];
    // owned but not there: cannot be, since whoever removes an item takes it out of our set
    if (at < 0) return difference(here, "missing");
    const found = step.startsWith("k:") ? compare(item, list[at], below(owned, step), here) : undefined;
    if (found) return found;
  }
  const [extra] = unclaimed;
  return extra === undefined ? undefined : difference([...path, label(extra)], "unwanted");
};

/** Whether the step of a keyed list or a set names this wanted item. A key the item leaves out (ports' protocol) has been defaulted by the server. */
const names = (step: string, item: unknown): boolean => {
  if (step.startsWith("v:")) return sameJson(JSON.parse(step.slice(2)), item);
  return step.startsWith("k:") && isRecord(item) && Object.entries(keysOf(step)).every(([k, v]) => item[k] === undefined || item[k] === v);
};

/** Items that spell out all their keys choose their step before those that lean on defaults. */
const fullestFirst = (wanted: readonly unknown[], steps: readonly string[]): unknown[] => {
  const first = steps.find((s) => s.startsWith("k:"));
  if (first === undefined) return [...wanted];
  const keys = Object.keys(keysOf(first));
  const full = (item: unknown): boolean => isRecord(item) && keys.every((k) => item[k] !== undefined);
  return [...wanted.filter(full), ...wanted.filter((item) => !full(item))];
};

/** `live` has all of `wanted`; lists have the same length and order. Extra fields of live are defaults: a foreign writer would have taken the whole from us. */
const covers = (wanted: unknown, live: unknown, path: Path): boolean => {
  if (isRecord(wanted)) {
    return isRecord(live) && Object.entries(wanted).every(([k, v]) => v === undefined || (live[k] === undefined && isZero(v)) || covers(v, live[k], [...path, k]));
  }
  if (Array.isArray(wanted)) return Array.isArray(live) && wanted.length === live.length && wanted.every((v, i) => covers(v, live[i], path));
  return wanted === live || (isQuantity(path) && sameQuantity(wanted, live));
};

const isZero = (value: unknown): boolean =>
  value === false || value === 0 || value === "" || (Array.isArray(value) && value.length === 0) || (isRecord(value) && Object.values(value).every(isZero));

/** Where Kubernetes keeps quantities, which it may spell in another way than we did. */
const isQuantity = (path: Path): boolean => /^(requests|limits)$/.test(path.at(-2) ?? "") || path.at(-1) === "sizeLimit";

const sameQuantity = (a: unknown, b: unknown): boolean => {
  const [x, y] = [parseNano(String(a)), parseNano(String(b))];
  return x !== undefined && x === y;
};

/** "f:image" -> image; "k:{\"name\":\"a\"}" -> [name=a]; "v:\"a\"" -> ["a"]. */
const label = (step: string): string => {
  if (step.startsWith("f:")) return step.slice(2);
  if (step.startsWith("k:")) return labelKeys(keysOf(step));
  return `[${step.slice(2)}]`;
};

const labelKeys = (keys: Json): string =>
  `[${Object.entries(keys)
    .map(([k, v]) => `${k}=${String(v)}`)
    .join(",")}]`;

const describe = (item: unknown, steps: readonly string[]): string => {
  const first = steps.find((s) => s.startsWith("k:"));
  if (first === undefined || !isRecord(item)) return `[${JSON.stringify(item)}]`;
  return labelKeys(Object.fromEntries(Object.keys(keysOf(first)).flatMap((k) => (item[k] === undefined ? [] : [[k, item[k]]]))));
};
