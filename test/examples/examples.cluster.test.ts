// Every file under examples/ is taken by a real API server, its tenants become Ready, the monitoring stack of the example selects what belongs to them, and the commands in its head comment are right.
import { parseResource } from "#crds/parse";
import { label } from "#crds/names";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parseAllDocuments } from "yaml";
import { established } from "../cluster/established.ts";
import { startFakeKubelet, type FakeKubelet } from "../cluster/fake-kubelet.ts";
import { crdFile } from "../cluster/monitoring/crds.ts";
import type { Manifest } from "../cluster/types.ts";
import { chart, helm } from "../helm/chart.ts";
import { children, condition, waitForCondition, waitReady } from "../support/kvresponders.ts";
import { startProduct, type Product } from "../support/product.ts";
import { shell, type Shell } from "../support/usage.ts";
import { commandsOf, insteadOf } from "./commands.ts";
import { exampleDocuments, exampleFiles, examplePath } from "./documents.ts";
import { stackObjects, stackValues } from "./stack.ts";

/** What is no list of objects: values of charts, and a configuration; each has a test of its own. */
const others = ["alertmanager-routing.yaml", "kube-prometheus-stack-values.yaml", "monitoring-values.yaml"];
const manifests = exampleFiles().filter((file) => !others.includes(file));

const tenants = manifests.flatMap((file) => exampleDocuments(file).filter(({ kind }) => kind === "KVResponder").map((resource) => [file, resource] as const));
const namespaceOf = ({ metadata }: Manifest) => metadata.namespace ?? "default";

let [product, sh]: [Product | undefined, Shell | undefined] = [undefined, undefined];
let nodes: FakeKubelet[] = [];
const cluster = () => (product as Product).cluster;

beforeAll(async () => {
  product = await startProduct();
  // the rest of what the Prometheus Operator brings
  for (const name of ["prometheuses", "alertmanagers"] as const) await cluster().apply(crdFile(name));
  await established(cluster(), "prometheuses.monitoring.coreos.com", "alertmanagers.monitoring.coreos.com");
  // pods that must be on different nodes find three
  nodes = [await startFakeKubelet(cluster(), { node: "second" }), await startFakeKubelet(cluster(), { node: "third" })];
  sh = await shell(cluster());
  await cluster().kubectl("create", "namespace", "monitoring");
  await cluster().apply(stackObjects());
  // a dry run finds a namespace only if it is there
  for (const file of manifests) for (const object of exampleDocuments(file)) if (object.kind === "Namespace") await cluster().apply(object);
  await cluster().kubectl("create", "namespace", "shop");
}, 300_000);
afterAll(async () => {
  for (const node of nodes) await node.stop();
  await product?.stop();
});

test("no example is of a kind that nothing looks at", () => {
  expect(exampleFiles().filter((file) => !file.endsWith(".yaml"))).toEqual([]);
  expect(exampleFiles()).toEqual(expect.arrayContaining(others));
  expect(manifests.filter((file) => exampleDocuments(file).some(({ apiVersion, kind }) => !apiVersion || !kind))).toEqual([]);
});

test.each(manifests)("the API server takes every field of %s", async (file) => {
  const answer = await cluster().kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", examplePath(file));
  expect(answer.trim().split("\n")).toHaveLength(exampleDocuments(file).length);
});

test("and every field of the Prometheus and the Alertmanager that the values make", async () => {
  for (const object of stackObjects()) await cluster().kubectl("apply", "--server-side", "--dry-run=server", "--validate=strict", "-f", "-", { input: JSON.stringify(object) });
});

describe("the commands of", () => {
  const commands = exampleFiles().map((file) => [file, commandsOf(file).filter((command) => !command.startsWith("amtool "))] as const);
  test.each(commands.filter(([, list]) => list.length > 0))("%s are right", async (_, list) => {
    // a namespace that is there already is what the command is for
    for (const command of list) {
      const line = (insteadOf(command) as string).replace(/^kubectl create namespace (\S+)$/, "kubectl get namespace $1");
      // one that reads the status comes a moment after the one before it
      await cluster().waitFor(line, async () => sh?.line(line).then(() => true), { timeoutMs: 60_000 });
    }
  });

  test("no example that is applied says how", () => expect(manifests.filter((file) => !file.startsWith("tenants/") && commandsOf(file).length === 0)).toEqual([]));
});

describe("tenants", () => {
  test.each(tenants)("%s: valid, and Ready", async (file, resource) => {
    expect(parseResource(resource)).toMatchObject({ ok: true });
    await cluster().apply(examplePath(file));
    await waitReady(cluster(), namespaceOf(resource), resource.metadata.name, 120_000);
  });

  test("monitoring-values.yaml, by the chart: Ready", async () => {
    const text = await helm(["template", "kv-responder-prod", chart, "--kube-version=1.36.3", "--values", examplePath("monitoring-values.yaml"), "--set", "tenant=production"]);
    const rendered = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
    expect(parseResource(rendered.find(({ kind }) => kind === "KVResponder"))).toMatchObject({ ok: true });
    // `helm install` of its head comment made it
    const made = await waitReady(cluster(), "default", "production", 120_000);
    expect(made.spec).toMatchObject({ tenant: "production", tracing: { sampleRatio: 0.01 }, monitoring: { serviceMonitor: { interval: "15s" } } });
  });

  test("are told apart: no two have the same namespace and name, and examples/tenants has two in one namespace", () => {
    const keys = tenants.map(([, resource]) => `${namespaceOf(resource)}/${resource.metadata.name}`);
    expect(new Set(keys).size).toBe(keys.length);
    const side = tenants.filter(([file]) => file.startsWith("tenants/")).map(([, resource]) => namespaceOf(resource));
    expect([side.length, new Set(side).size]).toEqual([2, 1]);
  });
});

describe("the stack of kube-prometheus-stack-values.yaml", () => {
  test.each(["MonitorReady", "RulesReady"] as const)("selects what %s is about, of every tenant, without a label", async (type) => {
    for (const [, resource] of tenants) {
      const found = await waitForCondition(cluster(), [namespaceOf(resource), resource.metadata.name], type, { status: "True", reason: "Applied" });
      expect(condition(found, type)?.message).toContain("monitoring/kube-prometheus-stack-prometheus");
    }
  });

  test("selects the AlertmanagerConfig of the tenant that has receivers", async () => {
    await waitForCondition(cluster(), ["shop", "orders"], "RoutingReady", { status: "True" });
    const { matchLabels } = stackValues().alertmanager.alertmanagerSpec["alertmanagerConfigSelector"] as { matchLabels: object };
    const configs = (await children(cluster(), "shop", "orders")).filter(({ kind }) => kind === "AlertmanagerConfig");
    expect(configs).toMatchObject([{ metadata: { labels: matchLabels } }]);
  });

  test("loads the dashboard of every tenant, into the folder that it names", async () => {
    const { label: key, labelValue, folderAnnotation, searchNamespace } = stackValues().grafana.sidecar.dashboards;
    expect(searchNamespace).toBe("ALL");
    for (const [, resource] of tenants) {
      const found = (await children(cluster(), namespaceOf(resource), resource.metadata.name)).filter(({ kind, metadata }) => kind === "ConfigMap" && metadata.labels?.[key] === labelValue);
      expect(found).toHaveLength(1);
      const { folder } = (resource as { spec?: { monitoring?: { dashboard?: { folder?: string } } } }).spec?.monitoring?.dashboard ?? {};
      expect((found[0]?.metadata["annotations"] as Record<string, string> | undefined)?.[folderAnnotation]).toBe(folder);
    }
  });

  test("leads from a point and from a line to the trace, in data sources that there are", () => {
    const { sidecar, additionalDataSources } = stackValues().grafana;
    const uids = new Set(additionalDataSources.map(({ uid }) => uid));
    expect(sidecar.datasources.exemplarTraceIdDestinations).toMatchObject({ datasourceUid: "jaeger", traceIdLabelName: "trace_id" });
    const linked = [...JSON.stringify(stackValues().grafana).matchAll(/"datasourceUid":"([^"]+)"/g)].map(([, uid]) => uid);
    expect(linked.filter((uid) => !uids.has(String(uid)))).toEqual([]);
    // a data source of lines is one tenant's
    for (const { type, jsonData, secureJsonData } of additionalDataSources) {
      if (type === "loki") expect([jsonData["httpHeaderName1"], typeof secureJsonData?.["httpHeaderValue1"]]).toEqual(["X-Scope-OrgID", "string"]);
    }
  });
});

test("pods of a tenant carry the label that logs are routed by", async () => {
  const { items } = (await cluster().get<{ items: Manifest[] }>("/api/v1/namespaces/shop/pods")) ?? { items: [] };
  expect(items.length).toBeGreaterThanOrEqual(3);
  for (const { metadata } of items) expect(metadata.labels).toMatchObject({ [label.tenant]: "acme", [label.name]: "orders" });
});
