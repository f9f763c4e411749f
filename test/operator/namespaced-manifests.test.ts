// config/namespaced: the same rules as Roles, bound to the same account, and nothing cluster-wide of the operator's.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { expect, test } from "vitest";
import { namespacedRoleYaml } from "../../operator/generate.ts";
import type { KubeObject } from "../../operator/objects.ts";

const read = (path: string): string => readFileSync(resolve(import.meta.dirname, "../../config", path), "utf8");
const documents = (path: string): KubeObject[] => parseAllDocuments(read(path)).map((d) => d.toJS() as KubeObject);

test("the Role is the generated one, with the rules of the ClusterRole", () => {
  expect(read("namespaced/watched/role.yaml")).toBe(namespacedRoleYaml());
  const [role, clusterRole] = [...documents("namespaced/watched/role.yaml"), ...documents("rbac/role.yaml")];
  expect(role).toEqual({ ...clusterRole, kind: "Role" });
});

test("it is bound to the account that the ClusterRole would be bound to", () => {
  const [binding, clusterBinding] = [...documents("namespaced/watched/role_binding.yaml"), ...documents("rbac/role_binding.yaml")];
  expect(binding).toMatchObject({ kind: "RoleBinding", metadata: clusterBinding?.metadata, roleRef: { ...(clusterBinding?.["roleRef"] as object), kind: "Role" }, subjects: clusterBinding?.["subjects"] });
});

test("what is cluster-wide of the operator is taken out by name", () => {
  const cut = documents("namespaced/operator/no_cluster_role.yaml").map(({ kind, metadata, $patch }) => [kind, metadata.name, $patch]);
  expect(cut).toEqual([...documents("rbac/role.yaml"), ...documents("rbac/role_binding.yaml")].map(({ kind, metadata }) => [kind, metadata.name, "delete"]));
});
