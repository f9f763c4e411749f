// Condition types and their closed sets of reasons. docs/status-conditions.md explains each one.

export const conditionReasons = {
  /** The whole resource: every pod that was asked for is ready and everything we manage is applied. */
  Ready: ["AllReady", "ScaledToZero", "WorkloadUnavailable", "ApplyFailed", "Conflict", "TenantTaken", "TenantDenied", "ImageDenied", "Invalid", "Paused"],
  /** kstatus: work is under way and will end without help. */
  Reconciling: ["Progressing", "Settled"],
  /** kstatus: nothing will happen until somebody changes something. */
  Stalled: ["Invalid", "TenantTaken", "TenantDenied", "ImageDenied", "Conflict", "Forbidden", "NotStalled"],
  WorkloadAvailable: ["AllReplicasReady", "ScaledToZero", "ReplicasNotReady", "SecretMissing", "RolloutStuck", "QuotaExceeded", "NotApplied"],
  /** The pods among themselves, by their own reports. It has no part in Ready: a cache that is cut in two still serves. */
  PeersConnected: ["AllConnected", "SinglePod", "WarmupTimedOut", "Disconnected", "ClockAhead", "Pending", "Unreachable", "NotReported", "Disabled"],
  /** The object is there, and somebody takes it up. No part in Ready: the cache serves without being scraped. */
  MonitorReady: ["Applied", "NotSelected", "Rejected", "SelectionUnknown", "Disabled", "CRDMissing", "Conflict", "Forbidden", "ApplyFailed"],
  RulesReady: ["Applied", "NotSelected", "Rejected", "SelectionUnknown", "Disabled", "CRDMissing", "Conflict", "Forbidden", "ApplyFailed"],
  DashboardReady: ["Applied", "Disabled", "CRDMissing", "Conflict", "Forbidden", "ApplyFailed"],
  RoutingReady: ["Applied", "SecretMissing", "Disabled", "CRDMissing", "Conflict", "Forbidden", "ApplyFailed"],
  /** Present only while spec.paused is true. */
  Paused: ["PausedBySpec"],
} as const satisfies Record<string, readonly string[]>;

export type ConditionType = keyof typeof conditionReasons;
export type Reason<T extends ConditionType = ConditionType> = (typeof conditionReasons)[T][number];
export type ConditionStatus = "True" | "False" | "Unknown";

/** A metav1.Condition. lastTransitionTime is RFC 3339 in UTC, to the second. */
export interface Condition {
  type: ConditionType;
  status: ConditionStatus;
  reason: Reason;
  message: string;
  observedGeneration: number;
  lastTransitionTime: string;
}
