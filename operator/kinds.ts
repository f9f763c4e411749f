// The table of owned kinds: RBAC, watches and the prune list are made from it.
export interface Kind {
  /** "" for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly plural: string;
}

export interface OwnedKind extends Kind {
  /** Its CRD may be absent: then everything else still works, and it is picked up when the CRD appears. */
  readonly optional: boolean;
  /** Fields of spec that the API server lets nobody change: an object with another value there is removed, and made again when it is gone. */
  readonly fixed?: readonly string[];
}

export const kvResponderKind: Kind = { group: "kvresponder.io", version: "v1alpha1", kind: "KVResponder", plural: "kvresponders" };

const monitoring = { group: "monitoring.coreos.com", version: "v1", optional: true } as const;

/** In the order of application: what a pod needs comes before the pod. */
export const ownedKinds: readonly OwnedKind[] = [
  { group: "", version: "v1", kind: "ServiceAccount", plural: "serviceaccounts", optional: false },
  { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps", optional: false },
  { group: "", version: "v1", kind: "Service", plural: "services", optional: false },
  { group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy", plural: "networkpolicies", optional: false },
  { group: "apps", version: "v1", kind: "Deployment", plural: "deployments", optional: false },
  { group: "autoscaling", version: "v2", kind: "HorizontalPodAutoscaler", plural: "horizontalpodautoscalers", optional: false },
  { group: "policy", version: "v1", kind: "PodDisruptionBudget", plural: "poddisruptionbudgets", optional: false },
  { ...monitoring, kind: "ServiceMonitor", plural: "servicemonitors" },
  { ...monitoring, kind: "PrometheusRule", plural: "prometheusrules" },
  { ...monitoring, version: "v1alpha1", kind: "AlertmanagerConfig", plural: "alertmanagerconfigs" },
  { group: "grafana.integreatly.org", version: "v1beta1", kind: "GrafanaDashboard", plural: "grafanadashboards", optional: true, fixed: ["instanceSelector"] },
];

/** API groups that a cluster may lack. */
export const optionalGroups = [...new Set(ownedKinds.flatMap((k) => (k.optional ? [k.group] : [])))] as [string, ...string[]];

/** Read to find the pods of a resource, and never written: the headless Service's own controller makes them, with the Service's labels. */
export const endpointSliceKind: Kind = { group: "discovery.k8s.io", version: "v1", kind: "EndpointSlice", plural: "endpointslices" };

/** Who selects monitors and rules by their labels: read to tell whether anybody selects ours, and never written. */
export interface SelectingKind extends Kind {
  readonly selects: readonly ("ServiceMonitor" | "PrometheusRule")[];
}

export const selectingKinds: readonly SelectingKind[] = [
  { group: monitoring.group, version: "v1", kind: "Prometheus", plural: "prometheuses", selects: ["ServiceMonitor", "PrometheusRule"] },
  { group: monitoring.group, version: "v1alpha1", kind: "PrometheusAgent", plural: "prometheusagents", selects: ["ServiceMonitor"] },
  { group: monitoring.group, version: "v1", kind: "ThanosRuler", plural: "thanosrulers", selects: ["PrometheusRule"] },
];

/** They select by the namespace's labels too. */
export const namespaceKind: Kind = { group: "", version: "v1", kind: "Namespace", plural: "namespaces" };

/** "v1" or "apps/v1". */
export const apiVersionOf = (k: Kind): string => (k.group === "" ? k.version : `${k.group}/${k.version}`);
