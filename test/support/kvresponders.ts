// What product tests say about KVResponders: make one, wait for it, read its conditions and children.
import type { Condition } from "#crds/conditions";
import type { Status } from "#crds/status";
import { ownedKinds } from "../../operator/kinds.ts";
import { objectPath } from "../../operator/kube/paths.ts";
import type { AuditEntry, Cluster, Manifest } from "../cluster/types.ts";
import { operatorUser } from "./operator-process.ts";

export interface Resource extends Manifest {
  readonly spec: Readonly<Record<string, unknown>>;
  readonly status?: Status;
}

export const kvresponder = (namespace: string, name: string, spec: object = {}): Manifest => ({
  apiVersion: "kvresponder.io/v1alpha1",
  kind: "KVResponder",
  metadata: { name, namespace },
  spec,
});

export const path = (namespace: string, name: string): string => `/apis/kvresponder.io/v1alpha1/namespaces/${namespace}/kvresponders/${name}`;

/** Where the children of each kind are listed. */
export const childLists = (namespace: string): Readonly<Record<string, string>> => Object.fromEntries(ownedKinds.map((kind) => [kind.kind, objectPath(kind, { namespace })]));

export const childPath = (child: { kind: string; metadata: { name: string; namespace?: string } }): string =>
  `${childLists(child.metadata.namespace ?? "")[child.kind] ?? ""}/${child.metadata.name}`;

/** Live children that name this resource as their controller, in the order of kinds. */
export const children = async (cluster: Cluster, namespace: string, name: string): Promise<Manifest[]> => {
  const found: Manifest[] = [];
  for (const [kind, list] of Object.entries(childLists(namespace))) {
    const answer = await cluster.get<{ apiVersion: string; items: Manifest[] }>(list);
    for (const item of answer?.items ?? []) {
      const owners = (item.metadata["ownerReferences"] ?? []) as { kind: string; name: string }[];
      if (owners.some((o) => o.kind === "KVResponder" && o.name === name)) found.push({ ...item, apiVersion: answer?.apiVersion ?? "", kind });
    }
  }
  return found;
};

export const condition = (resource: Resource | undefined, type: Condition["type"]): Condition | undefined => resource?.status?.conditions?.find((c) => c.type === type);

/** Resolves with the resource once the condition is as asked for this very generation. */
export const waitForCondition = async (
  cluster: Cluster,
  [namespace, name]: readonly [string, string],
  type: Condition["type"],
  expected: Partial<Condition>,
  timeoutMs = 60_000,
): Promise<Resource> =>
  cluster.waitFor(
    `${namespace}/${name} has ${type} ${JSON.stringify(expected)}`,
    async () => {
      const resource = await cluster.get<Resource>(path(namespace, name));
      const found = condition(resource, type);
      const current = found?.observedGeneration === resource?.metadata["generation"];
      if (resource && found && current && Object.entries(expected).every(([k, v]) => found[k as keyof Condition] === v)) return resource;
      throw new Error(`it has ${JSON.stringify(found)} at generation ${String(resource?.metadata["generation"])}`);
    },
    { timeoutMs },
  );

export const waitReady = (cluster: Cluster, namespace: string, name: string, timeoutMs?: number): Promise<Resource> =>
  waitForCondition(cluster, [namespace, name], "Ready", { status: "True" }, timeoutMs);

const writes = new Set(["create", "update", "patch", "delete", "deletecollection"]);

/** What the operator wrote, from the API server's own record. */
export const operatorWrites = (log: readonly AuditEntry[]): AuditEntry[] => log.filter((e) => e.user.username === operatorUser && writes.has(e.verb));

/** A look for a Secret: an attempt to make it that found it there, or that was a dry run. */
export const isLook = (e: AuditEntry): boolean => e.objectRef?.resource === "secrets" && e.verb === "create" && (e.responseStatus?.code === 409 || e.requestURI.includes("dryRun=All"));

export const inWords = (e: AuditEntry): string => `${e.verb} ${e.objectRef?.resource ?? e.requestURI}${e.objectRef?.subresource ? `/${e.objectRef.subresource}` : ""} ${e.objectRef?.namespace ?? ""}/${e.objectRef?.name ?? ""} -> ${e.responseStatus?.code ?? "?"}`;
