// Decides what the platform team allows: which images pods may run, and which tenant a namespace may claim.
import { label } from "#crds/names";
import type { Labels } from "./label-selector.ts";
import type { Refusal } from "./verdict.ts";

/** NamespaceLabel: a namespace may claim no tenant but the one that its label kvresponder.io/tenant names. */
export const tenantPolicies = ["Any", "NamespaceLabel"] as const;

export interface Policy {
  readonly tenantPolicy: (typeof tenantPolicies)[number];
  /** Beginnings of what spec.image may be. Absent: anything. The operator's own choice is always allowed. */
  readonly allowedImages?: readonly string[];
}

/** What is known of a namespace's labels. "failed": the API server did not say, and the next time may. */
export type KnownLabels = Labels | "forbidden" | "failed";

/** Whole parts of a name only: "registry/team" allows "registry/team/x" and "registry/team:1", and not "registry/team-of-somebody". */
const begins = (image: string, prefix: string): boolean => image.startsWith(prefix) && (image.length === prefix.length || /[/:@]$/.test(prefix) || /^[/:@]/.test(image.slice(prefix.length)));

export const refuseImage = (image: string | undefined, { allowedImages }: Policy, own: string): Refusal | undefined => {
  if (image === undefined || image === own || !allowedImages || allowedImages.some((prefix) => begins(image, prefix))) return undefined;
  return { reason: "ImageDenied", message: `spec.image ${image} is none that the operator allows: leave it out, or take one that begins with ${allowedImages.join(" or ")}` };
};

/** `labels` may not be "failed": nothing can be decided then. */
export const refuseTenant = (tenant: string, namespace: string, labels: Exclude<KnownLabels, "failed">): Refusal | undefined => {
  if (labels === "forbidden") return { reason: "TenantDenied", message: `the operator may not read the labels of namespace ${namespace}, and the one of them that would allow a tenant is ${label.tenant}` };
  const allowed = labels[label.tenant];
  if (allowed === tenant) return undefined;
  const instead = allowed === undefined ? `it has no label ${label.tenant}, so it may claim none` : `its label ${label.tenant} names ${allowed}`;
  return { reason: "TenantDenied", message: `namespace ${namespace} may not claim the tenant ${tenant}: ${instead}` };
};
