// The pods. Nothing that may change without a rollout (replicas, logging, what a write waits for, monitoring) appears in the pod template.
import { annotation, childName } from "#crds/names";
import { container } from "./container.ts";
import type { Renderer, RenderContext } from "./context.ts";
import { progressDeadlineSeconds, terminationGraceSeconds } from "./lifetime.ts";
import { child, labels, podSelector } from "./meta.ts";
import { placement } from "./placement.ts";
import { volumes } from "./volumes.ts";

/** Any number but 0, which is root: the image's own user. */
const user = 65532;

const podSpec = (context: RenderContext): object => ({
  serviceAccountName: childName.workload(context.name),
  automountServiceAccountToken: false,
  // one variable per Service of the namespace would leak the neighbours' names and slow the start
  enableServiceLinks: false,
  terminationGracePeriodSeconds: terminationGraceSeconds,
  securityContext: { runAsNonRoot: true, runAsUser: user, runAsGroup: user, seccompProfile: { type: "RuntimeDefault" } },
  ...placement(context),
  containers: [container(context)],
  volumes: volumes(context),
});

const podMeta = (context: RenderContext): object => {
  const annotations = { ...context.spec.podAnnotations, ...(context.restart !== undefined && { [annotation.restart]: context.restart }) };
  return { labels: { ...context.spec.podLabels, ...labels(context, "cache") }, ...(Object.keys(annotations).length > 0 && { annotations }) };
};

export const deployment: Renderer = (context) =>
  child(
    context,
    { apiVersion: "apps/v1", kind: "Deployment", name: childName.workload(context.name), component: "cache" },
    {
      spec: {
        ...(context.replicas !== undefined && { replicas: context.replicas }),
        revisionHistoryLimit: 3,
        progressDeadlineSeconds: progressDeadlineSeconds(context.spec),
        selector: { matchLabels: podSelector(context) },
        // a new pod is ready before an old one goes
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: { metadata: podMeta(context), spec: podSpec(context) },
      },
    },
  );
