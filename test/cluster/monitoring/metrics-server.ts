// The real metrics-server in a node cluster, so that autoscalers have something to go by.
import { readFile } from "node:fs/promises";
import { toolImageArchives } from "../images.ts";
import type { Cluster } from "../types.ts";

/** Resolves when the API server answers for it. */
export const installMetricsServer = async (cluster: Cluster): Promise<void> => {
  await cluster.loadImages(await toolImageArchives(["localhost/kvr/metrics-server:v0.9.0"]));
  await cluster.apply(await readFile(new URL("./metrics-server.yaml", import.meta.url), "utf8"));
  await cluster.kubectl("wait", "--for=condition=Available", "apiservice/v1beta1.metrics.k8s.io", "--timeout=120s", { timeoutMs: 125_000 });
};
