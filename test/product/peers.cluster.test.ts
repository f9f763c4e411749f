// The operator asks pods how connected they are: pods that nobody reaches, and pods that answer from an address of this machine.
import { createServer, type Server } from "node:http";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { port } from "#contract/http";
import type { KubeObject } from "../../operator/objects.ts";
import type { AuditEntry, Cluster } from "../cluster/types.ts";
import { condition, inWords, isLook, kvresponder, operatorWrites, path, waitForCondition, waitReady, type Resource } from "../support/kvresponders.ts";
import { operatorUser } from "../support/operator-process.ts";
import { startProduct, type Product } from "../support/product.ts";

let product: Product;
let cluster: Cluster;
const of = ["team", "a"] as const;
const selector = "kvresponder.io/name=a";
const strategicPatch = { contentType: "application/strategic-merge-patch+json" };

beforeAll(async () => {
  product = await startProduct({ audit: true });
  ({ cluster } = product);
  await cluster.apply(kvresponder("team", "a"));
  await waitReady(cluster, ...of);
});

afterAll(() => product?.stop());

const podNames = async (): Promise<string[]> => (await cluster.pods({ namespace: "team", selector })).map((p) => p.metadata.name).sort();
const resource = () => cluster.get<Resource>(path(...of));
const reports = (result: string) => product.operator.metric("kvoperator_pod_reports_total", { result });
const settled = async (): Promise<void> => {
  let before = -1;
  await cluster.waitFor("no more reconciles", async () => {
    const now = await product.operator.metric("controller_runtime_reconcile_total");
    return now === before || ((before = now), false);
  }, { intervalMs: 2_500 });
};

test("pods that the operator cannot reach: it does not know, says so, and Ready has nothing to do with it", async () => {
  const found = await waitForCondition(cluster, of, "PeersConnected", { status: "Unknown", reason: "Unreachable" });
  expect(condition(found, "Ready")?.status).toBe("True");
  expect(found.status).not.toHaveProperty("peers");
  await cluster.waitFor("all three were asked", async () => (await reports("unreachable")) >= 3);
});

test("it finds the pods by slices that carry our labels, which it lists once and watches", async () => {
  const { items = [] } = (await cluster.get<{ items: KubeObject[] }>("/apis/discovery.k8s.io/v1/namespaces/team/endpointslices")) ?? {};
  const ours = items.filter((s) => s.metadata.labels?.["kubernetes.io/service-name"] === "kv-peers-a");
  expect(ours.map((s) => s.metadata.labels?.["app.kubernetes.io/managed-by"])).toEqual(["kv-responder-operator"]);
  const asked = (await cluster.auditLog()).filter((e) => e.user.username === operatorUser && e.objectRef?.resource === "endpointslices").map((e) => e.verb);
  expect(asked.filter((verb) => verb === "list")).toHaveLength(1);
  expect(new Set(asked)).toEqual(new Set(["list", "watch"]));
});

test("one pod, or a pod that keeps to itself, has nobody to be connected to", async () => {
  await cluster.apply([kvresponder("team", "one", { replicas: 1 }), kvresponder("team", "alone", { replicas: 1, replication: { mode: "None" } })]);
  for (const name of ["one", "alone"]) await waitReady(cluster, "team", name);
  await waitForCondition(cluster, ["team", "one"], "PeersConnected", { status: "True", reason: "SinglePod" });
  await waitForCondition(cluster, ["team", "alone"], "PeersConnected", { status: "False", reason: "Disabled" });
  expect(await cluster.get("/api/v1/namespaces/team/services/kv-peers-alone")).toBeUndefined();
});

const ownAddress = Object.values(networkInterfaces()).flatMap((all) => all ?? []).find((i) => !i.internal && i.family === "IPv4")?.address;

// slices hold no loopback addresses
describe.skipIf(ownAddress === undefined)("pods that answer", () => {
  let pods: Server;
  let connected = 2;

  beforeAll(async () => {
    pods = createServer((_, answer) => answer.end(JSON.stringify({ uptimeSeconds: 1_000, replication: { mode: "Peers", expected: 2, connected, warmup: "copied", clockAhead: false } })));
    await new Promise<void>((done, fail) => pods.once("error", fail).listen(port.metrics, ownAddress, done));
    for (const name of await podNames()) {
      const { status } = await cluster.request("PATCH", `/api/v1/namespaces/team/pods/${name}/status`, { status: { podIP: ownAddress, podIPs: [{ $patch: "replace" }, { ip: ownAddress }] } }, strategicPatch);
      expect(status).toBe(200);
    }
  });

  afterAll(() => pods?.close());

  test("are found connected", async () => {
    const found = await waitForCondition(cluster, of, "PeersConnected", { status: "True", reason: "AllConnected", message: "all 3 pods are connected to each other" });
    expect(found.status?.peers).toBe("2/2");
    expect(await cluster.kubectl("get", "kvr", "a", "-n", "team", "-o", "wide")).toMatch(/PEERS[\s\S]*\s2\/2\s/);
  });

  const writesSince = async (mark: number): Promise<string[]> => operatorWrites((await cluster.auditLog()).slice(mark)).filter((e: AuditEntry) => !isLook(e)).map(inWords);

  test("a new operator, which has not asked yet, writes nothing", async () => {
    await settled();
    const mark = (await cluster.auditLog()).length;
    expect(await product.restartOperator()).toBe(0);
    await cluster.waitFor("it has asked all three", async () => (await reports("answered")) >= 3);
    await settled();
    expect(await writesSince(mark)).toEqual([]);
  });

  test("are asked shortly after one of them became ready, and lose each other without losing Ready", async () => {
    connected = 1;
    const [first = ""] = await podNames();
    await product.kubelet.setReady({ namespace: "team", name: first }, false);
    await waitForCondition(cluster, of, "PeersConnected", { status: "Unknown", reason: "Pending" });
    await product.kubelet.setReady({ namespace: "team", name: first }, true);
    const found = await waitForCondition(cluster, of, "PeersConnected", { status: "False", reason: "Disconnected" }, 20_000);
    expect(found.status?.peers).toBe("1/2");
    expect(condition(await waitReady(cluster, ...of), "PeersConnected")?.status).toBe("False");
    await cluster.waitFor("an event tells of it", async () => (await cluster.kubectl("get", "events", "-n", "team", "-o", "name", "--field-selector", "reason=Disconnected")).trim() !== "");
  });

  test("while they are apart they are asked again soon, and found when they are back", async () => {
    connected = 2;
    const found = await waitForCondition(cluster, of, "PeersConnected", { status: "True", reason: "AllConnected" }, 40_000);
    expect(found.status?.peers).toBe("2/2");
    expect((await resource())?.status?.ready).toBe("3/3");
  });
});
