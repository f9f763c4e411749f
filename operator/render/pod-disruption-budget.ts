// Lets a drain take one pod at a time, or as many as the resource says.
import { childName } from "#crds/names";
import { mostReplicasOf } from "#crds/scaling";
import type { Renderer } from "./context.ts";
import { child, podSelector } from "./meta.ts";

export const podDisruptionBudget: Renderer = (context) => {
  // with one pod a budget could only forbid what a drain must do, or allow what it would do anyway
  if (mostReplicasOf(context.spec) < 2) return undefined;
  return child(
    context,
    { apiVersion: "policy/v1", kind: "PodDisruptionBudget", name: childName.workload(context.name), component: "cache" },
    {
      spec: {
        maxUnavailable: context.spec.disruption.maxUnavailable,
        selector: { matchLabels: podSelector(context) },
        // a pod that is broken anyway must not hold up a node's drain
        unhealthyPodEvictionPolicy: "AlwaysAllow",
      },
    },
  );
};
