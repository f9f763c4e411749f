// Decides whose reconcile an event concerns: a resource wakes itself and its rivals for a tenant, a child wakes its owner.
import { kind as ownerKind, label } from "#crds/names";
import type { KubeObject, KVResponder, Request } from "./objects.ts";
import { claimants } from "./reconcile/tenancy.ts";

const request = (object: KubeObject, name: string): Request => ({ namespace: object.metadata.namespace ?? "", name });

/** By reference and by label, before and after: whichever of them somebody has spoiled, the owner still learns of it. */
export const ownersOf = (...states: readonly (KubeObject | undefined)[]): Request[] => {
  const found = states.flatMap((object) => {
    if (!object) return [];
    const byReference = object.metadata.ownerReferences?.filter((r) => r.kind === ownerKind).map((r) => r.name) ?? [];
    const byLabel = object.metadata.labels?.[label.name];
    return [...byReference, ...(byLabel === undefined ? [] : [byLabel])].map((name) => request(object, name));
  });
  return [...new Map(found.map((r) => [`${r.namespace}/${r.name}`, r])).values()];
};

export const concerned = (resource: KVResponder, inNamespace: readonly KVResponder[]): Request[] =>
  [resource, ...claimants(resource, inNamespace).filter((r) => r.metadata.uid !== resource.metadata.uid)].map((r) => request(r, r.metadata.name));
