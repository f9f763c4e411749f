// Reads what `kvr status` tells of: the resource, its children by label and owner, its pods. Never a Secret, and it writes nothing.
import { label, managedBy } from "#crds/names";
import { isApiError } from "../../kube/errors.ts";
import { listAll } from "../../kube/list-all.ts";
import type { KubeClient } from "../../kube/types.ts";
import { kvResponderKind, ownedKinds, type Kind } from "../../kinds.ts";
import type { KubeObject, KVResponder, Request } from "../../objects.ts";
import type { Seen, SeenKind } from "./report.ts";

type Reader = Pick<KubeClient, "get" | "list">;

const podKind: Kind = { group: "", version: "v1", kind: "Pod", plural: "pods" };

const owned = (objects: readonly KubeObject[], uid: string | undefined): readonly KubeObject[] => objects.filter(({ metadata }) => metadata.ownerReferences?.some((o) => o.uid === uid));

const childrenOf = async (client: Reader, kind: Kind, { metadata }: KVResponder): Promise<SeenKind["seen"]> => {
  try {
    const { items } = await listAll(client, kind, { namespace: metadata.namespace, labelSelector: `${label.managedBy}=${managedBy},${label.name}=${metadata.name}` });
    return owned(items, metadata.uid);
  } catch (error) {
    if (isApiError(error, "missingKind")) return "notServed";
    if (isApiError(error, "forbidden")) return "forbidden";
    throw error;
  }
};

const podsOf = async (client: Reader, { metadata }: KVResponder): Promise<Seen["pods"]> => {
  try {
    return (await listAll(client, podKind, { namespace: metadata.namespace, labelSelector: `${label.name}=${metadata.name}` })).items;
  } catch (error) {
    if (isApiError(error, "forbidden")) return "forbidden";
    throw error;
  }
};

/** undefined: there is no such resource. Throws ApiError. */
export const lookAt = async (client: Reader, request: Request): Promise<Seen | undefined> => {
  const resource = (await client.get(kvResponderKind, request)) as KVResponder | undefined;
  if (resource === undefined) return undefined;
  const [pods, ...children] = await Promise.all([podsOf(client, resource), ...ownedKinds.map(async (kind) => ({ kind, seen: await childrenOf(client, kind, resource) }))]);
  return { resource, children, pods };
};

/** Sorted by namespace and name. Throws ApiError. */
export const lookAtAll = async (client: Reader, namespace: string | undefined): Promise<readonly KVResponder[]> => {
  const { items } = await listAll(client, kvResponderKind, { namespace });
  const key = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;
  return (items as readonly KVResponder[]).toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
};
