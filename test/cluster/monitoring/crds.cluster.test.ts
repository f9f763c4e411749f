// The custom resources alone, in a control cluster: what a KVResponder's children need, with full validation.
import { afterAll, beforeAll, expect, test } from "vitest";
import { established } from "../established.ts";
import { startCluster, type Cluster } from "../index.ts";
import { crdPaths } from "./crds.ts";

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ kind: "control" });
});
afterAll(() => cluster?.stop());

test("ServiceMonitor and PrometheusRule can be applied, and are validated", async () => {
  for (const crd of crdPaths) await cluster.apply(crd);
  await established(cluster, "servicemonitors.monitoring.coreos.com", "prometheusrules.monitoring.coreos.com");
  const monitor = (interval: string) => ({
    apiVersion: "monitoring.coreos.com/v1",
    kind: "ServiceMonitor",
    metadata: { name: "m", namespace: "default" },
    spec: { selector: {}, endpoints: [{ port: "http", interval }] },
  });
  await cluster.apply(monitor("30s"));
  await expect(cluster.apply(monitor("often"))).rejects.toThrow("spec.endpoints[0].interval");
});
