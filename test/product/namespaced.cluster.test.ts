// The operator for two namespaces, with Roles alone: both are tended, a third is not touched, and the audit log shows no request beyond them. Then: granted = used.
import { rm } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { crdFile, crdPaths } from "../cluster/monitoring/crds.ts";
import type { Cluster } from "../cluster/types.ts";
import { byOperator, everything, forbidden, grantedBy, nothing, unused } from "../support/granted.ts";
import { children, condition, kvresponder, path, waitForCondition, waitReady, type Resource } from "../support/kvresponders.ts";
import { operatorAccount, operatorNamespace, operatorUser } from "../support/operator-process.ts";
import { startProduct, type Product } from "../support/product.ts";
import { makeTeams } from "../support/teams.ts";

let teams: Awaited<ReturnType<typeof makeTeams>>;
let product: Product;
let cluster: Cluster;
let rendered: { kind: string; metadata: { name: string; namespace?: string }; [field: string]: unknown }[];

const watched = ["team-a", "team-b"] as const;

beforeAll(async () => {
  teams = await makeTeams();
  // what the kustomization tells the operator is checked below
  product = await startProduct({ audit: true, monitoringCrds: false, namespaces: [...watched, "team-c"], kustomization: teams.kustomization, operatorArgs: ["--namespaces=team-a,team-b"] });
  ({ cluster } = product);
  rendered = parseAllDocuments(await cluster.kubectl("kustomize", teams.kustomization)).map((d) => d.toJS() as (typeof rendered)[number]);
});

afterAll(async () => {
  await product?.stop();
  if (teams) await rm(teams.dir, { recursive: true, force: true });
});

test("the kustomization has the operator tend the two, and binds no ClusterRole to it", async () => {
  const deployment = rendered.find((o) => o.kind === "Deployment") as unknown as { spec: { template: { spec: { containers: { args: string[] }[] } } } };
  expect(deployment.spec.template.spec.containers[0]?.args.at(-1)).toBe("--namespaces=team-a,team-b");
  expect(rendered.filter((o) => o.kind === "Role").map((o) => o.metadata.namespace)).toEqual(watched);
  const bindings = await cluster.get<{ items: { metadata: { name: string }; subjects?: { name: string; namespace?: string }[] }[] }>("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings");
  expect(bindings?.items.filter((b) => b.subjects?.some((s) => s.name === operatorAccount && s.namespace === operatorNamespace)).map((b) => b.metadata.name)).toEqual([]);
  expect(await cluster.get(`/apis/rbac.authorization.k8s.io/v1/clusterroles/${operatorAccount}`)).toBeUndefined();
});

test("resources of both become Ready, one of a third namespace is not seen", async () => {
  await cluster.apply(["team-a", "team-b", "team-c"].map((namespace) => kvresponder(namespace, "a", everything)));
  for (const namespace of watched) {
    const resource = await waitReady(cluster, namespace, "a");
    expect(condition(resource, "MonitorReady")).toMatchObject({ status: "False", reason: "CRDMissing" });
    // found by its namespace's slices; nobody is behind the addresses that the fake kubelet gives to pods
    await waitForCondition(cluster, [namespace, "a"], "PeersConnected", { status: "Unknown", reason: "Unreachable" });
  }
  expect((await cluster.get<Resource>(path("team-c", "a")))?.status).toEqual({ observedGeneration: -1 });
  expect(await children(cluster, "team-c", "a")).toEqual([]);
  for (const kind of ["KVResponder", "Deployment", "EndpointSlice"]) expect(await product.operator.metric("kvoperator_cache_synced", { kind })).toBe(1);
});

test("kinds that come later are picked up; who selects is seen in the two namespaces, and a doubt stays about the others", async () => {
  for (const crd of [...crdPaths, crdFile("prometheuses")]) await cluster.apply(crd);
  await cluster.waitFor("Prometheus resources are served", async () => (await cluster.get("/apis/monitoring.coreos.com/v1/prometheuses")) !== undefined);
  await waitForCondition(cluster, ["team-b", "a"], "MonitorReady", { status: "Unknown", reason: "SelectionUnknown" });
  await waitForCondition(cluster, ["team-b", "a"], "RoutingReady", { status: "True", reason: "Applied" });
  const byName = { matchLabels: { "kubernetes.io/metadata.name": "team-b" } };
  const spec = { serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: byName, ruleSelector: {}, ruleNamespaceSelector: byName };
  await cluster.apply({ apiVersion: "monitoring.coreos.com/v1", kind: "Prometheus", metadata: { name: "main", namespace: "team-a" }, spec });
  await waitForCondition(cluster, ["team-b", "a"], "MonitorReady", { status: "True", reason: "Applied" });
  const elsewhere = await waitForCondition(cluster, ["team-a", "a"], "MonitorReady", { status: "Unknown", reason: "SelectionUnknown" });
  expect(condition(elsewhere, "MonitorReady")?.message).toContain("the operator looks for prometheuses.monitoring.coreos.com in the namespaces that it tends alone");
});

test("a child that is deleted comes back, in each namespace", async () => {
  for (const namespace of watched) {
    const service = `/api/v1/namespaces/${namespace}/services/kv-responder-a`;
    const before = (await cluster.get(service))?.metadata["uid"];
    await cluster.request("DELETE", service);
    await cluster.waitFor("the Service is made again", async () => ![undefined, before].includes((await cluster.get(service))?.metadata["uid"]));
  }
});

test("no request was Forbidden, none was made outside of the two namespaces but discovery, and every granted verb was used", async () => {
  // in team-a each kind that can become unwanted goes; in team-b a dashboard goes from one kind to the other and back
  const patch = (namespace: string, spec: object) => cluster.request("PATCH", path(namespace, "a"), { spec }, { contentType: "application/merge-patch+json" });
  await patch("team-a", nothing);
  await patch("team-b", { monitoring: { dashboard: { format: "GrafanaDashboard" } } });
  await waitForCondition(cluster, ["team-a", "a"], "DashboardReady", { status: "False", reason: "Disabled" });
  await waitForCondition(cluster, ["team-b", "a"], "DashboardReady", { status: "True", reason: "Applied" });
  await patch("team-b", { monitoring: { dashboard: { format: "ConfigMap" } } });
  await waitForCondition(cluster, ["team-b", "a"], "DashboardReady", { status: "True", reason: "Applied" });
  for (const namespace of watched) await waitReady(cluster, namespace, "a");

  const granted = grantedBy(await cluster.kubectl("kustomize", teams.kustomization), "Role");
  expect(granted.length).toBeGreaterThan(60);
  expect(granted.filter((right) => right.includes("*"))).toEqual([]);
  await cluster.waitFor("every granted verb to be used", async () => {
    const log = await cluster.auditLog();
    expect(forbidden(log)).toEqual([]);
    expect(unused(granted, log)).toEqual([]);
    return true;
  });
  const beyond = byOperator(await cluster.auditLog()).filter((e) => !watched.some((namespace) => e.objectRef?.namespace === namespace));
  const discovery = /^\/apis\/(monitoring\.coreos\.com\/v1|monitoring\.coreos\.com\/v1alpha1|grafana\.integreatly\.org\/v1beta1)$/;
  expect(beyond.map((e) => `${e.verb} ${e.requestURI}`).filter((request) => !discovery.test(request.replace(/^get /, "")))).toEqual([]);
  // an administrator may ask the same question: nothing beyond the two
  for (const [namespace, answer] of [["team-a", "yes"], ["team-c", "no"]] as const) {
    expect((await cluster.kubectl("auth", "can-i", "list", "deployments", "-n", namespace, `--as=${operatorUser}`).catch(() => "no")).trim()).toBe(answer);
  }
});

test("told so, it lets a namespace claim the tenant of its label alone, and pods run allowed images alone", async () => {
  await product.restartOperator(["--namespaces=team-a,team-b", "--tenant-policy=NamespaceLabel", "--allowed-images=registry.example/caches/"]);
  const uid = async () => (await cluster.get("/apis/apps/v1/namespaces/team-b/deployments/kv-responder-a"))?.metadata["uid"];
  const before = await uid();
  const denied = await waitForCondition(cluster, ["team-b", "a"], "Stalled", { status: "True", reason: "TenantDenied" });
  expect(condition(denied, "Ready")?.message).toBe("namespace team-b may not claim the tenant a: it has no label kvresponder.io/tenant, so it may claim none");
  expect(await uid()).toBe(before);
  for (const namespace of watched) await cluster.kubectl("label", "namespace", namespace, "kvresponder.io/tenant=a");
  for (const namespace of watched) await waitReady(cluster, namespace, "a");

  const image = (reference: string | null) => cluster.request("PATCH", path("team-b", "a"), { spec: { image: reference } }, { contentType: "application/merge-patch+json" });
  await image("evil.example/caches:1");
  await waitForCondition(cluster, ["team-b", "a"], "Ready", { status: "False", reason: "ImageDenied" });
  await image("registry.example/caches/mine:1");
  await waitReady(cluster, "team-b", "a");
  expect(forbidden(await cluster.auditLog())).toEqual([]);
});

test("a namespace that is deleted keeps the operator from nothing else, at its next start too, and is seen in the metrics", async () => {
  await cluster.kubectl("delete", "namespace", "team-b", "--timeout=60s");
  await product.restartOperator();
  await patchReplicas(2);
  await waitForCondition(cluster, ["team-a", "a"], "Ready", { status: "True" });
  expect((await cluster.get<Resource>(path("team-a", "a")))?.status?.ready).toBe("2/2");
  expect(await product.operator.metric("kvoperator_cache_synced", { kind: "Deployment" })).toBe(0);
  expect(product.operator.logs.filter((l) => l.msg === "list or watch failed").every((l) => l["resource_namespace"] === "team-b")).toBe(true);
});

const patchReplicas = (replicas: number) => cluster.request("PATCH", path("team-a", "a"), { spec: { replicas } }, { contentType: "application/merge-patch+json" });
