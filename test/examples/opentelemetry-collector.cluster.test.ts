// Spans of real responders through a real collector, which has the example's configuration and the example's rights, to a real Jaeger: whose they are, and which are kept.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { deployment } from "../../operator/render/deployment.ts";
import { startFakeKubelet, type FakeKubelet } from "../cluster/fake-kubelet.ts";
import { startCluster } from "../cluster/index.ts";
import type { Cluster, PodObject } from "../cluster/types.ts";
import { context } from "../operator/render/contexts.ts";
import { startMesh, type Mesh } from "../responder/replication/mesh.ts";
import { arrived, caller, runtimeFile, soon, tenant, type Caller } from "../responder/traced.ts";
import { startJaeger, type Jaeger } from "../support/jaeger.ts";
import { collectorFile, startCollector, type Collector } from "./collector.ts";
import { examplePath } from "./documents.ts";

const dir = mkdtempSync(join(tmpdir(), "kvr-collected-"));
let [cluster, kubelet, jaeger, collector, mesh]: [Cluster?, FakeKubelet?, Jaeger?, Collector?, Mesh?] = [];
let pod: PodObject | undefined;

/** A pod of this tenant that the API server believes to be at this address. */
const startPod = async (at: Cluster, tenantName: string, address: string): Promise<PodObject> => {
  const { template } = deployment(context({ tenant: tenantName }))!["spec"] as { template: { metadata: { labels: Record<string, string> } } };
  const { labels } = template.metadata;
  await at.apply({ apiVersion: "v1", kind: "Pod", metadata: { name: tenantName, namespace: "team-a", labels }, spec: { containers: [{ name: "responder", image: "localhost/kvr/responder:test" }] } });
  const running = async () => (await at.pods({ namespace: "team-a" })).find(({ metadata, status }) => metadata.name === tenantName && status.phase === "Running");
  const found = await at.waitFor(`${tenantName} runs`, running);
  await at.kubectl("patch", "pod", tenantName, "-n", "team-a", "--subresource=status", "--type=strategic", "-p", JSON.stringify({ status: { podIP: address, podIPs: [{ $patch: "replace" }, { ip: address }] } }));
  return found;
};

beforeAll(async () => {
  cluster = await startCluster({ kind: "control" });
  [kubelet, jaeger] = await Promise.all([startFakeKubelet(cluster), startJaeger()]);
  for (const namespace of ["observability", "team-a"]) await cluster.kubectl("create", "namespace", namespace);
  await cluster.apply(examplePath(collectorFile));
  pod = await startPod(cluster, "acme", "127.0.0.1");
  await startPod(cluster, "globex", "127.0.0.2");
  collector = await startCollector({ kubeconfig: await cluster.serviceAccountKubeconfig("observability", "otel-collector"), jaegerUrl: jaeger.otlpUrl });
  // they say that they are another tenant's, and are full with one entry
  const env = { ...tenant, KVR_TENANT: "globex", KVR_MAX_ENTRIES: "1", KVR_EVICTION_POLICY: "NoEviction", KVR_RUNTIME_FILE: runtimeFile(dir, 0) };
  mesh = await startMesh("ab", { env: { ...env, KVR_TRACE_ENDPOINT: collector.url } });
}, 600_000);
afterAll(async () => {
  for (const each of [mesh, collector, jaeger]) await each?.[Symbol.asyncDispose]();
  await kubelet?.stop();
  await cluster?.stop();
  rmSync(dir, { recursive: true });
});

const traceId = (n: number): string => createHash("sha256").update(`trace ${n}`).digest("hex").slice(0, 32);
/** The collector draws by the trace's id, so that these come out the same each time. A pod sends spans of a hundred callers a second at most. */
const ordinary = Array.from({ length: 80 }, (_, n) => traceId(n));
const kept = async (): Promise<number> => {
  const reads = await jaeger!.traces({ service: tenant.KVR_SERVICE, operation: "GET /v1/kv/{key}", limit: 1_000 });
  return reads.filter(({ id }) => ordinary.includes(id)).length;
};

const write = (key: string, { headers }: Caller, ack = "local"): Promise<Response> => mesh!.pod("a").entry("PUT", key, { body: "value", headers: { ...headers, "kv-ack": ack } });
const callers = Array.from({ length: 3 }, () => [caller(true), caller(true)] as const);

test("of ordinary requests one in ten is kept, and every one that failed, however fast", async () => {
  const a = mesh!.pod("a");
  await a.put("key", "value");
  for (const id of ordinary) expect((await a.entry("GET", "key", { headers: { traceparent: `00-${id}-${id.slice(0, 16)}-01` } })).status).toBe(200);
  for (const [failed] of callers) expect((await write("one too many", failed)).status).toBe(507);
  // these are decided after those before them, of which what was kept may still be on its way
  for (const [{ trace }] of callers) await arrived(jaeger!, trace, 1);
  await expect.poll(kept, soon).toBeGreaterThan(2);
  expect(await kept()).toBeLessThan(20);
});

test("those that were slow are kept whole, and each of their spans has the tenant of the pod at its sender's address, whatever the process says of itself", async () => {
  for (const lane of [mesh!.lane("a", "b"), mesh!.lane("b", "a")]) lane.delay = () => 100;
  for (const [, slow] of callers) expect((await write("key", slow, "all")).status).toBe(204);
  const traces = await Promise.all(callers.map(([, { trace }]) => arrived(jaeger!, trace, 3)));
  for (const { spans } of traces) expect(spans.map(({ name }) => name).sort()).toEqual(["PUT /v1/kv/{key}", "apply", "replicate"]);
  const { uid } = pod!.metadata;
  for (const { resource } of traces.flatMap(({ spans }) => spans)) expect(resource).toMatchObject({ "kvresponder.tenant": "acme", "kvresponder.name": "orders", "k8s.pod.uid": uid, "k8s.node.name": kubelet!.node, "tenant.id": "globex" });
});
