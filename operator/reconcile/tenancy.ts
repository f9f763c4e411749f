// Decides who holds a tenant when several resources of a namespace claim it: the oldest, then the smallest UID.
import { effectiveTenant } from "#crds/kvresponder";
import type { KVResponder } from "../objects.ts";

const claims = (r: KVResponder): string => effectiveTenant(r.metadata.name, r.spec);

/** Creation times are whole seconds, so UIDs break ties; every operator decides alike. */
const before = (a: KVResponder, b: KVResponder): boolean => {
  const [ta = "", tb = ""] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  return ta === tb ? (a.metadata.uid ?? "") < (b.metadata.uid ?? "") : ta < tb;
};

/** All resources of the namespace that claim the same tenant, `resource` included when it is among them. */
export const claimants = (resource: KVResponder, inNamespace: readonly KVResponder[]): KVResponder[] => inNamespace.filter((r) => claims(r) === claims(resource));

/** The resource that keeps `resource` from having its tenant, or undefined when it has it. One that is being deleted still holds its tenant: its pods are still there. */
export const holder = (resource: KVResponder, inNamespace: readonly KVResponder[]): KVResponder | undefined => {
  const oldest = claimants(resource, inNamespace).reduce((a, b) => (before(b, a) ? b : a), resource);
  return oldest.metadata.uid === resource.metadata.uid ? undefined : oldest;
};
