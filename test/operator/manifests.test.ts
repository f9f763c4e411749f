// The shipped manifests: RBAC that is generated and minimal, and an operator that runs under the restricted Pod Security Standard.
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { describe, expect, test } from "vitest";
import { roleYaml } from "../../operator/generate.ts";
import { ownedKinds } from "../../operator/kinds.ts";
import type { KubeObject } from "../../operator/objects.ts";
import { parseOptions } from "../../operator/options.ts";
import { policyRules } from "../../operator/rbac.ts";
import manifest from "../../package.json" with { type: "json" };
import { podSecurityProblems, type PodSpec } from "./render/pod-security.ts";

const config = resolve(import.meta.dirname, "../../config");
const read = (path: string) => readFileSync(resolve(config, path), "utf8");
const resourcesOf = (dir: string): string[] => parseAllDocuments(read(`${dir}/kustomization.yaml`)).flatMap((d) => (d.toJS() as { resources: string[] }).resources);
const objects = ["rbac", "manager"].flatMap((dir) =>
  readdirSync(resolve(config, dir))
    .filter((f) => f !== "kustomization.yaml")
    .flatMap((f) => parseAllDocuments(read(`${dir}/${f}`)).map((d) => d.toJS() as KubeObject)),
);
const only = (kind: string): KubeObject => {
  const found = objects.filter((o) => o.kind === kind);
  expect(found, kind).toHaveLength(1);
  return found[0] as KubeObject;
};

describe("the operator's role", () => {
  const rules = policyRules();
  const granted = new Set(rules.flatMap((r) => r.apiGroups.flatMap((g) => r.resources.flatMap((s) => r.verbs.map((v) => `${v} ${g}/${s}`)))));

  test("is the generated one", () => expect(read("rbac/role.yaml")).toBe(roleYaml()));

  test("has no wildcard, and nothing that leads to more power", () => {
    expect([...granted].filter((g) => g.includes("*"))).toEqual([]);
    expect([...granted].filter((g) => /^(escalate|bind|impersonate|update|deletecollection) /.test(g))).toEqual(["update kvresponder.io/kvresponders/finalizers"]);
    expect([...granted].filter((g) => /\/(pods|nodes|serviceaccounts\/token|roles|rolebindings|clusterroles|clusterrolebindings)\b/.test(g))).toEqual([]);
  });

  // any other verb answers with the Secret: delete too, when it is a dry run in the foreground
  test("makes Secrets and does nothing else to them", () => expect([...granted].filter((g) => g.endsWith("/secrets"))).toEqual(["create /secrets"]));

  test("covers every owned kind with what a child needs, and no other kind with more than it is there for", () => {
    const childVerbs = ["create", "delete", "get", "list", "patch", "watch"];
    const children = ownedKinds.flatMap((k) => childVerbs.map((v) => `${v} ${k.group}/${k.plural}`));
    expect(children.filter((c) => !granted.has(c))).toEqual([]);
    expect([...granted].filter((g) => !children.includes(g)).toSorted()).toEqual([
      "create /secrets",
      "create events.k8s.io/events",
      "get /namespaces",
      "list discovery.k8s.io/endpointslices",
      "list kvresponder.io/kvresponders",
      "list monitoring.coreos.com/prometheusagents",
      "list monitoring.coreos.com/prometheuses",
      "list monitoring.coreos.com/thanosrulers",
      "patch kvresponder.io/kvresponders/status",
      "update kvresponder.io/kvresponders/finalizers",
      "watch discovery.k8s.io/endpointslices",
      "watch kvresponder.io/kvresponders",
    ]);
  });

  test("follows the table of owned kinds", () => {
    const extra = policyRules(undefined, [...ownedKinds, { group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy", plural: "networkpolicies" }]);
    expect(extra.find((r) => r.apiGroups[0] === "networking.k8s.io")?.resources).toEqual(["networkpolicies"]);
  });

  test("is bound to the account that the operator runs under", () => {
    const account = only("ServiceAccount").metadata;
    expect(only("ClusterRoleBinding")).toMatchObject({
      roleRef: { kind: "ClusterRole", name: only("ClusterRole").metadata.name },
      subjects: [{ kind: "ServiceAccount", name: account.name, namespace: account.namespace }],
    });
  });
});

describe("the operator's Deployment", () => {
  const deployment = only("Deployment");
  const { template, strategy } = deployment["spec"] as { strategy: object; template: { metadata: object; spec: PodSpec } };
  const container = template.spec.containers[0] as PodSpec["containers"][number] & { args: string[] };

  test("meets the restricted Pod Security Standard, which its namespace enforces", () => {
    expect(podSecurityProblems(template.spec)).toEqual([]);
    expect(only("Namespace").metadata.labels).toMatchObject({ "pod-security.kubernetes.io/enforce": "restricted" });
  });

  test("runs under its account, in its namespace, with its token", () => {
    const account = only("ServiceAccount").metadata;
    expect(deployment.metadata.namespace).toBe(only("Namespace").metadata.name);
    expect(account.namespace).toBe(deployment.metadata.namespace);
    expect(template.spec).toMatchObject({ serviceAccountName: account.name, automountServiceAccountToken: true });
  });

  test("has arguments that the operator takes, and images of this version", () => {
    expect(parseOptions(container.args)).toMatchObject({ responderImage: `localhost/kvr/responder:${manifest.version}`, port: 8080 });
    expect(container.image).toBe(`localhost/kvr/operator:${manifest.version}`);
  });

  test("never overlaps with its successor while there is no leader election", () => expect(strategy).toEqual({ type: "Recreate" }));
});

test("kubectl apply -k config/default brings all of it", () => {
  expect(resourcesOf("default")).toEqual(["../crd", "../rbac", "../manager"]);
  for (const dir of ["rbac", "manager"]) {
    expect(resourcesOf(dir).toSorted()).toEqual(readdirSync(resolve(config, dir)).filter((f) => f !== "kustomization.yaml").toSorted());
  }
});
