// Decides who says how many pods there are: the resource, or an autoscaler that takes over without the number ever falling.
//
// A field that was applied and then left out goes back to its default, which for replicas is 1. So before ours lets go, a second field manager of the
// operator applies the number that stands (kubernetes.io: Server-Side Apply, "Transferring ownership"); the autoscaler takes it from there when it changes it.
import { fieldManager } from "#crds/names";
import type { Spec } from "#crds/kvresponder";
import { autoscalingOf, fewestReplicas } from "#crds/scaling";
import type { KubeObject } from "../objects.ts";
import { appliedFields, below } from "./fields-v1.ts";

export interface ReplicasPlan {
  /** What the Deployment is told. Undefined: nothing, an autoscaler says it. */
  readonly applied: number | undefined;
  /** What the second manager applies first. */
  readonly lent?: number;
}

const liveReplicas = ({ spec }: KubeObject): number => (spec as { replicas?: number } | undefined)?.replicas ?? 1;

const isOurs = (deployment: KubeObject): boolean => {
  const spec = below(appliedFields(deployment, fieldManager) ?? {}, "f:spec");
  return spec !== undefined && "f:replicas" in spec;
};

/** `live`: the Deployment, if there is one. */
export const planReplicas = (spec: Pick<Spec, "replicas" | "autoscaling">, live: KubeObject | undefined): ReplicasPlan => {
  const bounds = autoscalingOf(spec);
  if (!bounds) return { applied: spec.replicas };
  // a new Deployment does not begin with one pod
  if (!live) return { applied: bounds.minReplicas };
  if (!isOurs(live)) return { applied: undefined };
  const stands = liveReplicas(live);
  // an autoscaler leaves zero alone, and would take the rest in steps
  const within = Math.min(Math.max(stands, bounds.minReplicas), bounds.maxReplicas);
  return within === stands ? { applied: undefined, lent: stands } : { applied: within };
};

/** How many pods there should be now. */
export const wantedReplicas = (spec: Pick<Spec, "replicas" | "autoscaling">, live: KubeObject | undefined): number => (spec.autoscaling && live ? liveReplicas(live) : fewestReplicas(spec));
