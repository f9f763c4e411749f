// Reads from a Deployment whether its pods are being replaced, and decides whether an apply would replace them, and who wants it.
import { annotation, fieldManager } from "#crds/names";
import type { KubeObject, KVResponder } from "../objects.ts";
import { differs } from "./diff.ts";
import { appliedFields, below, ownedPart } from "./fields-v1.ts";

/** stuck: no progress within the Deployment's deadline. */
export type RolloutState = "running" | "stuck";

interface DeploymentStatus {
  readonly observedGeneration?: number;
  readonly replicas?: number;
  readonly updatedReplicas?: number;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
}

/** Set by the Deployment's controller; the first pods of all have number 1. */
const revision = "deployment.kubernetes.io/revision";
/** All pods of the newest template were available once. One that `kubectl rollout pause` holds says nothing; its pods are counted. */
const complete = new Set(["NewReplicaSetAvailable", "DeploymentPaused"]);

/**
 * Undefined: nothing is replaced. First pods replace nothing, however long they take, so that a tenant whose cache never starts holds up no upgrade.
 * Old pods may go by other ways than by the rollout, so their absence is not its end: the controller says when the new ones have been available.
 */
export const rolloutOf = (deployment: KubeObject): RolloutState | undefined => {
  const number = deployment.metadata.annotations?.[revision];
  const { replicas = 0, updatedReplicas = 0, conditions = [] } = (deployment["status"] ?? {}) as DeploymentStatus;
  if (number === undefined) return undefined;
  if (!isObserved(deployment)) return "running";
  const progress = conditions.find((c) => c.type === "Progressing");
  if (number === "1" || (replicas === updatedReplicas && (progress?.reason === undefined || complete.has(progress.reason)))) return undefined;
  return progress?.status === "False" ? "stuck" : "running";
};

/** The controller has seen the newest state: what it says is about that one. Before, nobody knows whether pods are replaced or only counted anew. */
export const isObserved = ({ metadata: { generation = 0 }, status }: KubeObject): boolean => ((status as DeploymentStatus | undefined)?.observedGeneration ?? 0) >= generation;

interface Template {
  readonly template?: { readonly metadata?: { readonly annotations?: Readonly<Record<string, string>> } };
}
/** The part of the template that is ours. */
const ownTemplate = (live: KubeObject) => below(below(appliedFields(live, fieldManager) ?? {}, "f:spec") ?? {}, "f:template") ?? {};
const templateOf = (deployment: KubeObject): Template["template"] => (deployment["spec"] as Template | undefined)?.template;

/** Whether an apply of `desired` would change the pod template of `live`. One that was never applied is not judged: that is the apply's business. */
export const changesPods = (desired: KubeObject, live: KubeObject): boolean => {
  if (!appliedFields(live, fieldManager)) return false;
  const { apiVersion, kind, metadata: { name, namespace } } = desired;
  const identity = { name, ...(namespace !== undefined && { namespace }) };
  const managedFields = [{ manager: fieldManager, operation: "Apply" as const, fieldsV1: { "f:spec": { "f:template": ownTemplate(live) } } }];
  return differs({ apiVersion, kind, metadata: identity, spec: { template: templateOf(desired) } }, { ...live, metadata: { ...identity, managedFields } }, fieldManager) !== undefined;
};

/** All of `desired` but the pods, which stay as they were applied last. */
export const withoutNewPods = (desired: KubeObject, live: KubeObject): KubeObject => ({ ...desired, spec: { ...(desired["spec"] as object), template: ownedPart(ownTemplate(live), templateOf(live)) } });

const restartOf = (deployment: KubeObject): string | undefined => templateOf(deployment)?.metadata?.annotations?.[annotation.restart];

/** The resource's author wants it: the spec has changed since it was last answered, or a restart is asked for. Otherwise it is the operator that has changed. */
export const isAsked = ({ metadata, status }: KVResponder, desired: KubeObject, live: KubeObject): boolean =>
  metadata.generation !== status?.observedGeneration || restartOf(desired) !== restartOf(live);
