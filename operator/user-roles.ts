// What people may do with KVResponders: three roles, each of which joins the built-in role of its name (view, edit, admin) by a label.
import { kvResponderKind } from "./kinds.ts";
import type { PolicyRule } from "./rbac.ts";

interface ClusterRole {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly labels: Readonly<Record<string, string>> };
  readonly rules: readonly PolicyRule[];
}

const { group, plural } = kvResponderKind;
const rule = (resources: readonly string[], verbs: readonly string[]): PolicyRule => ({ apiGroups: [group], resources: [...resources], verbs: [...verbs] });

const read = [rule([plural], ["get", "list", "watch"]), rule([`${plural}/scale`, `${plural}/status`], ["get"])];
/** kubectl scale asks for a subresource of its own. No status: that is the operator's word. */
const write = [rule([plural], ["create", "delete", "patch", "update"]), rule([`${plural}/scale`], ["patch", "update"])];
/** All of a namespace in one request. */
const clear = [rule([plural], ["deletecollection"])];

const role = (name: string, joins: string, rules: readonly PolicyRule[]): ClusterRole => ({
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name, labels: { [`rbac.authorization.k8s.io/aggregate-to-${joins}`]: "true" } },
  rules,
});

/** Each is whole by itself, for those who bind it without the built-in one. */
export const userRoles = (): readonly ClusterRole[] => [
  role("kvresponder-viewer", "view", read),
  role("kvresponder-editor", "edit", [...read, ...write]),
  role("kvresponder-admin", "admin", [...read, ...write, ...clear]),
];
