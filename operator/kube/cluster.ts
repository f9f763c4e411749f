// What reconcile asks of the cluster, answered from the reflectors' stores and the client.
import { fieldManager, replicasManager } from "#crds/names";
import { apiVersionOf, kvResponderKind, ownedKinds, type OwnedKind } from "../kinds.ts";
import type { KubeObject, KVResponder } from "../objects.ts";
import type { Cluster } from "../reconcile/reconcile.ts";
import { applyChild } from "./apply.ts";
import { isApiError } from "./errors.ts";
import { ensureSecret, secretExists } from "./secrets.ts";
import type { KubeClient, Reflector } from "./types.ts";

export interface ClusterDeps {
  readonly client: KubeClient;
  readonly resources: Reflector;
  readonly children: ReadonlyMap<OwnedKind, Reflector>;
}

export const createCluster = ({ client, resources, children }: ClusterDeps): Cluster => {
  const kindOf = (object: KubeObject): OwnedKind => {
    const found = ownedKinds.find((k) => k.kind === object.kind && apiVersionOf(k) === object.apiVersion);
    if (!found) throw new Error(`${object.apiVersion} ${object.kind} is not in the table of owned kinds`);
    return found;
  };
  const reflectorOf = (kind: OwnedKind): Reflector => {
    const found = children.get(kind);
    if (!found) throw new Error(`${kind.kind} has no reflector`);
    return found;
  };

  return {
    resource: ({ namespace, name }) => resources.store.get(namespace, name) as KVResponder | undefined,
    resources: (namespace) => resources.store.list(namespace) as readonly KVResponder[],
    children: ({ metadata: { namespace } }) => [...children.values()].flatMap((r) => r.store.list(namespace)),

    async apply(desired, owner, { dryRun, signal }) {
      const kind = kindOf(desired);
      const { store, state } = reflectorOf(kind);
      // "idle": a kind that discovery does not show is not watched. "syncing" is no reason to wait: what the store lacks is asked for
      if (kind.optional && (state === "idle" || state === "absent")) return { desired, result: "missingKind" };
      const { name, uid = "" } = owner.metadata;
      return applyChild({ client }, { kind, desired, owner: { apiVersion: owner.apiVersion, kind: owner.kind, name, uid }, store, dryRun, signal });
    },

    async lendReplicas(deployment, replicas, signal) {
      const { apiVersion, kind, metadata: { name, namespace = "", uid = "" } } = deployment;
      const body: KubeObject = { apiVersion, kind, metadata: { name, namespace, uid }, spec: { replicas } };
      try {
        const { object } = await client.apply(kindOf(deployment), body, { fieldManager: replicasManager, force: false, signal });
        reflectorOf(kindOf(deployment)).store.upsert(object);
      } catch (error) {
        // somebody else has changed the number meanwhile and so owns it already, or it is another Deployment by now
        if (!isApiError(error, "fieldConflict", "conflict")) throw error;
      }
    },

    async remove(child, signal) {
      const { name, namespace, uid } = child.metadata;
      await client.delete(kindOf(child), { namespace, name }, { uid, signal });
    },

    async ensureSecret(shell, options) {
      return { desired: shell.object, ...(await ensureSecret(client, shell, options)) };
    },

    secretExists: (namespace, name, signal) => secretExists(client, { namespace, name }, signal),

    async writeStatus({ apiVersion, kind, metadata: { name, namespace = "", uid = "" } }, status, signal) {
      // the UID is a precondition: a resource that was made again in between starts with a status of its own
      const body: KubeObject = { apiVersion, kind, metadata: { name, namespace, uid }, status };
      const { object } = await client.apply(kvResponderKind, body, { fieldManager, force: true, subresource: "status", signal });
      resources.store.upsert(object);
    },
  };
};
