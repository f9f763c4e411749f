// spec.autoscaling and spec.disruption: how many pods there are, and how many may be missing.
import { z } from "zod";
import { type Rule, withRules } from "./rules.ts";

export const mostReplicas = 16;

/** What an autoscaler does that is not told. The fields have no defaults: the part as a whole may be absent. */
const untold = { minReplicas: 2, targetCPUUtilizationPercentage: 80 } as const;

export const autoscaling = withRules(
  z.object({
    minReplicas: z.int32().min(1).max(mostReplicas).optional().meta({ description: "Fewest pods. Absent: 2." }),
    maxReplicas: z.int32().min(1).max(mostReplicas).meta({ description: "Most pods." }),
    targetCPUUtilizationPercentage: z.int32().min(10).max(500).optional().meta({ description: "CPU that the pods should use on average, in percent of resources.requests.cpu. Absent: 80." }),
  }),
  [
    {
      cel: `(has(self.minReplicas) ? self.minReplicas : ${untold.minReplicas}) <= self.maxReplicas`,
      message: "minReplicas (2 when absent) must not be larger than maxReplicas",
      fieldPath: ".minReplicas",
      test: ({ minReplicas = untold.minReplicas, maxReplicas }) => minReplicas <= maxReplicas,
    },
  ],
  { description: "Lets a HorizontalPodAutoscaler choose the number of pods; replicas is without effect then. More pods answer more requests; they do not hold more, for each holds the whole cache." },
);

export type Autoscaling = z.output<typeof autoscaling>;

export interface Bounds {
  readonly minReplicas: number;
  readonly maxReplicas: number;
  readonly targetCPUUtilizationPercentage: number;
}

/** With what is not written filled in. */
export const autoscalingOf = ({ autoscaling: given }: { autoscaling?: Autoscaling | undefined }): Bounds | undefined =>
  given && {
    minReplicas: given.minReplicas ?? untold.minReplicas,
    maxReplicas: given.maxReplicas,
    targetCPUUtilizationPercentage: given.targetCPUUtilizationPercentage ?? untold.targetCPUUtilizationPercentage,
  };

export const disruption = z
  .object({
    maxUnavailable: z.int32().min(1).max(mostReplicas).default(1).meta({ description: "Pods that a drain may take away at once." }),
  })
  .prefault({})
  .meta({ description: "The PodDisruptionBudget. There is none for a single pod." });

/** Percent of what? */
export const autoscalingNeedsRequest: Rule<{ autoscaling?: Autoscaling | undefined; resources?: { requests?: { cpu?: string | undefined } | undefined } | undefined }> = {
  cel: "!has(self.autoscaling) || (has(self.resources) && has(self.resources.requests) && has(self.resources.requests.cpu))",
  message: "autoscaling goes by a share of resources.requests.cpu: set it",
  fieldPath: ".autoscaling",
  test: (spec) => spec.autoscaling === undefined || spec.resources?.requests?.cpu !== undefined,
};

interface Sized {
  replicas: number;
  autoscaling?: Autoscaling | undefined;
}

/** Pods that there are at least, once all is settled. */
export const fewestReplicas = (spec: Sized): number => autoscalingOf(spec)?.minReplicas ?? spec.replicas;

/** Pods that there may be. */
export const mostReplicasOf = (spec: Sized): number => spec.autoscaling?.maxReplicas ?? spec.replicas;
