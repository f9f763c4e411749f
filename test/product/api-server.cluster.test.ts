// An API server that goes away for 30 s and a watch that has expired: the same operator process carries on and misses no change.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../../operator/objects.ts";
import type { Cluster } from "../cluster/types.ts";
import { kvresponder, path, waitReady } from "../support/kvresponders.ts";
import type { OperatorProcess } from "../support/operator-process.ts";
import { startProduct, type Product } from "../support/product.ts";

let product: Product;
let cluster: Cluster;
let operator: OperatorProcess;
const merge = { contentType: "application/merge-patch+json" };

beforeAll(async () => {
  product = await startProduct({ monitoringCrds: false });
  ({ cluster, operator } = product);
  await cluster.apply(["a", "b", "c"].map((n) => kvresponder("team", n, { replicas: 1 })));
  for (const name of ["a", "b", "c"]) await waitReady(cluster, "team", name);
});

afterAll(() => product?.stop());

const replicas = async (name: string) => (await cluster.get<KubeObject & { spec: { replicas: number } }>(`/apis/apps/v1/namespaces/team/deployments/kv-responder-${name}`))?.spec.replicas;

test("30 s without an API server are survived; changes afterwards are seen", async () => {
  const api = cluster.component("kube-apiserver");
  await api.stop();
  const from = Date.now();
  await cluster.waitFor("30 s have passed", () => Date.now() - from >= 30_000, { timeoutMs: 40_000, intervalMs: 500 });
  // alive although it has nothing to talk to
  expect((await fetch(`${operator.url}/livez`)).status).toBe(200);
  await api.start();
  await cluster.request("PATCH", path("team", "a"), { spec: { replicas: 2 } }, merge);
  // O4 of the reliability targets: within 15 s of the return. The Deployment's own controllers take longer to come back.
  await cluster.waitFor("the change reaches the Deployment", async () => (await replicas("a")) === 2, { timeoutMs: 15_000 });
  expect(operator.process.exitCode).toBeNull();
});

test("an expired watch (410) leads to a new list, and no change made in the gap is missed", async () => {
  const lists = await operator.metric("kvoperator_lists_total", { kind: "KVResponder" });
  // frozen: the operator sees none of what follows
  operator.process.kill("SIGSTOP");
  // something unrelated moves the cluster's version on; a restarted API server remembers nothing before its start, so the operator's version is too old
  await cluster.kubectl("create", "configmap", "unrelated", "-n", "team");
  const api = cluster.component("kube-apiserver");
  await api.stop();
  await api.start();
  await cluster.request("PATCH", path("team", "b"), { spec: { replicas: 2 } }, merge);
  await cluster.kubectl("delete", "kvresponder/c", "-n", "team");
  await cluster.apply(kvresponder("team", "d", { replicas: 1 }));
  await cluster.kubectl("delete", "deployment/kv-responder-a", "-n", "team");
  operator.process.kill("SIGCONT");

  for (const [name, wanted] of [["d", 1], ["b", 2], ["a", 2]] as const) {
    await cluster.waitFor(`the Deployment of ${name} is as asked`, async () => (await replicas(name)) === wanted, { timeoutMs: 60_000 });
  }
  await cluster.waitFor("c is forgotten", async () => !(await (await fetch(`${operator.url}/metrics`)).text()).includes('kvresponder="c"'));
  expect(operator.process.exitCode).toBeNull();
  // the store was filled by a new list: only an expired version leads to one
  expect(await operator.metric("kvoperator_lists_total", { kind: "KVResponder" })).toBeGreaterThan(lists);
});
