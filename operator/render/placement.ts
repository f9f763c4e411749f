// Where the pods may run and what they are pulled with, as far as the resource says.
import type { RenderContext } from "./context.ts";
import { podSelector } from "./meta.ts";

/** Soft: a cluster smaller than the replicas still runs them all. */
const whenUnsatisfiable = { Soft: "ScheduleAnyway", Hard: "DoNotSchedule" } as const;

const spread = (context: RenderContext): object => {
  const { topologySpread } = context.spec;
  if (topologySpread === "None") return {};
  return {
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: "kubernetes.io/hostname",
        whenUnsatisfiable: whenUnsatisfiable[topologySpread],
        labelSelector: { matchLabels: podSelector(context) },
        // counts the pods of one rollout only, so that the old ones do not push the new ones together
        matchLabelKeys: ["pod-template-hash"],
      },
    ],
  };
};

/** Fields of a pod's spec. What is empty is left out: server-side apply cannot hold on to an empty map. */
export const placement = (context: RenderContext): object => {
  const { nodeSelector = {}, tolerations = [], priorityClassName, imagePullSecrets = [] } = context.spec;
  return {
    ...spread(context),
    ...(Object.keys(nodeSelector).length > 0 && { nodeSelector }),
    ...(tolerations.length > 0 && { tolerations }),
    ...(priorityClassName !== undefined && { priorityClassName }),
    ...(imagePullSecrets.length > 0 && { imagePullSecrets }),
  };
};
