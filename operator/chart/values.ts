// The values of the operator's chart.
import { dnsLabelPattern } from "#crds/fields";
import { logLevels, traceEndpoint } from "#crds/telemetry";
import { usage } from "../options.ts";
import type { ValueSchema } from "./schema.ts";

const text = (description: string, more: object = {}): ValueSchema => ({ description, type: "string", ...more });
const flag = (description: string, on: boolean): ValueSchema => ({ description, type: "boolean", default: on });
const strings = (description: string, more: object = {}): ValueSchema => ({ description, type: "object", additionalProperties: { type: "string" }, default: {}, ...more });
const any = (description: string, type: "object" | "array", value: unknown): ValueSchema => ({ description, type, default: value });
const group = (description: string, properties: Readonly<Record<string, ValueSchema>>): ValueSchema => ({ description, type: "object", properties, additionalProperties: false });

const namespaces = (description: string, value?: readonly string[]): ValueSchema => ({
  description,
  type: "array",
  items: { type: "string", pattern: dnsLabelPattern, maxLength: 63 },
  maxItems: 50,
  uniqueItems: true,
  ...(value && { default: value }),
});

const image = (what: string, repository: string, more: Readonly<Record<string, ValueSchema>> = {}): ValueSchema =>
  group(what, {
    repository: text("Its name, with the registry.", { default: repository }),
    tag: text("Its tag. Empty: the chart's appVersion.", { default: "" }),
    digest: text("Its digest, sha256:..., which wins over the tag.", { default: "", pattern: "^(sha256:[0-9a-f]{64})?$" }),
    ...more,
  });

const count = (description: string, minimum: number, maximum: number): ValueSchema => ({ description, type: "integer", minimum, maximum });
const duration = (description: string): ValueSchema => text(description, { pattern: "^([0-9]+(h|m|s|ms))+$" });

/** "max-rollouts" of "maxRollouts". */
export const flagOf = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** What the operator's usage says it takes for a flag that is absent. */
const ownDefaults: ReadonlyMap<string, string> = new Map([...usage.matchAll(/\[--([a-z-]+) ([^\s\]]+)\]/g)].flatMap(([, name = "", value = ""]) => (/^[A-Z]/.test(value) ? [] : [[name, value] as const])));

/** Flags that have a value in the chart, by its name. */
export const flags: Readonly<Record<string, ValueSchema>> = {
  workers: count("Reconciles at once; one resource is never reconciled twice at once.", 1, 64),
  maxConcurrentRollouts: count("Resources whose pods are replaced at once after an upgrade of the operator that changes them.", 1, 1_000),
  tenantPolicy: text("NamespaceLabel: a namespace may only claim the tenant that its label kvresponder.io/tenant names. Absent: Any.", { enum: ["Any", "NamespaceLabel"] }),
  allowedImages: {
    description: "Beginnings of the images that a KVResponder may name, as in registry.example.com/caches/. Absent: all.",
    type: "array",
    items: { type: "string", pattern: "^[a-z0-9][-a-zA-Z0-9_./:@]*$" },
    minItems: 1,
  },
  logLevel: text("What is logged.", { enum: logLevels }),
  tokenPropagation: duration("How long the slowest kubelet may take to bring a new Secret into its pods."),
  tokenOverlap: duration("How long a token that was replaced is still accepted."),
  resourceSeries: count("Resources that get metric series of their own, at most. With more, raise serviceMonitor.sampleLimit too.", 0, 100_000),
  traceEndpoint: text("Where spans go by OTLP/HTTP, as in http://jaeger:4318. Absent: nothing is traced.", { pattern: traceEndpoint.pattern }),
  traceSampleRatio: { description: "Share of the reconciles whose spans are sent; those that fail are sent in any case.", type: "number", minimum: 0, maximum: 1 },
  monitoringLabels: { description: "Labels on every tenant's ServiceMonitor, PrometheusRule and AlertmanagerConfig, by which the cluster's Prometheus and Alertmanager select them.", type: "object", additionalProperties: { type: "string" } },
  // as many as a resource may name
  monitoringNamespaces: { ...namespaces("Namespaces whose pods may read the metrics of tenants, where a KVResponder names none. Absent: everybody may."), maxItems: 16 },
  grafanaUrl: text("Where people reach Grafana, for the links of alerts, as in https://grafana.example. Absent: the links are paths."),
};

const withOwnDefault = (name: string, node: ValueSchema): ValueSchema => {
  const own = ownDefaults.get(flagOf(name));
  return own === undefined ? node : { ...node, $comment: own };
};

export const operatorValues: Readonly<Record<string, ValueSchema>> = {
  image: image("The operator's image.", "localhost/kvr/operator", { pullPolicy: text("When the node pulls it.", { enum: ["IfNotPresent", "Always", "Never"], default: "IfNotPresent" }) }),
  responderImage: image("The image of tenants' pods, where a KVResponder names none.", "localhost/kvr/responder"),
  imagePullSecrets: any("Secrets to pull the operator's image with, as in [{name: registry}].", "array", []),
  watchNamespaces: namespaces("Namespaces whose KVResponders it tends. Empty: all of them. With a list it has a Role in each of them, which must exist, and no ClusterRole.", []),
  config: group("The operator's flags. One that is absent has the operator's own default.", Object.fromEntries(Object.entries(flags).map(([name, node]) => [name, withOwnDefault(name, node)]))),
  crds: group("The definition of KVResponder.", {
    install: flag("Install it and bring it up to date with each upgrade. Off where it is installed by other means.", true),
    keep: flag("Leave it, and with it all KVResponders, when the release is uninstalled.", true),
  }),
  userRoles: group("kvresponder-viewer, -editor and -admin, which join the built-in roles view, edit and admin.", { enabled: flag("Install them.", true) }),
  resources: any("CPU and memory of the operator. The heap (nodeOptions) must fit the memory limit with room for buffers and code.", "object", { requests: { cpu: "50m", memory: "256Mi" }, limits: { memory: "256Mi" } }),
  nodeOptions: text("Options of Node.", { default: "--max-old-space-size=160 --max-semi-space-size=8" }),
  nodeSelector: strings("Labels of the nodes it may run on."),
  tolerations: any("Taints that it tolerates.", "array", []),
  affinity: any("Where it is scheduled.", "object", {}),
  priorityClassName: text("Its priority class, such as system-cluster-critical where the cluster allows that outside of kube-system.", { default: "" }),
  podLabels: strings("Labels of its pod, beside the chart's."),
  podAnnotations: strings("Annotations of its pod."),
  podDisruptionBudget: group("Its budget of disruptions: one pod at a time, which never holds up a drain.", { enabled: flag("Install it.", true) }),
  serviceMonitor: group("Its scrape by the Prometheus Operator.", {
    enabled: flag("Install the ServiceMonitor; its CRD must be there.", false),
    labels: strings("Labels by which your Prometheus selects it."),
    interval: text("Between two scrapes.", { default: "30s" }),
    scrapeTimeout: text("Of one scrape; not longer than the interval.", { default: "10s" }),
    sampleLimit: { description: "Samples of one scrape, beyond which it is refused as a whole.", type: "integer", minimum: 0, default: 50_000 },
  }),
  prometheusRule: group("Alerts about the operator, and about all tenants together.", {
    enabled: flag("Install the PrometheusRule; its CRD must be there.", false),
    labels: strings("Labels by which your Prometheus selects it."),
  }),
  dashboards: group("Grafana's dashboards of the operator and of all tenants, for its sidecar.", {
    enabled: flag("Install them as a ConfigMap.", false),
    labels: strings("Labels that the sidecar looks for.", { default: { grafana_dashboard: "1" } }),
    annotations: strings("Annotations, such as the folder that the sidecar puts them in."),
  }),
  networkPolicy: group("Who may talk with the operator, and with whom it talks. With config.traceEndpoint its port is open too.", {
    enabled: flag("Install it. Off: whether its ports and namespaces fit your cluster, only you know.", false),
    monitoringNamespaces: namespaces("Namespaces that may read the operator's metrics, beside its own.", ["monitoring"]),
    apiServerPorts: { description: "Ports of the API server, behind its Service: `kubectl get endpointslices -n default`.", type: "array", items: { type: "integer", minimum: 1, maximum: 65_535 }, minItems: 1, default: [443, 6443] },
  }),
  global: { description: "Helm hands it to every chart; not used.", type: "object", default: {} },
};

export const operatorValuesSchema = (): ValueSchema => ({
  $schema: "http://json-schema.org/draft-07/schema#",
  title: "Values of the kv-responder-operator chart",
  type: "object",
  properties: operatorValues,
  additionalProperties: false,
});
