// Puts lists back that server-side apply cannot: when somebody changes the key of a list item (a Service port's number, say), their item and ours
// are two items for the API server, and often two that may not stand beside each other.
import { fieldManager } from "#crds/names";
import type { Kind } from "../kinds.ts";
import type { KubeObject, ManagedFieldsEntry } from "../objects.ts";
import type { Applied, KubeClient } from "./types.ts";

/** What our merge patch leaves in managedFields. It would keep fields alive that a later apply no longer wants. */
const isTrace = (e: ManagedFieldsEntry): boolean => e.operation === "Update" && e.manager === fieldManager && e.subresource === undefined;

/**
 * Three writes, and only after an apply was refused as invalid: a merge patch sets every list of `desired` as a whole and leaves other people's fields
 * of maps alone; the apply makes the fields ours; the last one takes the patch's own entry out of managedFields. Throws ApiError.
 */
export const reshape = async (client: Pick<KubeClient, "apply" | "mergePatch">, kind: Kind, desired: KubeObject, live: KubeObject, signal: AbortSignal): Promise<Applied> => {
  const { apiVersion: _, kind: __, metadata, ...fields } = desired;
  const of = { namespace: metadata.namespace, name: metadata.name };
  const { uid = "", resourceVersion } = live.metadata;
  await client.mergePatch(kind, of, { metadata: { uid, resourceVersion }, ...fields }, { signal });
  const { object } = await client.apply(kind, { ...desired, metadata: { ...metadata, uid } }, { fieldManager, force: true, signal });
  const managedFields = object.metadata.managedFields?.filter((e) => !isTrace(e));
  if (managedFields?.length === object.metadata.managedFields?.length) return { object, created: false };
  const clean = await client.mergePatch(kind, of, { metadata: { uid, resourceVersion: object.metadata.resourceVersion, managedFields } }, { signal });
  return { object: clean, created: false };
};
