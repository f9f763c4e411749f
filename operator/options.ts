// The operator's command line. Each flag has a user; defaults are what the shipped Deployment needs.
import { parseArgs } from "node:util";
import { isDuration, parseDuration } from "#crds/duration";
import { logLevels, traceEndpoint } from "#crds/telemetry";
import { parseLabelList } from "./label-list.ts";
import { parseNamespaces } from "./namespace-list.ts";
import { grafanaUrlRule, isGrafanaUrl } from "./observability/dashboard-link.ts";
import { tenantPolicies, type Policy } from "./reconcile/policy.ts";

export interface Options extends Policy {
  /** Image of the responder when spec.image is absent. */
  readonly responderImage: string;
  /** Port of /metrics, /livez and /readyz. 0 picks a free one. */
  readonly port: number;
  /** Address to listen on. */
  readonly host: string;
  /** The namespaces whose resources are tended. Absent: all of them, which takes a ClusterRole. */
  readonly namespaces?: readonly string[];
  /** Reconciles at once; one resource is never reconciled twice at once. */
  readonly workers: number;
  /** Resources at once, at most, whose pods are replaced because the operator has changed. */
  readonly maxConcurrentRollouts: number;
  readonly logLevel: (typeof logLevels)[number];
  /** How long the slowest kubelet may take to bring a new Secret into its pods: its syncFrequency (1 min unless configured) and then some. */
  readonly propagationMs: number;
  /** How long a token that was replaced is still accepted. */
  readonly overlapMs: number;
  /** Resources that get metric series of their own, at most. */
  readonly resourceSeries: number;
  /** Where spans go by OTLP/HTTP, as in http://jaeger:4318. Absent: nothing is traced. */
  readonly traceEndpoint?: string;
  /** Share of the reconciles whose spans are sent, 0 to 1; those that fail are sent in any case. */
  readonly traceSampleRatio: number;
  /** Labels on every ServiceMonitor, PrometheusRule and AlertmanagerConfig, by which the cluster's Prometheus and Alertmanager select them. A resource's own win. */
  readonly monitoringLabels?: Readonly<Record<string, string>>;
  /** Namespaces whose pods may read the metrics of tenants, where a resource names none. Absent: everybody may. */
  readonly monitoringNamespaces?: readonly string[];
  /** Where people reach Grafana, for the links of alerts, as in https://grafana.example. Absent: the links are paths. */
  readonly grafanaUrl?: string;
  /** Path of a kubeconfig; without it the pod's ServiceAccount is used. */
  readonly kubeconfig?: string;
}

export const usage = `usage: operator --responder-image IMAGE [--port 8080] [--host 0.0.0.0] [--namespaces NAME,...] [--workers 4] [--max-concurrent-rollouts 5] [--tenant-policy Any|NamespaceLabel] [--allowed-images PREFIX,...] [--log-level info] [--token-propagation 2m] [--token-overlap 1h] [--resource-series 1000] [--trace-endpoint URL] [--trace-sample-ratio 1] [--monitoring-labels KEY=VALUE,...] [--monitoring-namespaces NAME,...] [--grafana-url URL] [--kubeconfig FILE]`;

const wholeNumber = (name: string, text: string, min: number, max: number): number => {
  const n = Number(text);
  if (!Number.isInteger(n) || n < min || n > max) throw new RangeError(`--${name} must be a whole number from ${min} to ${max}, not ${JSON.stringify(text)}`);
  return n;
};

const duration = (name: string, text: string): number => {
  if (!isDuration(text) || parseDuration(text) < 1_000) throw new RangeError(`--${name} must be a duration of at least 1s, for example 2m, not ${JSON.stringify(text)}`);
  return parseDuration(text);
};

const ratio = (name: string, text: string): number => {
  const n = text === "" ? Number.NaN : Number(text);
  if (!(n >= 0 && n <= 1)) throw new RangeError(`--${name} must be a number from 0 to 1, not ${JSON.stringify(text)}`);
  return n;
};

/** An empty list is a mistake: it is not said whether it allows all or none. */
const imageList = (text: string): string[] => {
  const prefixes = text.split(",");
  if (!prefixes.every((prefix) => /^[a-z0-9][-a-zA-Z0-9_./:@]*$/.test(prefix))) throw new RangeError(`--allowed-images must be beginnings of image references with commas between them, for example registry.example.com/caches/, not ${JSON.stringify(text)}`);
  return prefixes;
};

const endpoint = (name: string, text: string): string => {
  // not repeated: it may hold credentials
  if (!new RegExp(traceEndpoint.pattern).test(text)) throw new RangeError(`--${name} ${traceEndpoint.message}`);
  return text;
};

const grafana = (text: string): string => {
  // not repeated either
  if (!isGrafanaUrl(text)) throw new RangeError(grafanaUrlRule);
  return text;
};

/** Throws an Error whose message says what to do. */
export const parseOptions = (argv: readonly string[]): Options => {
  const { values, positionals } = parseArgs({
    args: [...argv],
    // refused below: parseArgs would repeat what may be the value of a flag that was mistyped
    allowPositionals: true,
    options: {
      "responder-image": { type: "string" },
      port: { type: "string", default: "8080" },
      host: { type: "string", default: "0.0.0.0" },
      namespaces: { type: "string" },
      workers: { type: "string", default: "4" },
      "max-concurrent-rollouts": { type: "string", default: "5" },
      "tenant-policy": { type: "string", default: "Any" },
      "allowed-images": { type: "string" },
      "log-level": { type: "string", default: "info" },
      "token-propagation": { type: "string", default: "2m" },
      "token-overlap": { type: "string", default: "1h" },
      "resource-series": { type: "string", default: "1000" },
      "trace-endpoint": { type: "string" },
      "trace-sample-ratio": { type: "string", default: "1" },
      "monitoring-labels": { type: "string" },
      "monitoring-namespaces": { type: "string" },
      "grafana-url": { type: "string" },
      kubeconfig: { type: "string" },
    },
  });
  if (positionals.length > 0) throw new Error(`there must be nothing but flags: of what was given, ${positionals.length} belong to none`);
  const responderImage = values["responder-image"];
  if (!responderImage) throw new Error(`--responder-image is missing: name the image that tenants' pods run`);
  const logLevel = logLevels.find((l) => l === values["log-level"]);
  if (!logLevel) throw new Error(`--log-level must be one of ${logLevels.join(", ")}`);
  const tenantPolicy = tenantPolicies.find((p) => p === values["tenant-policy"]);
  if (!tenantPolicy) throw new Error(`--tenant-policy must be one of ${tenantPolicies.join(", ")}`);
  return {
    responderImage,
    port: wholeNumber("port", values.port, 0, 65_535),
    host: values.host,
    ...(values.namespaces !== undefined && { namespaces: parseNamespaces("namespaces", values.namespaces) }),
    workers: wholeNumber("workers", values.workers, 1, 64),
    maxConcurrentRollouts: wholeNumber("max-concurrent-rollouts", values["max-concurrent-rollouts"], 1, 1_000),
    tenantPolicy,
    ...(values["allowed-images"] !== undefined && { allowedImages: imageList(values["allowed-images"]) }),
    logLevel,
    propagationMs: duration("token-propagation", values["token-propagation"]),
    overlapMs: duration("token-overlap", values["token-overlap"]),
    resourceSeries: wholeNumber("resource-series", values["resource-series"], 0, 100_000),
    ...(values["trace-endpoint"] !== undefined && { traceEndpoint: endpoint("trace-endpoint", values["trace-endpoint"]) }),
    traceSampleRatio: ratio("trace-sample-ratio", values["trace-sample-ratio"]),
    ...(values["monitoring-labels"] !== undefined && { monitoringLabels: parseLabelList("monitoring-labels", values["monitoring-labels"]) }),
    ...(values["monitoring-namespaces"] !== undefined && { monitoringNamespaces: parseNamespaces("monitoring-namespaces", values["monitoring-namespaces"]) }),
    ...(values["grafana-url"] !== undefined && { grafanaUrl: grafana(values["grafana-url"]) }),
    ...(values.kubeconfig !== undefined && { kubeconfig: values.kubeconfig }),
  };
};
