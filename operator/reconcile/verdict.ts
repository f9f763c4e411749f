// What a condition is made of, and the words that several conditions share.
import type { ConditionStatus, ConditionType, Reason } from "#crds/conditions";
import type { Outcome } from "./outcome.ts";

export interface Verdict<T extends ConditionType> {
  readonly status: ConditionStatus;
  readonly reason: Reason<T>;
  readonly message: string;
}

/** Why nothing is applied at all. */
export type Refusal = { reason: "Invalid" | "ImageDenied" | "TenantDenied" | "TenantTaken"; message: string };

export const describe = (o: Outcome): string => `${o.desired.kind} ${o.desired.metadata.name}${o.detail === undefined ? "" : `: ${o.detail}`}`;

export const describeConflict = (o: Outcome): string => `${describe(o)} exists and is not ours; rename or delete that object, or rename the KVResponder`;
