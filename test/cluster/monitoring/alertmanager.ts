// An Alertmanager beside the Prometheus of a node cluster, over all AlertmanagerConfigs; for those who want to see alerts arrive.
import { fileURLToPath } from "node:url";
import { toolImageArchives } from "../images.ts";
import type { Cluster, Forward } from "../types.ts";
import { waitFor } from "../wait.ts";

const namespace = "monitoring";

/** After installMonitoring. Resolves with its HTTP API on loopback when it answers. AlertmanagerConfigs then take effect within seconds; give them 15. */
export const installAlertmanager = async (cluster: Cluster): Promise<Forward> => {
  await cluster.loadImages(await toolImageArchives(["localhost/kvr/alertmanager:v0.28.1"]));
  // a manager of its own: what it says of the Prometheus is added to what is there
  await cluster.apply(fileURLToPath(new URL("./alertmanager.yaml", import.meta.url)), { fieldManager: "kvr-test-alertmanager" });
  await cluster.kubectl("wait", `--namespace=${namespace}`, "--for=condition=Available", "alertmanager/main", "--timeout=180s", { timeoutMs: 185_000 });
  const address = await cluster.forward({ namespace, service: "alertmanager", port: "web" });
  await waitFor("Alertmanager to answer", async () => (await fetch(`${address.url}/-/ready`)).ok);
  return address;
};

export interface ActiveAlert {
  readonly labels: Readonly<Record<string, string>>;
  /** As "namespace/AlertmanagerConfig/receiver". */
  readonly receivers: readonly { readonly name: string }[];
}

/** What the Alertmanager at this address holds that has not ended. */
export const activeAlerts = async (url: string): Promise<readonly ActiveAlert[]> => (await (await fetch(`${url}/api/v2/alerts`)).json()) as readonly ActiveAlert[];
