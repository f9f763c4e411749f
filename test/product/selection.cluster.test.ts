// Whether anybody selects our monitor and rules: a real API server with the Prometheus Operator's kinds, its words in the conditions, and no restart in between.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Condition } from "#crds/conditions";
import { unmet, type LabelSelector } from "../../operator/reconcile/label-selector.ts";
import { crdFile } from "../cluster/monitoring/crds.ts";
import type { Cluster } from "../cluster/types.ts";
import { condition, inWords, kvresponder, operatorWrites, path, waitForCondition, waitReady, type Resource } from "../support/kvresponders.ts";
import { labelsArbitrary, selectorArbitrary } from "../support/label-selectors.ts";
import { operatorUser } from "../support/operator-process.ts";
import { startProduct, type Product } from "../support/product.ts";

let product: Product;
let cluster: Cluster;

beforeAll(async () => {
  product = await startProduct({ audit: true });
  ({ cluster } = product);
  await cluster.apply(crdFile("prometheuses"));
  await cluster.waitFor("Prometheus resources are served", async () => (await cluster.get("/apis/monitoring.coreos.com/v1/prometheuses")) !== undefined);
  await cluster.kubectl("create", "namespace", "monitoring");
  await cluster.apply(kvresponder("team", "a"));
  await waitReady(cluster, "team", "a");
});

afterAll(() => product?.stop());

/** With `null` for a selector that is to go: an apply as another manager would leave it. */
const prometheus = async (name: string, spec: object): Promise<void> => {
  const at = `/apis/monitoring.coreos.com/v1/namespaces/monitoring/prometheuses`;
  if (await cluster.get(`${at}/${name}`)) await cluster.request("PATCH", `${at}/${name}`, { spec }, { contentType: "application/merge-patch+json" });
  else await cluster.apply({ apiVersion: "monitoring.coreos.com/v1", kind: "Prometheus", metadata: { name, namespace: "monitoring" }, spec });
};

const becomes = async (type: Condition["type"], expected: Partial<Condition>, text: string): Promise<Resource> => {
  const resource = await waitForCondition(cluster, ["team", "a"], type, expected, 60_000);
  expect(condition(resource, type)?.message).toContain(text);
  return resource;
};
const patch = (spec: object) => cluster.request("PATCH", path("team", "a"), { spec }, { contentType: "application/merge-patch+json" });

const selected = { status: "True", reason: "Applied" } as const;
const notSelected = { status: "False", reason: "NotSelected" } as const;
const unknown = { status: "Unknown", reason: "SelectionUnknown" } as const;

test("without any Prometheus it is not known, and the resource is Ready all the same", async () => {
  await becomes("MonitorReady", unknown, "the cluster has no Prometheus resource");
  const resource = await becomes("RulesReady", unknown, "the cluster has no Prometheus resource");
  expect((["Ready", "Reconciling", "Stalled"] as const).map((type) => condition(resource, type)?.status)).toEqual(["True", "False", "False"]);
});

test("a Prometheus that wants a label appears later, and the conditions say what it wants", async () => {
  const release = { matchLabels: { release: "stack" } };
  await prometheus("main", { serviceMonitorSelector: release, serviceMonitorNamespaceSelector: {}, ruleSelector: release, ruleNamespaceSelector: {} });
  await becomes("MonitorReady", notSelected, "Prometheus monitoring/main wants labels release=stack. spec.monitoring.serviceMonitor.labels gives it labels");
  const resource = await becomes("RulesReady", notSelected, "Prometheus monitoring/main wants labels release=stack. spec.monitoring.rules.labels gives it labels");
  expect(condition(resource, "Ready")?.status).toBe("True");
  await cluster.waitFor("an event says so", async () => {
    const list = await cluster.get<{ items: { reason: string; regarding: { name: string } }[] }>("/apis/events.k8s.io/v1/namespaces/team/events");
    return list?.items.some((e) => e.reason === "NotSelected" && e.regarding.name === "a");
  });
});

test("with the labels of the hint both are selected, each for itself", async () => {
  await patch({ monitoring: { serviceMonitor: { labels: { release: "stack" } } } });
  const resource = await becomes("MonitorReady", selected, "is selected by Prometheus monitoring/main");
  expect(condition(resource, "RulesReady")).toMatchObject(notSelected);
  await patch({ monitoring: { rules: { labels: { release: "stack" } } } });
  await becomes("RulesReady", selected, "is selected by Prometheus monitoring/main");
});

test("namespaces count: by their labels, and without a selector for them only the Prometheus' own", async () => {
  await prometheus("main", { serviceMonitorNamespaceSelector: { matchExpressions: [{ key: "scrape", operator: "In", values: ["yes", "always"] }] }, ruleNamespaceSelector: null });
  await becomes("MonitorReady", notSelected, "Prometheus monitoring/main wants labels scrape in (always,yes) on namespace team");
  await becomes("RulesReady", notSelected, "Prometheus monitoring/main has no ruleNamespaceSelector, so it looks in its own namespace alone");
});

test("a label of the namespace and another Prometheus are noticed", async () => {
  await cluster.kubectl("label", "namespace", "team", "scrape=yes");
  await prometheus("second", { ruleSelector: {}, ruleNamespaceSelector: {}, podMonitorSelector: {} });
  await becomes("MonitorReady", selected, "is selected by Prometheus monitoring/main");
  await becomes("RulesReady", selected, "is selected by Prometheus monitoring/second");
});

test("what the Prometheus Operator says of the monitor is repeated", async () => {
  const at = "/apis/monitoring.coreos.com/v1/namespaces/team/servicemonitors/kv-responder-a";
  const bind = (status: string, message: string) =>
    cluster.request(
      "PATCH",
      `${at}/status`,
      { status: { bindings: [{ group: "monitoring.coreos.com", resource: "prometheuses", namespace: "monitoring", name: "main", conditions: [{ type: "Accepted", status, message, lastTransitionTime: "2026-01-01T00:00:00Z" }] }] } },
      { contentType: "application/merge-patch+json" },
    );
  await bind("False", "scrapeTimeout is too long");
  await becomes("MonitorReady", { status: "False", reason: "Rejected" }, "Prometheus monitoring/main rejects it: scrapeTimeout is too long");
  await bind("True", "");
  await becomes("MonitorReady", selected, "is selected by Prometheus monitoring/main");
});

test("a settled resource costs no write, and a restart says the same in the same words", async () => {
  const before = await cluster.get<Resource>(path("team", "a"));
  const mark = (await cluster.auditLog()).length;
  await product.restartOperator();
  await cluster.waitFor("it was reconciled", async () => (await product.operator.metric("controller_runtime_reconcile_total")) >= 1);
  const writes = operatorWrites((await cluster.auditLog()).slice(mark)).filter((e) => e.objectRef?.resource !== "secrets" && e.objectRef?.resource !== "events");
  expect(writes.map(inWords)).toEqual([]);
  expect((await cluster.get<Resource>(path("team", "a")))?.status).toEqual(before?.status);
});

test("who may not look says so, and everything else works", async () => {
  const role = await cluster.kubectl("get", "clusterrole", "kv-responder-operator", "-o", "json");
  interface Rule {
    resources: string[];
  }
  const { rules } = JSON.parse(role) as { rules: Rule[] };
  const hidden = new Set(["prometheuses", "namespaces"]);
  await cluster.request(
    "PATCH",
    "/apis/rbac.authorization.k8s.io/v1/clusterroles/kv-responder-operator",
    { rules: rules.filter((r) => !r.resources.some((resource) => hidden.has(resource))) },
    { contentType: "application/merge-patch+json" },
  );
  await cluster.waitFor("the role is in force", async () => {
    const answer = await cluster.kubectl("auth", "can-i", "list", "prometheuses.monitoring.coreos.com", "-A", `--as=${operatorUser}`).catch(() => "no");
    return !answer.startsWith("yes");
  });
  await product.restartOperator();
  const text = "the operator may not list prometheuses.monitoring.coreos.com; the operator may not list thanosrulers.monitoring.coreos.com";
  // of the monitor the binding still tells; the rules have none
  await becomes("RulesReady", unknown, text);
  await cluster.apply(kvresponder("team", "b"));
  const resource = await waitReady(cluster, "team", "b");
  expect((["MonitorReady", "RulesReady"] as const).map((type) => condition(resource, type))).toMatchObject([unknown, unknown]);
  expect(operatorWrites(await cluster.auditLog()).filter((e) => e.objectRef?.resource === "prometheuses" || e.objectRef?.resource === "namespaces")).toEqual([]);
});

describe("label selectors", () => {
  /** As kubectl -l spells it; an API server parses this with the very code that reads metav1.LabelSelector. */
  const spell = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): string =>
    [
      ...Object.entries(matchLabels ?? {}).map(([k, v]) => `${k}=${v}`),
      ...(matchExpressions ?? []).map(({ key, operator, values = [] }) => {
        const list = `(${values.join(",")})`;
        return { In: `${key} in ${list}`, NotIn: `${key} notin ${list}`, Exists: key, DoesNotExist: `!${key}` }[operator];
      }),
    ].join(",");

  test("select what the API server selects by them", async () => {
    const worlds = fc.sample(labelsArbitrary, 40);
    await cluster.kubectl("create", "namespace", "labels");
    await cluster.apply(worlds.map((labels, i) => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: `w${i}`, namespace: "labels", labels: { world: "yes", ...labels } } })));
    for (const selector of fc.sample(selectorArbitrary, 100)) {
      const text = ["world=yes", spell(selector)].filter((t) => t !== "").join(",");
      const list = await cluster.get<{ items: { metadata: { name: string } }[] }>(`/api/v1/namespaces/labels/configmaps?labelSelector=${encodeURIComponent(text)}`);
      const ours = worlds.flatMap((labels, i) => (unmet(selector, labels).length === 0 ? [`w${i}`] : []));
      expect(list?.items.map((item) => item.metadata.name).sort(), text).toEqual(ours.sort());
    }
  });
});
