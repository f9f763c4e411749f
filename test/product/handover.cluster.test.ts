// The number of pods goes over to an autoscaler and back without ever changing on the way: the Deployment's generation counts every change of its spec.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../../operator/objects.ts";
import type { Cluster } from "../cluster/types.ts";
import { kvresponder, operatorWrites, path, waitReady } from "../support/kvresponders.ts";
import { startProduct, type Product } from "../support/product.ts";

let product: Product;
let cluster: Cluster;
beforeAll(async () => {
  product = await startProduct({ audit: true });
  ({ cluster } = product);
});
afterAll(() => product?.stop());

const requests = { resources: { requests: { cpu: "100m" } } };
const autoscaling = { minReplicas: 2, maxReplicas: 5 };
const deploymentPath = (name: string) => `/apis/apps/v1/namespaces/team/deployments/kv-responder-${name}`;
const deployment = async (name: string) => (await cluster.get<KubeObject & { spec: { replicas: number } }>(deploymentPath(name))) as KubeObject & { spec: { replicas: number } };
/** Who holds spec.replicas. */
const holders = ({ metadata }: KubeObject): string[] =>
  (metadata.managedFields ?? []).flatMap(({ manager, fieldsV1 }) => ("f:replicas" in ((fieldsV1?.["f:spec"] ?? {}) as object) ? [manager] : [])).toSorted();
const patch = (name: string, spec: object) => cluster.request("PATCH", path("team", name), { spec }, { contentType: "application/merge-patch+json" });
const scale = (name: string, replicas: number) => cluster.request("PATCH", `${deploymentPath(name)}/scale`, { spec: { replicas } }, { contentType: "application/merge-patch+json" });
const handedOver = (name: string) => cluster.waitFor(`the number of pods of ${name} is not the operator's`, async () => !holders(await deployment(name)).includes("kv-responder-operator"));

test("on: what stands, stands", async () => {
  await cluster.apply(kvresponder("team", "a", { replicas: 3, ...requests }));
  await waitReady(cluster, "team", "a");
  const before = await deployment("a");
  await patch("a", { autoscaling });
  await handedOver("a");
  await cluster.waitFor("the autoscaler is there", async () => cluster.get("/apis/autoscaling/v2/namespaces/team/horizontalpodautoscalers/kv-responder-a"));
  const after = await deployment("a");
  expect([after.spec.replicas, after.metadata.generation]).toEqual([3, before.metadata.generation]);
  expect(holders(after)).toEqual(["kv-responder-operator-replicas"]);
});

test("what another sets meanwhile is left alone, and the status goes by it", async () => {
  const since = (await cluster.auditLog()).length;
  await scale("a", 5);
  const { status } = await cluster.waitFor("five pods are ready", async () => {
    const resource = await waitReady(cluster, "team", "a");
    return resource.status?.ready === "5/5" && resource;
  });
  expect(status?.conditions?.find(({ type }) => type === "WorkloadAvailable")?.message).toBe("5 of 5 pods are ready");
  expect(operatorWrites((await cluster.auditLog()).slice(since)).filter(({ objectRef }) => objectRef?.resource === "deployments")).toEqual([]);
  expect((await deployment("a")).spec.replicas).toBe(5);
});

test("off: the resource's number again, at once and without another in between", async () => {
  const before = await deployment("a");
  await patch("a", { replicas: 5, autoscaling: null });
  await cluster.waitFor("the number of pods is the operator's", async () => holders(await deployment("a")).includes("kv-responder-operator"));
  await cluster.waitFor("the autoscaler is gone", async () => (await cluster.get("/apis/autoscaling/v2/namespaces/team/horizontalpodautoscalers/kv-responder-a")) === undefined);
  const after = await deployment("a");
  expect([after.spec.replicas, after.metadata.generation]).toEqual([5, before.metadata.generation]);
});

test("a new resource begins with the fewest pods, not with one", async () => {
  await cluster.apply(kvresponder("team", "b", { autoscaling, ...requests }));
  await handedOver("b");
  const { spec, metadata } = await deployment("b");
  expect([spec.replicas, metadata.generation]).toEqual([2, 1]);
  expect((await waitReady(cluster, "team", "b")).status?.ready).toBe("2/2");
});

test("from zero, which an autoscaler would leave alone", async () => {
  await cluster.apply(kvresponder("team", "c", { replicas: 0, ...requests }));
  await waitReady(cluster, "team", "c");
  await patch("c", { autoscaling });
  await handedOver("c");
  expect((await deployment("c")).spec.replicas).toBe(2);
});
