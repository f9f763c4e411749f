// Names that users, the operator and the operand agree on: group, labels, annotations, the field manager and the children's names.

export const group = "kvresponder.io";
export const version = "v1alpha1";
export const apiVersion = `${group}/${version}`;
export const kind = "KVResponder";
export const plural = "kvresponders";

/** The one server-side-apply field manager. Renaming it orphans every field that older releases own. */
export const fieldManager = "kv-responder-operator";

/** Holds a Deployment's replicas while they go over to an autoscaler, and applies nothing else. */
export const replicasManager = `${fieldManager}-replicas`;

export const label = {
  appName: "app.kubernetes.io/name",
  managedBy: "app.kubernetes.io/managed-by",
  component: "app.kubernetes.io/component",
  tenant: "kvresponder.io/tenant",
  name: "kvresponder.io/name",
} as const;

export const annotation = {
  /** On the KVResponder: any new value makes a new token. */
  rotateToken: "kvresponder.io/rotate-token",
  /** On the KVResponder: any new value restarts the pods, one at a time. The pods carry it. */
  restart: "kvresponder.io/restart",
} as const;

/** Values of the two labels by which the operator's watches select. */
export const appName = "kv-responder";
export const managedBy = "kv-responder-operator";

/** Longest metadata.name: the longest prefix ("kv-responder-", 13) must leave a DNS-1035 Service name of 63. */
export const maxNameLength = 50;

/** A tenant has two places for tokens; a rotation goes from one to the other. */
export const tokenSlots = ["a", "b"] as const;
export type TokenSlot = (typeof tokenSlots)[number];

/**
 * Names of Secrets hold a part of the resource's UID: the operator cannot look at a Secret, so the name alone has to say that it is neither somebody
 * else's nor that of a resource of this name which was deleted a moment ago. Without a UID (`kvr render` on a file) zeroes stand for it.
 */
const short = (uid: string): string => (uid === "" ? "00000000" : uid.slice(0, 8));

/** Names of the children, from metadata.name of the KVResponder. */
export const childName = {
  workload: (name: string): string => `kv-responder-${name}`,
  peers: (name: string): string => `kv-peers-${name}`,
  runtime: (name: string): string => `kv-responder-${name}-runtime`,
  dashboard: (name: string): string => `kv-responder-${name}-dashboard`,
  token: (name: string, uid: string, slot: TokenSlot): string => `kv-responder-${name}-token-${slot}-${short(uid)}`,
  peerSecret: (name: string, uid: string): string => `kv-peers-${name}-${short(uid)}`,
} as const;
