// What the operator may do: exactly what it uses, derived from the table of owned kinds.
import { endpointSliceKind, kvResponderKind, namespaceKind, ownedKinds, selectingKinds, type Kind } from "./kinds.ts";

export interface PolicyRule {
  apiGroups: string[];
  resources: string[];
  verbs: string[];
}

const rule = (group: string, resources: readonly string[], verbs: readonly string[]): PolicyRule => ({ apiGroups: [group], resources: [...resources].sort(), verbs: [...verbs].sort() });

/**
 * get: a foreign object of the same name is looked for before a create. create: server-side apply needs it beside patch when the object does not exist.
 * delete: pruning; and for every kind, because OwnerReferencesPermissionEnforcement lets only those put an owner reference back who may delete the object.
 */
const childVerbs = ["get", "list", "watch", "create", "patch", "delete"] as const;

export const policyRules = (owner: Kind = kvResponderKind, owned: readonly Kind[] = ownedKinds): PolicyRule[] => {
  const groups = [...new Set(owned.map((k) => k.group))].sort();
  return [
    // read from the watch alone; never written
    rule(owner.group, [owner.plural], ["list", "watch"]),
    rule(owner.group, [`${owner.plural}/status`], ["patch"]),
    // blockOwnerDeletion asks for it where OwnerReferencesPermissionEnforcement is on
    rule(owner.group, [`${owner.plural}/finalizers`], ["update"]),
    ...groups.map((group) => rule(group, owned.filter((k) => k.group === group).map((k) => k.plural), childVerbs)),
    // where the pods are; reading pods would show their whole environment (docs/adr/0003)
    rule(endpointSliceKind.group, [endpointSliceKind.plural], ["list", "watch"]),
    // whether anybody selects our monitors and rules: without these the conditions say Unknown, and everything else works
    rule("monitoring.coreos.com", selectingKinds.map((k) => k.plural), ["list"]),
    rule(namespaceKind.group, [namespaceKind.plural], ["get"]),
    // nothing else: each of get, list, watch, update and patch answers with the Secret, and so does delete when it is a dry run in the foreground (ADR 2)
    rule("", ["secrets"], ["create"]),
    rule("events.k8s.io", ["events"], ["create"]),
  ];
};

const name = "kv-responder-operator";

export const clusterRole = (): object => ({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name }, rules: policyRules() });

/** For one namespace that the operator tends, with --namespaces: the same rules. "get namespaces" is then its own namespace alone. */
export const namespacedRole = (): object => ({ apiVersion: "rbac.authorization.k8s.io/v1", kind: "Role", metadata: { name }, rules: policyRules() });
