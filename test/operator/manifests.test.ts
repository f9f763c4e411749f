// The shipped manifests: RBAC that is generated and minimal, and an operator that runs under the restricted Pod Security Standard.
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { appName, label } from "#crds/names";
import { port } from "#contract/http";
import { describe, expect, test } from "vitest";
import { chartFiles } from "../../operator/chart/files.ts";
import { dashboardFiles, roleYaml, userRolesYaml } from "../../operator/generate.ts";
import { ownedKinds } from "../../operator/kinds.ts";
import type { KubeObject } from "../../operator/objects.ts";
import { parseOptions } from "../../operator/options.ts";
import { policyRules } from "../../operator/rbac.ts";
import { userRoles } from "../../operator/user-roles.ts";
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
  const found = objects.filter((o) => o.kind === kind && !o.metadata.name.startsWith("kvresponder-"));
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
    const extra = policyRules(undefined, [...ownedKinds, { group: "batch", version: "v1", kind: "CronJob", plural: "cronjobs" }]);
    expect(extra.find((r) => r.apiGroups[0] === "batch")?.resources).toEqual(["cronjobs"]);
  });

  test("is bound to the account that the operator runs under", () => {
    const account = only("ServiceAccount").metadata;
    expect(only("ClusterRoleBinding")).toMatchObject({
      roleRef: { kind: "ClusterRole", name: only("ClusterRole").metadata.name },
      subjects: [{ kind: "ServiceAccount", name: account.name, namespace: account.namespace }],
    });
  });
});

describe("the roles of users", () => {
  const roles = userRoles();
  const granted = (name: string): string[] =>
    roles
      .filter((role) => role.metadata.name === name)
      .flatMap((role) => role.rules)
      .flatMap((r) => r.resources.flatMap((s) => r.verbs.map((v) => `${v} ${s}`)))
      .toSorted();
  const reads = ["get kvresponders", "get kvresponders/scale", "get kvresponders/status", "list kvresponders", "watch kvresponders"];
  const writes = ["create kvresponders", "delete kvresponders", "patch kvresponders", "patch kvresponders/scale", "update kvresponders", "update kvresponders/scale"];

  test("are the generated ones", () => expect(read("rbac/user_roles.yaml")).toBe(userRolesYaml()));

  test("read; write all but the status; and clear a namespace", () => {
    expect(granted("kvresponder-viewer")).toEqual(reads);
    expect(granted("kvresponder-editor")).toEqual([...reads, ...writes].toSorted());
    expect(granted("kvresponder-admin")).toEqual([...reads, ...writes, "deletecollection kvresponders"].toSorted());
  });

  test("are about our own group alone, and have no wildcard", () => {
    expect(new Set(roles.flatMap((role) => role.rules).flatMap((r) => r.apiGroups))).toEqual(new Set(["kvresponder.io"]));
    expect(JSON.stringify(roles)).not.toContain("*");
  });

  test("join the built-in role of their name", () => {
    const joined = Object.fromEntries(roles.map((role) => [role.metadata.name, Object.keys(role.metadata.labels)]));
    const to = (name: string) => [`rbac.authorization.k8s.io/aggregate-to-${name}`];
    expect(joined).toEqual({ "kvresponder-viewer": to("view"), "kvresponder-editor": to("edit"), "kvresponder-admin": to("admin") });
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

  test("has a budget that never holds up a drain", () => {
    const { spec } = only("PodDisruptionBudget");
    expect(spec).toEqual({ maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector: deployment["spec"] && (deployment["spec"] as { selector: object }).selector });
  });
});

describe("the operator's network policy", () => {
  type Rule = { from?: object[]; to?: object[]; ports: { port: number; protocol: string }[] };
  const policy = parseAllDocuments(read("network-policy/network_policy.yaml"))[0]?.toJS() as KubeObject & { spec: { podSelector: object; ingress: Rule[]; egress: Rule[] } };
  const { podSelector, ingress, egress } = policy.spec;

  test("is about the operator's pods", () => {
    const deployment = only("Deployment");
    expect(policy.metadata.namespace).toBe(deployment.metadata.namespace);
    expect(podSelector).toEqual((deployment["spec"] as { selector: object }).selector);
  });

  test("lets in who reads the metrics, at their port alone", () => {
    expect(ingress.map((r) => r.ports)).toEqual([[{ port: 8080, protocol: "TCP" }]]);
  });

  test("lets the operator reach the management port of tenants' pods, in all namespaces", () => {
    const [toPods, ...others] = egress.filter((r) => r.to !== undefined);
    expect(others).toEqual([]);
    expect(toPods).toEqual({ to: [{ namespaceSelector: {}, podSelector: { matchLabels: { [label.appName]: appName } } }], ports: [{ port: port.metrics, protocol: "TCP" }] });
  });

  test("is not in config/default: it would cut the operator off where the API server has another port", () => expect(resourcesOf("default")).not.toContain("../network-policy"));
});

test("what is generated in the charts is fresh", () => {
  for (const [path, text] of Object.entries(chartFiles(dashboardFiles()))) expect(read(`helm/${path}`), path).toBe(text);
});

test("labels tell the project's version", () => {
  for (const dir of ["default", "prometheus", "network-policy"]) expect(read(`${dir}/kustomization.yaml`), dir).toContain(`app.kubernetes.io/version: ${manifest.version}\n`);
});

test("kubectl apply -k config/default brings all of it", () => {
  expect(resourcesOf("default")).toEqual(["../crd", "../rbac", "../manager"]);
  for (const dir of ["rbac", "manager"]) {
    expect(resourcesOf(dir).toSorted()).toEqual(readdirSync(resolve(config, dir)).filter((f) => f !== "kustomization.yaml").toSorted());
  }
});
