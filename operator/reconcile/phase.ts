// Decides in which phase a resource is, from its conditions: one word, to count many by.
import type { ConditionType } from "#crds/conditions";
import type { KVResponder } from "../objects.ts";

/** In the order in which they are looked for. pending: nobody has written a status yet. */
export const phases = ["deleting", "stalled", "paused", "ready", "progressing", "pending"] as const;
export type Phase = (typeof phases)[number];

export const phaseOf = ({ metadata, status }: Pick<KVResponder, "metadata" | "status">): Phase => {
  const is = (type: ConditionType): boolean => status?.conditions?.some((c) => c.type === type && c.status === "True") === true;
  if (metadata.deletionTimestamp !== undefined) return "deleting";
  if (is("Stalled")) return "stalled";
  if (is("Paused")) return "paused";
  if (is("Ready")) return "ready";
  return status?.conditions === undefined ? "pending" : "progressing";
};
