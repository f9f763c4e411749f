// A Jaeger in a node cluster, for tenants whose spec.tracing.endpoint names it.
import { fileURLToPath } from "node:url";
import { toolImageArchives } from "../images.ts";
import type { Cluster, Forward } from "../types.ts";
import { waitFor } from "../wait.ts";

export interface ClusterJaeger {
  /** As pods reach it: what goes into spec.tracing.endpoint. */
  readonly endpoint: string;
  /** Its query API on loopback. */
  readonly query: Forward;
}

const namespace = "tracing";

/** Known before it is there, so that a tenant can be made with it. */
export const jaegerEndpoint = `http://jaeger.${namespace}.svc:4318`;

/** Resolves when it takes spans and answers queries. */
export const installJaeger = async (cluster: Cluster): Promise<ClusterJaeger> => {
  await cluster.loadImages(await toolImageArchives(["localhost/kvr/jaeger:v1.62.0"]));
  await cluster.apply(fileURLToPath(new URL("./jaeger.yaml", import.meta.url)));
  await cluster.kubectl("rollout", "status", `--namespace=${namespace}`, "deployment/jaeger", "--timeout=120s", { timeoutMs: 125_000 });
  const query = await cluster.forward({ namespace, service: "jaeger", port: "query" });
  await waitFor("Jaeger to answer", async () => (await fetch(`${query.url}/api/services`)).ok);
  return { endpoint: jaegerEndpoint, query };
};
