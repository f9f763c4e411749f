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
  /** Default `team`. */
  readonly namespaces?: readonly string[];
  /** What installs the operator: a folder with a kustomization. Default config/default. */
  readonly kustomization?: string;
}

export interface Product {
  readonly cluster: Cluster;
  readonly kubelet: FakeKubelet;
  /** The running one. */
  readonly operator: OperatorProcess;
  /** SIGTERM, then another, with other arguments if they are given; resolves with the exit code of the first. */
  restartOperator(args?: readonly string[]): Promise<number | null>;
  stop(): Promise<void>;
}

/** In its namespaces nothing is yet. */
export const startProduct = async ({ audit = false, monitoringCrds = true, operatorArgs = [], namespaces = ["team"], kustomization }: ProductOptions = {}): Promise<Product> => {
  const cluster = await startCluster({ kind: "control", audit });
  try {
    const kubelet = await startFakeKubelet(cluster);
    if (monitoringCrds) for (const crd of crdPaths) await cluster.apply(crd);
    for (const namespace of namespaces) await cluster.kubectl("create", "namespace", namespace);
    await installOperatorObjects(cluster, kustomization);
    let operator = await startOperator(cluster, operatorArgs);
    return {
      cluster,
      kubelet,
      get operator() {
        return operator;
      },
      async restartOperator(args = operatorArgs) {
        const code = await operator.stop();
        operator = await startOperator(cluster, args);
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
