// The fake kubelet: Deployments become available, and fail on demand.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startFakeKubelet, type FakeKubelet } from "./fake-kubelet.ts";
import { startCluster, type Cluster } from "./index.ts";

let cluster: Cluster;
let kubelet: FakeKubelet;
beforeAll(async () => {
  cluster = await startCluster({ kind: "control" });
  kubelet = await startFakeKubelet(cluster);
});
afterAll(async () => {
  await kubelet?.stop();
  await cluster?.stop();
});

const labels = { app: "web" };
const deployment = (replicas: number) => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "web", namespace: "default" },
  spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers: [{ name: "c", image: "localhost/none" }] } } },
});
const service = { apiVersion: "v1", kind: "Service", metadata: { name: "web", namespace: "default" }, spec: { selector: labels, ports: [{ port: 80 }] } };

const ready = (count: number) =>
  cluster.waitFor(`${count} ready replicas`, async () => {
    const seen = await cluster.get<{ status: { readyReplicas?: number } }>("/apis/apps/v1/namespaces/default/deployments/web");
    return (seen?.status.readyReplicas ?? 0) === count;
  });
const pods = () => cluster.pods({ selector: "app=web" });
interface Slices {
  readonly items: readonly { readonly endpoints: readonly { readonly addresses: readonly string[]; readonly conditions: { readonly ready: boolean } }[] }[];
}
const endpoints = async () => {
  const slices = await cluster.get<Slices>("/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io/service-name%3Dweb");
  return slices?.items.flatMap((slice) => slice.endpoints ?? []).filter((endpoint) => endpoint.conditions.ready) ?? [];
};

test("pods are scheduled, become Ready, and back their Service with addresses of their own", async () => {
  await cluster.apply([deployment(3), service]);
  await ready(3);
  const addresses = (await pods()).map((pod) => pod.status.podIP);
  expect(new Set(addresses).size).toBe(3);
  const backing = await cluster.waitFor("three endpoints", async () => {
    const found = await endpoints();
    return found.length === 3 && found;
  });
  expect(new Set(backing.flatMap((endpoint) => endpoint.addresses))).toEqual(new Set(addresses));
});

test("one pod marked not Ready stays so, and leaves the Service, until it is marked Ready", async () => {
  const [pod] = await pods();
  const name = pod?.metadata.name ?? "";
  await kubelet.setReady({ name }, false);
  await ready(2);
  await cluster.waitFor("two endpoints", async () => (await endpoints()).length === 2);
  await kubelet.setReady({ name }, true);
  await ready(3);
});

test("while paused, what is Ready stays Ready and what is new does not become it", async () => {
  kubelet.pause();
  const [pod] = await pods();
  await cluster.killPod(pod?.metadata.name ?? "");
  await ready(2);
  await cluster.waitFor("the new pod to run", async () => {
    const all = await pods();
    return all.length === 3 && all.every((p) => p.status.phase === "Running");
  });
  await ready(2);
  kubelet.resume();
  await ready(3);
});

test("pods deleted with grace go at once; a rollout replaces all", async () => {
  const before = new Set((await pods()).map((pod) => pod.metadata.uid));
  await cluster.kubectl("delete", "pods", "-l", "app=web", "--wait=true", { timeoutMs: 10_000 });
  await cluster.kubectl("set", "env", "deployment/web", "ROUND=2");
  await cluster.kubectl("rollout", "status", "deployment/web", "--timeout=30s");
  expect((await pods()).some((pod) => before.has(pod.metadata.uid))).toBe(false);
});

test("it goes on after the API server was away", async () => {
  const server = cluster.component("kube-apiserver");
  await server.stop({ signal: "SIGKILL" });
  await server.start();
  await cluster.apply(deployment(5));
  await ready(5);
});

test("a deleted Deployment leaves no pod", async () => {
  await cluster.request("DELETE", "/apis/apps/v1/namespaces/default/deployments/web", { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: "Foreground" });
  await cluster.waitFor("no pods", async () => (await pods()).length === 0);
});

test("its Node stays Ready and open for pods", async () => {
  expect(await cluster.kubectl("get", "node", kubelet.node, "-o", "jsonpath={.spec.taints}{.status.conditions[?(@.type=='Ready')].status}")).toBe("True");
});
