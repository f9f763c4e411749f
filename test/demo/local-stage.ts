// A single-node Kubernetes of our own, gone when the demo ends.
import { startCluster } from "../cluster/index.ts";
import { installAlertmanager } from "../cluster/monitoring/alertmanager.ts";
import { installMonitoring } from "../cluster/monitoring/index.ts";
import { installJaeger } from "../cluster/monitoring/jaeger.ts";
import type { Stage } from "./stage.ts";

export const localStage = async (images: readonly string[], log: (line: string) => void): Promise<Stage> => {
  const cluster = await startCluster({ kind: "node", images, log });
  return {
    server: cluster.server,
    kubectlHint: `export KUBECONFIG=${cluster.kubeconfig}`,
    kubectl: ([first, ...rest]) => cluster.kubectl(first, ...rest, { timeoutMs: 180_000 }),
    forward: (target) => cluster.forward(target),
    monitoring: async () => {
      const { prometheus } = await installMonitoring(cluster);
      return { prometheus, alertmanager: await installAlertmanager(cluster) };
    },
    jaeger: () => installJaeger(cluster),
    [Symbol.asyncDispose]: () => cluster.stop(),
  };
};
