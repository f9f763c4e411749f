// config/prometheus on a real Kubernetes with the real prometheus-operator: the operator is scraped, its alerts see what they speak of, and the runbooks' commands for running pods work.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { alertNames } from "#crds/alerts";
import { platformAlertNames } from "../../operator/observability/platform-alerts.ts";
import { operatorJob } from "../../operator/observability/platform-links.ts";
import { platformGroups } from "../../operator/observability/platform-rules.ts";
import { buildImages } from "../../build/images.ts";
import { startCluster, waitFor } from "../cluster/index.ts";
import { installMonitoring, promQuery } from "../cluster/monitoring/index.ts";
import type { Cluster, Forward } from "../cluster/types.ts";
import { readPromql } from "../operator/observability/promql-reader.ts";
import { blocks, pageOf, scripts } from "../operator/observability/runbook-reader.ts";
import { kvresponder, waitReady } from "../support/kvresponders.ts";
import { operatorNamespace } from "../support/operator-process.ts";
import { shell, type Shell } from "../support/usage.ts";

let cluster: Cluster;
let prometheus: Forward;
let sh: Shell;

/** A scrape comes every 30 seconds, as shipped. */
const soon = { timeoutMs: 120_000, intervalMs: 500 };

beforeAll(async () => {
  const images = await buildImages();
  cluster = await startCluster({ kind: "node", images: images.map((i) => i.path) });
  sh = await shell(cluster);
  ({ prometheus } = await installMonitoring(cluster));
  await sh.line("kubectl apply -k config/default");
  await sh.line("kubectl apply -k config/prometheus");
  await cluster.kubectl("rollout", "status", "-n", operatorNamespace, "deploy/kv-responder-operator", "--timeout=60s");
  await cluster.kubectl("create", "namespace", "team");
  const often = { monitoring: { serviceMonitor: { interval: "1s", scrapeTimeout: "1s" } } };
  await cluster.apply([
    kvresponder("team", "orders", { replicas: 2, ...often }),
    kvresponder("team", "paused", { replicas: 1, paused: true }),
    kvresponder("team", "broken", { replicas: 1, image: "localhost/kvr/absent:1" }),
  ]);
  await waitReady(cluster, "team", "orders", 120_000);
}, 600_000);

afterAll(async () => {
  await prometheus?.close();
  await cluster?.stop();
});

interface Rule {
  readonly name: string;
  readonly health: string;
  readonly lastError?: string;
  readonly alerts?: readonly { readonly state: string; readonly labels: Readonly<Record<string, string>> }[];
}

const rules = async (): Promise<readonly Rule[]> => {
  const { data } = (await (await fetch(`${prometheus.url}/api/v1/rules`)).json()) as { data: { groups: { name: string; rules: Rule[] }[] } };
  return data.groups.flatMap((g) => (g.name === "kv-responder/platform" ? g.rules : []));
};
/** Who is pending or firing. */
const raised = async (name: string): Promise<Readonly<Record<string, string>>[]> => (await rules()).filter((r) => r.name === name).flatMap((r) => (r.alerts ?? []).map((a) => a.labels));

test("the operator is a target, under the job that alerts and dashboards look for", async () => {
  const [up] = await waitFor("the operator's target is up", async () => {
    const found = await promQuery(prometheus.url, `up{job="${operatorJob}"} == 1`);
    return found.length === 1 && found;
  }, soon);
  expect(up?.metric).toMatchObject({ namespace: operatorNamespace, service: operatorJob, container: "operator" });
  expect(await promQuery(prometheus.url, `{job="${operatorJob}",__name__=~".+",exported_namespace=~".+"}`)).toEqual([]);
});

test("Prometheus has loaded each rule, and evaluates it without an error", async () => {
  const wanted = platformGroups().flatMap((g) => g.rules.map((r) => ("alert" in r ? r.alert : r.record)));
  const loaded = await waitFor("the rules are evaluated", async () => {
    const all = await rules();
    return all.length === wanted.length && all.every((r) => r.health !== "unknown") && all;
  }, soon);
  expect(loaded.map((r) => r.name)).toEqual(wanted);
  expect(loaded.filter((r) => r.health !== "ok")).toEqual([]);
});

describe("what an expression selects is there", () => {
  const selectors = [...new Set(platformGroups().flatMap((g) => g.rules).flatMap((r) => readPromql(r.expr).selectors.map((s) => `${s.metric}{${s.matchers.join(",")}}`)))];
  test.each(selectors)("%s", async (selector) => {
    await waitFor(`a series of ${selector}`, async () => (await promQuery(prometheus.url, selector)).length > 0, soon);
  });
});

test("a resource that is not ready is told of; one that is ready, or paused, is not", async () => {
  // by then the one that is ready has been seen ready
  await waitFor("two of three are not ready", async () => (await promQuery(prometheus.url, `kvoperator_resource_ready{job="${operatorJob}"} == 0`)).length === 2, soon);
  const found = await waitFor("one resource is told of", async () => {
    const labels = await raised("KVOperatorResourceNotReady");
    return labels.length === 1 && labels;
  }, soon);
  expect(found).toEqual([{ alertname: "KVOperatorResourceNotReady", severity: "warning", signal: "reconcile", namespace: operatorNamespace, resource_namespace: "team", kvresponder: "broken" }]);
});

describe("what the runbooks have a person ask Prometheus", () => {
  const queries = [...new Set([...alertNames, ...platformAlertNames].flatMap((name) => blocks(pageOf(name), "promql")))];
  /** Nothing is wrong here, and nothing is a day old. */
  const mayBeEmpty = / (>|==) |offset|state=~/;

  test.each(queries)("%s", async (query) => {
    const asked = query.replaceAll("team-a", "team");
    await waitFor("an answer", async () => (await promQuery(prometheus.url, asked)).length > 0 || mayBeEmpty.test(query), soon);
  });
});

describe("what the runbooks have a person paste", () => {
  const local = /^kubectl.* (logs|port-forward) /m;
  const pasted = [...new Set([...alertNames, ...platformAlertNames].flatMap((name) => scripts(pageOf(name)).filter((script) => local.test(script))))];

  test.each(pasted)("%s", async (script) => {
    const [pod] = await cluster.pods({ namespace: "team", selector: "kvresponder.io/name=orders" });
    const lines = script.split("\n").filter((line) => !line.startsWith("POD=") && !line.includes("--previous"));
    // as in a terminal: jobs can be ended by their number
    const out = await sh.line(["set -m", "NS=team NAME=orders", `POD=${pod?.metadata.name}`, ...lines].join("\n"));
    if (script.includes("/readyz?verbose")) expect(out).toContain("[+]");
    if (script.includes("/info")) expect(out).toContain('"replication"');
    if (script.includes("/metrics")) expect(out).toContain("# HELP");
    if (script.includes("DELETE")) expect(out).toContain('"deleted"');
  });
});

// last: nobody looks after the resources from here on
test("an operator that is gone is told of, and no more when it is back", async () => {
  await cluster.kubectl("scale", "-n", operatorNamespace, "deploy/kv-responder-operator", "--replicas=0");
  const found = await waitFor("the operator is missed", async () => {
    const labels = await raised("KVOperatorDown");
    return labels.length > 0 && labels;
  }, soon);
  expect(found).toEqual([{ alertname: "KVOperatorDown", severity: "critical", signal: "availability", namespace: operatorNamespace }]);
  await cluster.kubectl("scale", "-n", operatorNamespace, "deploy/kv-responder-operator", "--replicas=1");
  await waitFor("the operator is missed no more", async () => (await raised("KVOperatorDown")).length === 0, soon);
});
