// How Prometheus scrapes the pods, and where every series gets its tenant: from labels of the Service that only the operator writes.
import { path, portName } from "#contract/http";
import * as names from "#crds/names";
import type { Renderer } from "./context.ts";
import { child, type Component } from "./meta.ts";

/** As Prometheus' service discovery spells a Service's label. */
const serviceLabel = (key: string): string => `__meta_kubernetes_service_label_${key.replaceAll(/[^a-zA-Z0-9_]/g, "_")}`;

/** Target label -> where its value comes from. */
const identity = {
  tenant: serviceLabel(names.label.tenant),
  kvresponder: serviceLabel(names.label.name),
  namespace: "__meta_kubernetes_namespace",
  service: "__meta_kubernetes_service_name",
  pod: "__meta_kubernetes_pod_name",
} as const;

/** 16 replicas, as many on their way out, and the surge. */
const targetLimit = 64;

const component: Component = "cache";

export const serviceMonitor: Renderer = (context) => {
  // a scrape beyond the limits is refused as a whole: a pod that has gone wrong cannot flood the tenant's Prometheus
  const { mode, interval, scrapeTimeout, labels, ...limits } = context.spec.monitoring.serviceMonitor;
  if (mode === "Disabled") return undefined;
  return child(
    context,
    { apiVersion: "monitoring.coreos.com/v1", kind: "ServiceMonitor", name: names.childName.workload(context.name), component: "monitoring", labels: { ...context.options.monitoringLabels, ...labels } },
    {
      spec: {
        selector: { matchLabels: { [names.label.appName]: names.appName, [names.label.component]: component, [names.label.name]: context.name } },
        ...limits,
        targetLimit,
        endpoints: [
          {
            port: portName.metrics,
            path: path.metrics,
            interval,
            scrapeTimeout,
            // what the process says of its own identity never wins over the labels stamped here
            honorLabels: false,
            relabelings: Object.entries(identity).map(([targetLabel, source]) => ({ action: "replace", sourceLabels: [source], targetLabel })),
            metricRelabelings: [{ action: "labeldrop", regex: "exported_.*" }],
          },
        ],
      },
    },
  );
};
