// A control plane that serves KVResponders.
import { artefacts } from "#crds/artefacts";
import { kind, plural } from "#crds/names";
import { established } from "../cluster/established.ts";
import { type Cluster, startCluster } from "../cluster/index.ts";

export const collection = (namespace = "default"): string => `/apis/kvresponder.io/v1alpha1/namespaces/${namespace}/${plural}`;

export const startWithCrd = async (): Promise<Cluster> => {
  const cluster = await startCluster({ kind: "control" });
  try {
    await cluster.apply(artefacts()["config/crd/kvresponders.yaml"] ?? "");
    await established(cluster, `${plural}.kvresponder.io`);
    // established, but kubectl explain reads the aggregated OpenAPI document, which follows a moment later
    await cluster.waitFor(`the API server to describe ${kind}`, async () => (await cluster.get<{ paths?: object }>("/openapi/v3/apis/kvresponder.io/v1alpha1")) !== undefined);
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
};
