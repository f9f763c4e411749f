// A real operator on a real control plane whose kubelet is played, and what people do to their resources meanwhile.
import { setTimeout as delay } from "node:timers/promises";
import { kvresponder, childPath, children } from "../../support/kvresponders.ts";
import { startProduct, type Product } from "../../support/product.ts";
import { caches } from "./fleet.ts";

const minutes = (n: number): Promise<void> => delay(n * 60_000);

/** With a resource for each of the caches, and some more. */
export const startOperatedCluster = async (): Promise<Product> => {
  const product = await startProduct();
  const { cluster } = product;
  for (const namespace of new Set([...caches.map((c) => c.namespace), "team-d"])) await cluster.kubectl("create", "namespace", namespace);
  for (const { namespace, name, tenant, pods } of caches) await cluster.apply(kvresponder(namespace, name, { tenant, replicas: pods.length }));
  return product;
};

/** Takes about seven minutes: a rush of new resources, changes, drift, a name that is taken, nodes that start nothing. */
export const tellOperator = async ({ cluster, kubelet }: Product): Promise<void> => {
  // somebody else's Service has the name of a child
  await cluster.apply({ apiVersion: "v1", kind: "Service", metadata: { name: "kv-responder-legacy", namespace: "team-d" }, spec: { ports: [{ port: 80 }] } });
  await minutes(1);
  await cluster.apply(Array.from({ length: 8 }, (_, i) => kvresponder("team-d", `job-${i}`, { replicas: 2 })));
  await cluster.apply(kvresponder("team-d", "legacy", { replicas: 2 }));
  await minutes(1);
  const drifted = (await children(cluster, "team-a", "orders")).filter(({ kind }) => ["Service", "ServiceMonitor", "ConfigMap", "PodDisruptionBudget"].includes(kind));
  for (const child of drifted) await cluster.request("DELETE", childPath(child));
  await minutes(1);
  kubelet.pause();
  for (const { namespace, name, tenant, pods } of caches) await cluster.apply(kvresponder(namespace, name, { tenant, replicas: pods.length + 2 }));
  await minutes(1);
  kubelet.resume();
  await minutes(1);
  for (let i = 0; i < 4; i += 1) await cluster.kubectl("delete", "kvresponder", `job-${i}`, "-n", "team-d", "--wait=false");
  await minutes(1);
  for (const { namespace, name, tenant, pods } of caches) await cluster.apply(kvresponder(namespace, name, { tenant, replicas: pods.length }));
};
