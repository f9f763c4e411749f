// Ways to spoil one leaf of an object, from likely to be accepted by the API server to unlikely.

export type LeafPath = readonly (string | number)[];

/** RFC 6901. */
const pointer = (path: LeafPath): string => path.map((p) => `/${String(p).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

export const valueAt = (object: unknown, path: LeafPath): unknown =>
  path.reduce<unknown>((at, key) => (typeof at === "object" && at !== null ? (at as Record<string | number, unknown>)[key] : undefined), object);

const otherStrings = (value: string): string[] => {
  // words that the API knows as alternatives, then something that is still a name, a quantity, a duration or a path
  const pairs: Record<string, string> = { Always: "IfNotPresent", IfNotPresent: "Always", AlwaysAllow: "IfHealthyBudget", RollingUpdate: "Recreate", TCP: "UDP", HTTP: "HTTPS", ScheduleAnyway: "DoNotSchedule", RuntimeDefault: "Unconfined", "30s": "45s", "10s": "5s", "metadata.namespace": "spec.nodeName", "metadata.name": "spec.nodeName", "metadata.uid": "spec.nodeName", "status.podIP": "spec.nodeName", replace: "keep", labeldrop: "labelkeep" };
  return [...(pairs[value] ? [pairs[value]] : []), `${value}x`, `x-${value}`, "1Gi", "50m", "7s"].filter((v) => v !== value);
};

/** The same object with one of its strings changed, for each of them: an atomic map is one leaf. */
const spoiledMaps = (value: object): object[] =>
  Object.entries(value).flatMap(([key, inner]): object[] => {
    if (typeof inner === "string") return otherStrings(inner).map((s) => ({ ...value, [key]: s }));
    if (typeof inner === "object" && inner !== null && !Array.isArray(inner)) return spoiledMaps(inner as object).map((i) => ({ ...value, [key]: i }));
    return [];
  });

/** JSON Patch operations, to be tried in turn until the API server accepts one. */
export const mutations = (path: LeafPath, value: unknown): object[] => {
  const replace = (v: unknown) => ({ op: "replace", path: pointer(path), value: v });
  const remove = { op: "remove", path: pointer(path) };
  if (typeof value === "boolean") return [replace(!value), remove];
  if (typeof value === "number") return [replace(value + 1), replace(Math.max(0, value - 1)), remove];
  if (typeof value === "string") return [...otherStrings(value).map(replace), remove];
  if (Array.isArray(value)) return [replace([]), replace(value.slice(1)), replace([...value, ...value]), remove];
  if (typeof value === "object" && value !== null) return [...spoiledMaps(value).map(replace), remove];
  return [remove];
};
