// Names that users, the operator and the operand agree on: group, labels, annotations, the field manager and the children's names.

export const group = "kvresponder.io";
export const version = "v1alpha1";
export const apiVersion = `${group}/${version}`;
export const kind = "KVResponder";
export const plural = "kvresponders";

/** The one server-side-apply field manager. Renaming it orphans every field that older releases own. */
export const fieldManager = "kv-responder-operator";

export const label = {
  appName: "app.kubernetes.io/name",
  managedBy: "app.kubernetes.io/managed-by",
  component: "app.kubernetes.io/component",
  tenant: "kvresponder.io/tenant",
  name: "kvresponder.io/name",
} as const;

/** Values of the two labels by which the operator's watches select. */
export const appName = "kv-responder";
export const managedBy = "kv-responder-operator";

/** Longest metadata.name: the longest prefix ("kv-responder-", 13) must leave a DNS-1035 Service name of 63. */
export const maxNameLength = 50;

/** Names of the children, from metadata.name of the KVResponder. */
export const childName = {
  workload: (name: string): string => `kv-responder-${name}`,
  peers: (name: string): string => `kv-peers-${name}`,
  runtime: (name: string): string => `kv-responder-${name}-runtime`,
  dashboard: (name: string): string => `kv-responder-${name}-dashboard`,
} as const;
