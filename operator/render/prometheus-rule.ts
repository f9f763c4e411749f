// The tenant's alerting rules.
import { childName } from "#crds/names";
import { alertGroup } from "../observability/rules.ts";
import type { Renderer } from "./context.ts";
import { child } from "./meta.ts";

export const prometheusRule: Renderer = (context) => {
  const { namespace, name, tenant, spec } = context;
  const { rules, serviceMonitor } = spec.monitoring;
  if (rules.mode === "Disabled") return undefined;
  const group = alertGroup({ namespace, name, tenant, replicas: spec.replicas, scraped: serviceMonitor.mode === "Managed" });
  return child(
    context,
    { apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", name: childName.workload(name), component: "monitoring", labels: rules.labels },
    { spec: { groups: [group] } },
  );
};
