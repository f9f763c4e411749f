// Decides what is worth an Event: a change of Ready, a fresh obstacle, a child that was put right. A quiet reconcile says nothing.
import type { Condition, ConditionType } from "#crds/conditions";
import type { Status } from "#crds/status";
import type { Outcome } from "./outcome.ts";

export interface Announcement {
  readonly type: "Normal" | "Warning";
  /** CamelCase, from a small fixed set: condition reasons and DriftCorrected. */
  readonly reason: string;
  readonly note: string;
}

/** A change of these to a new reason is an event. */
const told: readonly ConditionType[] = ["Ready", "PeersConnected", "MonitorReady", "RulesReady", "DashboardReady", "RoutingReady"];
/** Usual on the way to Ready and no news to anybody, or nothing that the tenant's cache has done. */
const quiet = new Set(["WorkloadUnavailable", "Disabled", "Applied", "AllConnected", "SinglePod", "Pending", "Unreachable", "NotReported", "SelectionUnknown"]);

const find = (status: Status | undefined, type: ConditionType): Condition | undefined => status?.conditions?.find((c) => c.type === type);

/** Nothing was asked anew since this operator last wrote the status: what it writes now repairs what somebody else did. */
export const isDrift = (before: Status | undefined, generation: number, version: string): boolean => before?.observedGeneration === generation && before.version === version;

export const announce = (before: Status | undefined, after: Status, outcomes: readonly Outcome[]): Announcement[] => {
  const changes = told.flatMap((type): Announcement[] => {
    const [was, is] = [find(before, type), find(after, type)];
    const lost = type === "Ready" && was?.status === "True" && is?.status === "False";
    if (!is || was?.reason === is.reason || (quiet.has(is.reason) && !lost)) return [];
    return [{ type: is.status === "True" ? "Normal" : "Warning", reason: is.reason, note: is.message }];
  });
  const drift = isDrift(before, after.observedGeneration, after.version ?? "") ? outcomes.filter((o) => !o.isChange && (o.result === "updated" || o.result === "created")) : [];
  return [...changes, ...drift.map(corrected)];
};

const corrected = ({ desired, result, detail }: Outcome): Announcement => ({
  type: "Normal",
  reason: "DriftCorrected",
  note: `${desired.kind} ${desired.metadata.name} ${result === "created" ? "was gone and is made again" : `was put right: ${detail ?? "changed"}`}`,
});
