// A real node with the operator in it and one tenant whose pods replicate: what these stories begin with.
import { resolve } from "node:path";
import { buildImages } from "../../../build/images.ts";
import { startCluster } from "../../cluster/index.ts";
import type { Cluster } from "../../cluster/types.ts";
import { kvresponder, waitReady } from "../../support/kvresponders.ts";
import { operatorNamespace } from "../../support/operator-process.ts";
import { tokenOf } from "../../support/tokens.ts";
import { createPods, type Pods } from "./pods.ts";

export interface Replicated extends AsyncDisposable {
  readonly cluster: Cluster;
  readonly of: readonly [namespace: string, name: string];
  readonly token: string;
  readonly pods: Pods;
}

export const startReplicated = async (name: string, spec: object): Promise<Replicated> => {
  const images = await buildImages();
  const cluster = await startCluster({ kind: "node", images: images.map((each) => each.path) });
  try {
    const of = ["team", name] as const;
    await cluster.kubectl("apply", "--server-side", "-k", resolve(import.meta.dirname, "../../../config/default"));
    await cluster.kubectl("rollout", "status", "-n", operatorNamespace, "deploy/kv-responder-operator", "--timeout=120s", { timeoutMs: 130_000 });
    await cluster.kubectl("create", "namespace", of[0]);
    await cluster.apply(kvresponder(...of, spec));
    await waitReady(cluster, ...of, 180_000);
    const token = await tokenOf(cluster, ...of);
    const pods = createPods(cluster, of, token);
    const stop = async () => {
      await pods.close();
      await cluster.stop();
    };
    return { cluster, of, token, pods, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await cluster.stop();
    throw error;
  }
};
