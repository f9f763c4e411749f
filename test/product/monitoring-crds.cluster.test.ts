// A cluster without the Prometheus Operator's CRDs: everything else works; when they come, monitors appear without a restart. Then: granted = used.
import { afterAll, beforeAll, expect, test } from "vitest";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { crdFile, crdPaths } from "../cluster/monitoring/crds.ts";
import type { Cluster } from "../cluster/types.ts";
import { everything, forbidden, grantedBy, nothing, unused } from "../support/granted.ts";
import { children, condition, kvresponder, path, waitForCondition, waitReady } from "../support/kvresponders.ts";
import type { OperatorProcess } from "../support/operator-process.ts";
import { startProduct, type Product } from "../support/product.ts";

let product: Product;
let cluster: Cluster;
let operator: OperatorProcess;

beforeAll(async () => {
  product = await startProduct({ audit: true, monitoringCrds: false });
  ({ cluster, operator } = product);
});

afterAll(() => product?.stop());

test("without the CRDs the cache runs, and the conditions say what is missing", async () => {
  await cluster.apply(kvresponder("team", "a", everything));
  const resource = await waitReady(cluster, "team", "a");
  expect(condition(resource, "MonitorReady")).toMatchObject({ status: "False", reason: "CRDMissing" });
  expect(condition(resource, "RulesReady")).toMatchObject({ status: "False", reason: "CRDMissing" });
  expect(condition(resource, "RoutingReady")).toMatchObject({ status: "False", reason: "CRDMissing" });
  expect(condition(resource, "DashboardReady")).toMatchObject({ status: "True", reason: "Applied" });
  expect(await operator.metric("kvoperator_api_available")).toBe(0);
  await cluster.apply(kvresponder("team", "g", { replicas: 1, monitoring: { dashboard: { format: "GrafanaDashboard" } } }));
  expect(condition(await waitReady(cluster, "team", "g"), "DashboardReady")).toMatchObject({ status: "False", reason: "CRDMissing" });
});

test("when the CRDs come, the monitors appear within 60 s, without a restart", async () => {
  for (const crd of crdPaths) await cluster.apply(crd);
  // nobody is there yet who could select them: test/product/selection has that story
  await waitForCondition(cluster, ["team", "a"], "MonitorReady", { status: "Unknown", reason: "SelectionUnknown" }, 60_000);
  await waitForCondition(cluster, ["team", "a"], "RulesReady", { status: "Unknown", reason: "SelectionUnknown" }, 60_000);
  await waitForCondition(cluster, ["team", "a"], "RoutingReady", { status: "True", reason: "Applied" }, 60_000);
  await waitForCondition(cluster, ["team", "g"], "DashboardReady", { status: "True", reason: "Applied" }, 60_000);
  const kinds = (await children(cluster, "team", "a")).map((c) => c.kind);
  expect(kinds).toContain("ServiceMonitor");
  expect(kinds).toContain("PrometheusRule");
  expect(kinds).toContain("AlertmanagerConfig");
  expect(operator.process.exitCode).toBeNull();
  expect(await operator.metric("kvoperator_api_available", { group: "monitoring.coreos.com" })).toBe(1);
  expect(await operator.metric("kvoperator_api_available", { group: "grafana.integreatly.org" })).toBe(1);
});

const grafanaDashboard = async () => (await children(cluster, "team", "g")).find((c) => c.kind === "GrafanaDashboard") as { metadata: { uid: string }; spec: { instanceSelector: object } } | undefined;
const patch = (name: string, spec: object) => cluster.request("PATCH", path("team", name), { spec }, { contentType: "application/merge-patch+json" });

test("a GrafanaDashboard whose selector changes, which its kind forbids, is made anew; with the other format it goes", async () => {
  const before = await grafanaDashboard();
  expect(before?.spec.instanceSelector).toEqual({ matchLabels: { dashboards: "grafana" } });
  await patch("g", { monitoring: { dashboard: { folder: "Caches", instanceSelector: { matchLabels: { dashboards: "team" } } } } });
  await waitForCondition(cluster, ["team", "g"], "DashboardReady", { status: "True", reason: "Applied" });
  const after = await grafanaDashboard();
  expect(after?.spec).toMatchObject({ instanceSelector: { matchLabels: { dashboards: "team" } }, folder: "Caches", allowCrossNamespaceImport: true });
  expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
  await waitReady(cluster, "team", "g");

  const named = async () => (await children(cluster, "team", "g")).flatMap((c) => (c.metadata.name === "kv-responder-g-dashboard" ? [c.kind] : []));
  await patch("g", { monitoring: { dashboard: { format: "ConfigMap" } } });
  await cluster.waitFor("the ConfigMap alone is there", async () => (await named()).join() === "ConfigMap");
  await patch("g", { monitoring: { dashboard: { format: "GrafanaDashboard" } } });
  await cluster.waitFor("the GrafanaDashboard alone is there", async () => (await named()).join() === "GrafanaDashboard");
});

test("and when a Prometheus comes that selects them by their namespace, they are ready", async () => {
  await cluster.apply(crdFile("prometheuses"));
  await cluster.waitFor("Prometheus resources are served", async () => (await cluster.get("/apis/monitoring.coreos.com/v1/prometheuses")) !== undefined);
  const team = { matchLabels: { "kubernetes.io/metadata.name": "team" } };
  const spec = { serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: team, ruleSelector: {}, ruleNamespaceSelector: team };
  await cluster.apply({ apiVersion: "monitoring.coreos.com/v1", kind: "Prometheus", metadata: { name: "main", namespace: "default" }, spec });
  await waitForCondition(cluster, ["team", "a"], "MonitorReady", { status: "True", reason: "Applied" }, 60_000);
  await waitForCondition(cluster, ["team", "a"], "RulesReady", { status: "True", reason: "Applied" }, 60_000);
});

test("events tell a person what happened", async () => {
  const events = await cluster.waitFor("an event of a", async () => {
    const list = await cluster.get<{ items: { reason: string; note: string; type: string; regarding: { name: string } }[] }>("/apis/events.k8s.io/v1/namespaces/team/events");
    const ours = list?.items.filter((e) => e.regarding.name === "a") ?? [];
    return ours.some((e) => e.reason === "AllReady") && ours;
  });
  expect(events.map((e) => e.reason)).toContain("CRDMissing");
});

test("no request was Forbidden, and every granted verb of every kind was used", async () => {
  // use what the story above has not used: the removal of each kind that can become unwanted
  await patch("a", nothing);
  await waitForCondition(cluster, ["team", "a"], "DashboardReady", { status: "False", reason: "Disabled" });
  await waitReady(cluster, "team", "a");

  const granted = grantedBy(readFileSync(resolve(import.meta.dirname, "../../config/rbac/role.yaml"), "utf8"), "ClusterRole");
  expect(granted.length).toBeGreaterThan(30);
  // a kind that has just appeared is listed and watched a moment after its first object is written
  await cluster.waitFor("every granted verb to be used", async () => {
    const log = await cluster.auditLog();
    expect(forbidden(log)).toEqual([]);
    expect(unused(granted, log)).toEqual([]);
    return true;
  });
});
