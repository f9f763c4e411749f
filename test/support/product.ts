// The operator against a real control plane with a fake kubelet: the set-up that most product tests share.
import { startCluster } from "../cluster/index.ts";
import { startFakeKubelet, type FakeKubelet } from "../cluster/fake-kubelet.ts";
import { crdPaths } from "../cluster/monitoring/crds.ts";
import type { Cluster } from "../cluster/types.ts";
import { installOperatorObjects, startOperator, type OperatorProcess } from "./operator-process.ts";

export interface ProductOptions {
  readonly audit?: boolean;
  /** Whether the Prometheus Operator's CRDs are there from the start. Default true. */
  readonly monitoringCrds?: boolean;
  readonly operatorArgs?: readonly string[];
}

export interface Product {
  readonly cluster: Cluster;
  readonly kubelet: FakeKubelet;
  /** The running one. */
  readonly operator: OperatorProcess;
  /** SIGTERM, then another; resolves with the exit code of the first. */
  restartOperator(): Promise<number | null>;
  stop(): Promise<void>;
}

/** With the namespace `team`, in which nothing is yet. */
export const startProduct = async ({ audit = false, monitoringCrds = true, operatorArgs = [] }: ProductOptions = {}): Promise<Product> => {
  const cluster = await startCluster({ kind: "control", audit });
  try {
    const kubelet = await startFakeKubelet(cluster);
    if (monitoringCrds) for (const crd of crdPaths) await cluster.apply(crd);
    await installOperatorObjects(cluster);
    await cluster.kubectl("create", "namespace", "team");
    let operator = await startOperator(cluster, operatorArgs);
    return {
      cluster,
      kubelet,
      get operator() {
        return operator;
      },
      async restartOperator() {
        const code = await operator.stop();
        operator = await startOperator(cluster, operatorArgs);
        return code;
      },
      async stop() {
        await operator.stop();
        await kubelet.stop();
        await cluster.stop();
      },
    };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
};
