// The monitoring stack in a node: a ServiceMonitor's target is scraped under the labels it is given, and a rule fires.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster, type Cluster } from "../index.ts";
import { installMonitoring, manifestText, promQuery, type Monitoring } from "./index.ts";

let cluster: Cluster;
let monitoring: Monitoring;

beforeAll(async () => {
  cluster = await startCluster({ kind: "node" });
  const began = performance.now();
  monitoring = await installMonitoring(cluster);
  console.log(`monitoring ready in ${((performance.now() - began) / 1000).toFixed(1)} s`);
});
afterAll(() => cluster?.stop());

// Prometheus itself is the target: no other image is needed
const monitor = {
  apiVersion: "monitoring.coreos.com/v1",
  kind: "ServiceMonitor",
  metadata: { name: "self", namespace: "monitoring" },
  spec: {
    selector: { matchLabels: { "operated-prometheus": "true" } },
    endpoints: [{ port: "web", interval: "1s", scrapeTimeout: "1s", relabelings: [{ action: "replace", targetLabel: "tenant", replacement: "a" }] }],
  },
};
const rule = {
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PrometheusRule",
  metadata: { name: "self", namespace: "monitoring" },
  spec: { groups: [{ name: "self", interval: "1s", rules: [{ alert: "SelfIsUp", expr: `up{tenant="a"} == 1`, labels: { severity: "info" } }] }] },
};

test("a ServiceMonitor is scraped and a rule evaluated within 15 s", async () => {
  await cluster.apply([monitor, rule]);
  const wait = { timeoutMs: 15_000, intervalMs: 200 };
  await cluster.waitFor("the target to be up", async () => (await promQuery(monitoring.prometheus.url, `up{tenant="a"} == 1`)).length === 1, wait);
  const fired = await cluster.waitFor("the alert", async () => {
    const samples = await promQuery(monitoring.prometheus.url, `ALERTS{alertname="SelfIsUp"}`);
    return samples.length > 0 && samples;
  }, wait);
  expect(fired[0]?.metric).toMatchObject({ alertstate: "firing", severity: "info", tenant: "a" });
});

test("a refused expression says why", async () => {
  await expect(promQuery(monitoring.prometheus.url, "up{")).rejects.toThrow("parse error");
});

test("without haste the marked lines are gone, and only those", () => {
  expect(manifestText("a: 1\nb: 2   #FAST\nc: 3\n", false)).toBe("a: 1\nc: 3\n");
  expect(manifestText("a: 1\nb: 2   #FAST\n", true)).toBe("a: 1\nb: 2   #FAST\n");
});
