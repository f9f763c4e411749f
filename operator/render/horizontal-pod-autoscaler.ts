// Lets Kubernetes choose the number of pods by the CPU that they use.
import { childName } from "#crds/names";
import { autoscalingOf } from "#crds/scaling";
import type { Renderer } from "./context.ts";
import { child } from "./meta.ts";

export const horizontalPodAutoscaler: Renderer = (context) => {
  const autoscaling = autoscalingOf(context.spec);
  if (!autoscaling) return undefined;
  const name = childName.workload(context.name);
  return child(
    context,
    { apiVersion: "autoscaling/v2", kind: "HorizontalPodAutoscaler", name, component: "cache" },
    {
      spec: {
        scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name },
        minReplicas: autoscaling.minReplicas,
        maxReplicas: autoscaling.maxReplicas,
        metrics: [{ type: "Resource", resource: { name: "cpu", target: { type: "Utilization", averageUtilization: autoscaling.targetCPUUtilizationPercentage } } }],
        // a new pod copies the whole cache before it is of use, so pods come at once and go one by one, after five quiet minutes
        behavior: { scaleDown: { stabilizationWindowSeconds: 300, selectPolicy: "Max", policies: [{ type: "Pods", value: 1, periodSeconds: 60 }] } },
      },
    },
  );
};
