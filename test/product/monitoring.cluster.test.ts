// The tenants' monitoring in the real prometheus-operator, Prometheus and Alertmanager: two tenants in one namespace, and the first one's namesake in another.
import { resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { port, portName } from "#contract/http";
import { buildImages } from "../../build/images.ts";
import { startCluster, waitFor } from "../cluster/index.ts";
import { activeAlerts, installAlertmanager } from "../cluster/monitoring/alertmanager.ts";
import { installMonitoring, promQuery } from "../cluster/monitoring/index.ts";
import { activeTargets, labelNames, loadedRules, type LoadedRule } from "../cluster/monitoring/prometheus-api.ts";
import type { Cluster } from "../cluster/types.ts";
import { readPromql } from "../operator/observability/promql-reader.ts";
import { childPath, condition, kvresponder, path, waitForCondition, waitReady } from "../support/kvresponders.ts";
import { nodePod } from "../support/node-pod.ts";
import { operatorNamespace } from "../support/operator-process.ts";
import { receiverUrl, startReceiverPod, type ReceiverPod } from "../support/receiver-pod.ts";

interface Tenant {
  readonly namespace: string;
  readonly name: string;
  readonly tenant: string;
  readonly replicas: number;
}

const acme: Tenant = { namespace: "team", name: "orders", tenant: "acme", replicas: 2 };
const neighbour: Tenant = { namespace: "team", name: "carts", tenant: "bee", replicas: 1 };
const namesake: Tenant = { namespace: "other", name: "orders", tenant: "acme", replicas: 1 };
const tenants = [acme, neighbour, namesake];

const labelsOf = ({ namespace, name, tenant }: Tenant) => ({ namespace, tenant, kvresponder: name });
const selectorOf = (of: Tenant): string => Object.entries(labelsOf(of)).map(([label, value]) => `${label}="${value}"`).join(",");
const groupOf = ({ namespace, name }: Tenant): string => `kvresponder/${namespace}/${name}`;
const hook = ({ namespace, name }: Tenant): string => `/${namespace}/${name}`;
const title = ({ namespace, name }: Tenant): string => `${namespace}/${name}`;

/** For what goes through prometheus-operator, a reload, and a scrape or two. */
const soon = { timeoutMs: 120_000, intervalMs: 500 };
const merge = { contentType: "application/merge-patch+json" };

let cluster: Cluster;
let prometheus: string;
let alertmanager: string;
let receiver: ReceiverPod;
let image: string;

const patch = async (of: Tenant, spec: object): Promise<void> => {
  const { status, body } = await cluster.request("PATCH", path(of.namespace, of.name), { spec }, merge);
  expect(status, JSON.stringify(body)).toBe(200);
};
const patchPrometheus = (spec: object) => cluster.request("PATCH", "/apis/monitoring.coreos.com/v1/namespaces/monitoring/prometheuses/main", { spec }, merge);

beforeAll(async () => {
  const images = await buildImages();
  image = images.find((each) => each.program === "responder")?.name ?? "";
  cluster = await startCluster({ kind: "node", images: images.map((each) => each.path) });
  ({ url: prometheus } = (await installMonitoring(cluster)).prometheus);
  ({ url: alertmanager } = await installAlertmanager(cluster));
  // that a target's own labels never win is the monitor's doing here
  await patchPrometheus({ overrideHonorLabels: false });
  receiver = await startReceiverPod(cluster, image);
  await cluster.kubectl("apply", "--server-side", "-k", resolve(import.meta.dirname, "../../config/default"));
  await cluster.kubectl("rollout", "status", "-n", operatorNamespace, "deploy/kv-responder-operator", "--timeout=120s", { timeoutMs: 125_000 });
  for (const namespace of new Set(tenants.map((of) => of.namespace))) await cluster.kubectl("create", "namespace", namespace);
  await cluster.apply(
    tenants.map((of) =>
      kvresponder(of.namespace, of.name, {
        tenant: of.tenant,
        replicas: of.replicas,
        cache: { maxMemory: "32Mi" },
        monitoring: {
          serviceMonitor: { interval: "2s", scrapeTimeout: "2s" },
          routing: { groupWait: "0s", groupInterval: "1s", webhook: { url: receiverUrl(hook(of)), minSeverity: "info" } },
        },
      }),
    ),
  );
  for (const of of tenants) await waitReady(cluster, of.namespace, of.name, 180_000);
}, 600_000);

afterAll(() => cluster?.stop());

test.each(tenants)("the conditions of $namespace/$name say that Prometheus selects its objects", async ({ namespace, name }) => {
  for (const type of ["MonitorReady", "RulesReady"] as const) {
    const resource = await waitForCondition(cluster, [namespace, name], type, { status: "True", reason: "Applied" }, 120_000);
    expect(condition(resource, type)?.message).toContain("is selected by Prometheus monitoring/main");
  }
  await waitForCondition(cluster, [namespace, name], "RoutingReady", { status: "True", reason: "Applied" });
});

const targetsUp = (of: Tenant) =>
  waitFor(`the pods of ${title(of)} answer Prometheus`, async () => {
    const targets = (await activeTargets(prometheus)).filter(({ labels }) => Object.entries(labelsOf(of)).every(([label, value]) => labels[label] === value));
    const bad = targets.filter(({ health }) => health !== "up");
    if (bad.length > 0) throw new Error(bad.map(({ labels, health, lastError }) => `${labels["pod"]} is ${health}: ${lastError}`).join("; "));
    return targets.length === of.replicas && targets;
  }, soon);

test.each(tenants)("the pods of $namespace/$name are targets under their own name", async (of) => {
  const targets = await targetsUp(of);
  const pods = await cluster.pods({ namespace: of.namespace, selector: `kvresponder.io/name=${of.name}` });
  expect(targets.map(({ labels }) => labels["pod"]).sort()).toEqual(pods.map(({ metadata }) => metadata.name).sort());
  for (const { labels } of targets) {
    expect(labels).toMatchObject({ ...labelsOf(of), service: `kv-responder-${of.name}` });
    expect(labels).not.toHaveProperty("cluster");
  }
});

/** No label that a pod gave itself, and none that speaks of a cluster, is on any series of the cache. */
const labelsAreOurs = async (): Promise<void> => {
  const names = await labelNames(prometheus, `{__name__=~"kv_.+"}`);
  expect(names).toEqual(expect.arrayContaining(["tenant", "namespace", "kvresponder", "service", "pod"]));
  expect(names.filter((name) => name.startsWith("exported_") || name === "cluster")).toEqual([]);
};

describe("a pod that claims to be somebody else's", () => {
  const pod = { namespace: acme.namespace, name: "impostor" };
  const claims = [`tenant="evil",kvresponder="evil",namespace="kube-system",service="evil",pod="evil"`, `tenant="bee",kvresponder="carts",exported_tenant="bee",exported_pod="evil"`];
  const exposition = ["# TYPE kv_entries gauge", ...claims.map((labels, i) => `kv_entries{${labels},claim="${i}"} 666`), ""].join("\n");
  const script = `
    import { createServer } from "node:http";
    const text = ${JSON.stringify(exposition)};
    createServer((_, response) => response.setHeader("content-type", "text/plain; version=0.0.4").end(text)).listen(${port.metrics});
    process.on("SIGTERM", () => process.exit());
  `;

  test("is stored as what it is: one more pod behind its tenant's Service", async () => {
    // labels that the Service selects, as whoever may make pods in the namespace can write them
    const labels = { "app.kubernetes.io/name": "kv-responder", "kvresponder.io/name": acme.name };
    await cluster.apply(nodePod({ ...pod, image, labels, port: { name: portName.metrics, containerPort: port.metrics }, script }));
    const stored = await waitFor("what the pod claims is stored", async () => {
      const samples = await promQuery(prometheus, `kv_entries == 666`);
      return samples.length === claims.length && samples;
    }, soon);
    for (const { metric } of stored) expect(metric).toMatchObject({ ...labelsOf(acme), service: `kv-responder-${acme.name}`, pod: pod.name });
    expect(await promQuery(prometheus, `{tenant="evil"} or {kvresponder="evil"} or {namespace="kube-system"} or {service="evil"} or {pod="evil"}`)).toEqual([]);
    expect(await promQuery(prometheus, `kv_entries{${selectorOf(neighbour)}}`)).toHaveLength(neighbour.replicas);
    await labelsAreOurs();
  });

  test("is gone from the targets with its pod", async () => {
    await cluster.kubectl("delete", "pod", "-n", pod.namespace, pod.name, "--now");
    await targetsUp(acme);
  });
});

/** Every rule of the tenant's group has been evaluated after this moment without an error. */
const healthy = (of: Tenant, since: number): Promise<readonly LoadedRule[]> =>
  waitFor(`the rules of ${title(of)} are evaluated without an error`, async () => {
    const rules = await loadedRules(prometheus, groupOf(of));
    const bad = rules.filter(({ health, lastError = "", lastEvaluation }) => health !== "ok" || lastError !== "" || Date.parse(lastEvaluation) <= since);
    if (bad.length > 0) throw new Error(bad.map(({ name, health, lastError }) => `${name} is ${health}: ${lastError}`).join("; "));
    return rules.length > 0 && rules;
  }, soon);

interface PrometheusRule {
  readonly spec: { readonly groups: readonly { readonly rules: readonly { readonly alert?: string; readonly record?: string }[] }[] };
}

test.each(tenants)("every rule of $namespace/$name is loaded and evaluated without an error", async (of) => {
  const object = await cluster.get<PrometheusRule>(childPath({ kind: "PrometheusRule", metadata: { name: `kv-responder-${of.name}`, namespace: of.namespace } }));
  const wanted = (object?.spec.groups ?? []).flatMap(({ rules }) => rules.map(({ alert, record }) => alert ?? record));
  expect(wanted).toContain("KVResponderDown");
  expect((await healthy(of, 0)).map(({ name }) => name)).toEqual(wanted);
});

/** Of the alert KVResponderDown: long enough for a machine that is slow to answer a few scrapes. */
const held = 10;

/** Kills all pods of the one, which the operator is told not to put back, and gives them back; nobody else hears of it. */
const outage = async (of: Tenant): Promise<void> => {
  const heard = async () => (await receiver.at(hook(of))).filter(({ alerts }) => alerts.some(({ labels }) => labels["alertname"] === "KVResponderDown"));
  const others = tenants.filter((each) => each !== of);
  const before = await Promise.all(others.map((each) => receiver.at(hook(each))));
  await patch(of, { paused: true });
  await waitForCondition(cluster, [of.namespace, of.name], "Paused", { status: "True" });
  await cluster.kubectl("scale", "-n", of.namespace, `deploy/kv-responder-${of.name}`, "--replicas=0");

  const [firing] = await waitFor(`the receiver of ${title(of)} hears of it`, async () => {
    const messages = await heard();
    return messages.length > 0 && messages;
  }, soon);
  expect(firing).toMatchObject({ status: "firing", receiver: `${of.namespace}/kv-responder-${of.name}/webhook`, alerts: [{ labels: { ...labelsOf(of), severity: "critical", signal: "availability" } }] });
  const active = (await activeAlerts(alertmanager)).filter(({ labels }) => labels["alertname"] === "KVResponderDown");
  expect(active).toMatchObject([{ labels: labelsOf(of), receivers: [{ name: firing?.receiver }] }]);

  await patch(of, { paused: false });
  await targetsUp(of);
  await waitFor(`the receiver of ${title(of)} hears of its end`, async () => (await heard()).at(-1)?.status === "resolved", soon);
  expect(await promQuery(prometheus, `ALERTS{alertname="KVResponderDown",${selectorOf(of)}}`)).toEqual([]);
  const stray = (await receiver.at(hook(of))).flatMap(({ alerts }) => alerts).filter(({ labels }) => Object.entries(labelsOf(of)).some(([label, value]) => labels[label] !== value));
  expect(stray).toEqual([]);
  expect(await Promise.all(others.map((each) => receiver.at(hook(each))))).toEqual(before);
};

test("all pods of one are killed: its receiver hears that it is down, and that it is not; neither its neighbour's nor its namesake's hears a thing", async () => {
  for (const of of tenants) await patch(of, { monitoring: { rules: { overrides: { KVResponderDown: { for: `${held}s` } } } } });
  for (const of of tenants) {
    await targetsUp(of);
    await waitFor(`the override of ${title(of)} is loaded`, async () => (await loadedRules(prometheus, groupOf(of))).find(({ name }) => name === "KVResponderDown")?.duration === held, soon);
  }
  for (const of of tenants) expect(await receiver.at(hook(of)), title(of)).toEqual([]);
  await outage(acme);
  for (const of of [neighbour, namesake]) expect(await receiver.at(hook(of)), title(of)).toEqual([]);
});

describe("under enforcedNamespaceLabel", () => {
  const everybody = { apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", metadata: { name: "everybody", namespace: acme.namespace }, spec: { groups: [{ name: "everybody", rules: [{ record: "everybody:up", expr: "up" }] }] } };
  let since: number;

  beforeAll(async () => {
    await cluster.apply(everybody);
    await waitFor("a rule that sees every namespace", async () => (await loadedRules(prometheus, "everybody")).length === 1, soon);
    await patchPrometheus({ enforcedNamespaceLabel: "namespace" });
    await waitFor("the rule to be held to its own", async () => (await loadedRules(prometheus, "everybody"))[0]?.query === `up{namespace="${acme.namespace}"}`, soon);
    since = Date.now();
  });

  test.each(tenants)("the rules of $namespace/$name are evaluated without an error, and what they record goes on", async (of) => {
    await targetsUp(of);
    const rules = await healthy(of, since);
    for (const { query } of rules) for (const { metric, matchers } of readPromql(query).selectors) expect(matchers, `${metric} in ${query}`).toContain(`namespace="${of.namespace}"`);
    for (const { name, query } of rules.filter(({ type }) => type === "recording")) {
      const [sample] = await promQuery(prometheus, query);
      expect(sample?.metric, `${name}: ${query}`).toMatchObject(labelsOf(of));
    }
    await labelsAreOurs();
  });

  test("an alert fires, goes to its own receiver, and ends", () => outage(namesake));
});
