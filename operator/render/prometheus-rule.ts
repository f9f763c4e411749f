// The tenant's recording and alerting rules.
import { parseDuration } from "#crds/duration";
import { childName } from "#crds/names";
import { fewestReplicas } from "#crds/scaling";
import { ruleGroup } from "../observability/rules.ts";
import type { Renderer } from "./context.ts";
import { child } from "./meta.ts";

export const prometheusRule: Renderer = (context) => {
  const { namespace, name, tenant, spec, options } = context;
  const { rules, serviceMonitor } = spec.monitoring;
  if (rules.mode === "Disabled") return undefined;
  const group = ruleGroup({
    namespace,
    name,
    tenant,
    replicas: fewestReplicas(spec),
    ...(spec.autoscaling && { mostReplicas: spec.autoscaling.maxReplicas }),
    scraped: serviceMonitor.mode === "Managed",
    sampleLimit: serviceMonitor.sampleLimit,
    evictionPolicy: spec.cache.evictionPolicy,
    ...(spec.cache.defaultTTL !== undefined && { defaultTtlSeconds: parseDuration(spec.cache.defaultTTL) / 1_000 }),
    objectives: rules.objectives,
    ...(rules.extraLabels && { extraLabels: rules.extraLabels }),
    ...(rules.overrides && { overrides: rules.overrides }),
    ...(options.grafanaUrl !== undefined && { grafanaUrl: options.grafanaUrl }),
  });
  return child(context, { apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", name: childName.workload(name), component: "monitoring", labels: { ...options.monitoringLabels, ...rules.labels } }, { spec: { groups: [group] } });
};
