// Reads a Deployment's live status: how many pods are ready, and why not more.
import type { Reason } from "#crds/conditions";
import type { KubeObject } from "../objects.ts";

interface DeploymentStatus {
  observedGeneration?: number;
  replicas?: number;
  readyReplicas?: number;
  updatedReplicas?: number;
  conditions?: { type: string; status: string; reason?: string; message?: string }[];
}

export interface Workload {
  /** Pods that exist. */
  replicas: number;
  readyReplicas: number;
  /** Every pod is of the newest template, ready, and the Deployment controller has seen that template. */
  settled: boolean;
  reason: Reason<"WorkloadAvailable">;
  message: string;
}

export const workload = (deployment: KubeObject | undefined, wanted: number): Workload => {
  if (!deployment) return { replicas: 0, readyReplicas: 0, settled: false, reason: "NotApplied", message: "the Deployment does not exist" };
  const status = (deployment["status"] ?? {}) as DeploymentStatus;
  const replicas = status.replicas ?? 0;
  const readyReplicas = status.readyReplicas ?? 0;
  const seen = (status.observedGeneration ?? 0) >= (deployment.metadata.generation ?? 0);
  const counts = `${readyReplicas} of ${wanted} pods are ready`;
  const base = { replicas, readyReplicas, settled: false };
  if (seen && replicas === wanted && readyReplicas === wanted && (status.updatedReplicas ?? 0) === wanted) {
    return { ...base, settled: true, reason: wanted === 0 ? "ScaledToZero" : "AllReplicasReady", message: wanted === 0 ? "scaled to zero" : counts };
  }
  const condition = (type: string, value: string) => status.conditions?.find((c) => c.type === type && c.status === value);
  const failure = condition("ReplicaFailure", "True");
  if (failure) return { ...base, reason: "QuotaExceeded", message: `${counts}; pods cannot be created: ${failure.message ?? failure.reason ?? "unknown reason"}` };
  if (condition("Progressing", "False")) {
    return { ...base, reason: "RolloutStuck", message: `${counts}; the rollout made no progress within its deadline: look at the pods' events` };
  }
  return { ...base, reason: "ReplicasNotReady", message: counts };
};
