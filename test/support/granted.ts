// What a role grants against what the API server's audit log says was used: nothing missing, nothing left over.
import { parseAllDocuments } from "yaml";
import type { AuditEntry } from "../cluster/types.ts";
import { inWords } from "./kvresponders.ts";
import { operatorUser } from "./operator-process.ts";

interface Role {
  readonly kind: string;
  readonly rules: readonly { readonly apiGroups: readonly string[]; readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
}

/** Of a resource that makes every kind of child. */
export const everything = { autoscaling: { maxReplicas: 3 }, resources: { requests: { cpu: "10m" } }, monitoring: { routing: { webhook: { url: "http://hook.example" } } } } as const;
/** As a merge patch: each kind of child that can become unwanted is, so that it is removed. */
export const nothing = {
  replicas: 1,
  autoscaling: null,
  networkPolicy: { mode: "Disabled" },
  monitoring: { serviceMonitor: { mode: "Disabled" }, rules: { mode: "Disabled" }, dashboard: { mode: "Disabled" }, routing: { mode: "Disabled" } },
} as const;

/** "verb group/resource" for each right that the roles of this kind in the YAML text give. */
export const grantedBy = (yaml: string, kind: "ClusterRole" | "Role"): string[] =>
  parseAllDocuments(yaml)
    .map((document) => document.toJS() as Role)
    .filter((role) => role.kind === kind)
    .flatMap(({ rules }) => rules.flatMap((r) => r.apiGroups.flatMap((group) => r.resources.flatMap((resource) => r.verbs.map((verb) => `${verb} ${group}/${resource}`)))));

/**
 * What OwnerReferencesPermissionEnforcement asks the authorizer leaves no request of its own: finalizers of the owner for blockOwnerDeletion, and
 * delete of a child whose owner reference is put back, which the test of repair does to every kind (without this verb it fails there).
 */
const asked = new Set(["update kvresponder.io/kvresponders/finalizers", "delete /serviceaccounts", "delete /services", "delete apps/deployments"]);

/** An apply that makes the object needs "create" although its verb is patch: the answer 201 tells. */
const verbsUsed = (e: AuditEntry): string[] => (e.verb === "patch" && e.responseStatus?.code === 201 ? ["patch", "create"] : [e.verb]);

export const byOperator = (log: readonly AuditEntry[]): AuditEntry[] => log.filter((entry) => entry.user.username === operatorUser);

/** Requests of the operator that it may not make. */
export const forbidden = (log: readonly AuditEntry[]): string[] => byOperator(log).filter((entry) => entry.responseStatus?.code === 403).map(inWords);

/** Rights that the operator has not used. */
export const unused = (granted: readonly string[], log: readonly AuditEntry[]): string[] => {
  const used = new Set(
    byOperator(log).filter((entry) => (entry.responseStatus?.code ?? 500) < 500).flatMap((entry) => {
      const { apiGroup = "", resource = "", subresource } = entry.objectRef ?? {};
      return verbsUsed(entry).map((verb) => `${verb} ${apiGroup}/${resource}${subresource === undefined ? "" : `/${subresource}`}`);
    }),
  );
  return granted.filter((right) => !used.has(right) && !asked.has(right));
};
