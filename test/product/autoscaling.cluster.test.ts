// A real autoscaler, by the word of the real metrics-server, takes a tenant from its fewest pods upwards under load.
import { resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildImages } from "../../build/images.ts";
import { startCluster } from "../cluster/index.ts";
import { installMetricsServer } from "../cluster/monitoring/metrics-server.ts";
import type { Cluster } from "../cluster/types.ts";
import { kvresponder, path, type Resource, waitReady } from "../support/kvresponders.ts";
import { untilServed } from "../support/one-connection.ts";
import { operatorNamespace } from "../support/operator-process.ts";

let cluster: Cluster;
beforeAll(async () => {
  const images = await buildImages();
  cluster = await startCluster({ kind: "node", images: images.map((image) => image.path) });
  await installMetricsServer(cluster);
  await cluster.kubectl("apply", "-k", resolve("config/default"));
  await cluster.kubectl("rollout", "status", "-n", operatorNamespace, "deploy/kv-responder-operator", "--timeout=60s");
  await cluster.kubectl("create", "namespace", "team");
}, 600_000);
afterAll(() => cluster?.stop());

interface Autoscaler {
  readonly spec: object;
  readonly status?: { readonly currentReplicas?: number; readonly desiredReplicas?: number; readonly conditions?: readonly { type: string; status: string; reason: string }[] };
}
const autoscaler = () => cluster.get<Autoscaler>("/apis/autoscaling/v2/namespaces/team/horizontalpodautoscalers/kv-responder-busy");
const replicas = async () => (await cluster.get<{ spec: { replicas: number } }>("/apis/apps/v1/namespaces/team/deployments/kv-responder-busy"))?.spec.replicas ?? 0;

test("load brings pods, and never takes one away on the way", async () => {
  const spec = { auth: { mode: "None" }, cache: { maxMemory: "32Mi" }, resources: { requests: { cpu: "20m" } }, autoscaling: { minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 50 } };
  await cluster.apply(kvresponder("team", "busy", spec));
  expect((await waitReady(cluster, "team", "busy", 120_000)).status?.ready).toBe("1/1");
  await cluster.waitFor("the autoscaler has measured", async () => (await autoscaler())?.status?.conditions?.some(({ type, status }) => type === "ScalingActive" && status === "True"), { timeoutMs: 120_000 });

  await using http = await cluster.forward({ namespace: "team", service: "kv-responder-busy", port: 80 });
  await untilServed(http.url);
  const load = new AbortController();
  const clients = Array.from({ length: 4 }, async () => {
    while (!load.signal.aborted) await fetch(`${http.url}/v1/kv/key`, { method: "PUT", body: "x".repeat(1_000) }).then((answer) => answer.arrayBuffer()).catch(() => undefined);
  });
  const seen: number[] = [];
  try {
    await cluster.waitFor("three pods", async () => {
      seen.push(await replicas());
      return seen.at(-1) === 3;
    }, { timeoutMs: 150_000, intervalMs: 500 });
  } finally {
    load.abort();
    await Promise.all(clients);
  }
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  // the resource stays Ready while pods are added, so that says nothing of the new ones
  await cluster.waitFor("three pods are ready", async () => {
    const { ready, readyReplicas } = (await cluster.get<Resource>(path("team", "busy")))?.status ?? {};
    if (ready === "3/3" && readyReplicas === 3) return true;
    throw new Error(`ready: ${String(ready)}`);
  }, { timeoutMs: 120_000 });
});

test("without the field the number is the resource's again, and the autoscaler is gone", async () => {
  await cluster.request("PATCH", path("team", "busy"), { spec: { autoscaling: null, replicas: 2 } }, { contentType: "application/merge-patch+json" });
  await cluster.waitFor("two pods and no autoscaler", async () => (await replicas()) === 2 && (await autoscaler()) === undefined, { timeoutMs: 60_000 });
});
