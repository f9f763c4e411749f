// The names of a tenant's alerts and what may be set for each: spec.monitoring.rules.overrides accepts these, and operator/observability/alerts/ defines one alert for each.
import { z } from "zod";
import { duration } from "./fields.ts";
import { celString, type Rule, withRules } from "./rules.ts";

export interface Threshold {
  readonly default: number;
  readonly bounds: keyof typeof thresholdBounds;
  /** What the number counts. */
  readonly unit: string;
}

/** Both ends included. */
export const thresholdBounds = { share: [0.1, 1], count: [0, 1_000_000], seconds: [0.001, 30] } as const;

/** Undefined: nothing to set but what every alert has. A budget's alerts follow the objectives. */
export const alertThresholds = {
  KVResponderDown: undefined,
  KVResponderReplicasUnavailable: undefined,
  KVResponderRestarting: { default: 2, bounds: "count", unit: "restarts in 30 minutes" },
  KVResponderErrorBudgetBurnFast: undefined,
  KVResponderErrorBudgetBurnSlow: undefined,
  KVResponderLatencyBudgetBurnFast: undefined,
  KVResponderLatencyBudgetBurnSlow: undefined,
  KVResponderErrors: { default: 5, bounds: "count", unit: "failed operations in 15 minutes" },
  KVResponderPeerIsolated: undefined,
  KVResponderPeersMissing: undefined,
  KVResponderReplicationLagHigh: { default: 5, bounds: "seconds", unit: "seconds, of 99 in 100 records" },
  KVResponderReplicationRefused: undefined,
  KVResponderReplicationDropping: undefined,
  KVResponderClockAhead: undefined,
  KVResponderDivergence: { default: 0, bounds: "count", unit: "of 4096 parts of the keys" },
  KVResponderMemoryHigh: { default: 0.9, bounds: "share", unit: "share of maxMemory" },
  KVResponderMemoryFull: undefined,
  KVResponderEvictionsYoung: { default: 60, bounds: "count", unit: "seconds, the median age of what is evicted" },
  KVResponderHitRatioDrop: { default: 0.5, bounds: "share", unit: "share of the ratio a day ago" },
  KVResponderConnectionsHigh: { default: 0.8, bounds: "share", unit: "share of the connections that a pod takes" },
  KVResponderConnectionsFull: { default: 0.95, bounds: "share", unit: "share of the connections that a pod takes" },
  KVResponderEventLoopSaturated: { default: 0.1, bounds: "seconds", unit: "seconds of delay, of 99 in 100 turns" },
  KVResponderTelemetryDropping: undefined,
  KVResponderScrapeTruncated: { default: 0.8, bounds: "share", unit: "share of serviceMonitor.sampleLimit" },
} as const satisfies Readonly<Record<`KVResponder${string}`, Threshold | undefined>>;

export type AlertName = keyof typeof alertThresholds;
export const alertNames = Object.keys(alertThresholds) as readonly AlertName[];

const boundsOf = (name: string): (typeof alertThresholds)[AlertName] => (Object.hasOwn(alertThresholds, name) ? alertThresholds[name as AlertName] : undefined);

export const severities = ["critical", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

const override = z.object({
  enabled: z.boolean().optional().meta({ description: "Whether there is this alert for the resource. Absent: there is." }),
  severity: z.enum(severities).optional().meta({ description: "Instead of the alert's own severity." }),
  for: duration("How long it must hold before the alert fires, instead of the alert's own time.", "0s", "24h").optional(),
  threshold: z.number().min(0).max(1_000_000).optional().meta({ description: "Instead of the alert's own threshold; docs/alerts.md has its unit and bounds." }),
});

type Overrides = Record<string, z.output<typeof override>>;

const list = (names: readonly string[]): string => `[${names.map((name) => `'${name}'`).join(", ")}]`;

const known: Rule<Overrides> = {
  cel: `self.all(k, k.size() <= 63 && k in ${list(alertNames)})`,
  message: "there is no such alert; docs/alerts.md lists the names",
  test: (overrides) => Object.keys(overrides).every((name) => Object.hasOwn(alertThresholds, name)),
};

const kinds = Object.entries(thresholdBounds) as [Threshold["bounds"], readonly [number, number]][];
const ofKind = (kind: Threshold["bounds"]): AlertName[] => alertNames.filter((name) => boundsOf(name)?.bounds === kind);

const settable: Rule<Overrides> = {
  cel: `self.all(k, !has(self[k].threshold) || ${kinds.map(([kind, [least, most]]) => `(k in ${list(ofKind(kind))} && self[k].threshold >= ${least.toFixed(3)} && self[k].threshold <= ${most.toFixed(1)})`).join(" || ")})`,
  message: `threshold is out of bounds, or the alert has none: ${kinds.map(([kind, [least, most]]) => `${least} to ${most} for ${ofKind(kind).map((name) => name.replace("KVResponder", "")).join(", ")}`).join("; ")}`,
  test: (overrides) =>
    Object.entries(overrides).every(([name, { threshold }]) => {
      const kind = boundsOf(name)?.bounds;
      if (threshold === undefined) return true;
      return kind !== undefined && threshold >= thresholdBounds[kind][0] && threshold <= thresholdBounds[kind][1];
    }),
};

export const overrides = withRules(z.record(z.string(), override), [known, settable], {
  description: "Changes to single alerts, by the alert's name.",
  maxProperties: alertNames.length,
});

const labelName = "^[a-zA-Z_][a-zA-Z0-9_]*$";
/** What the operator puts on each alert, and what Prometheus keeps for itself. */
const reserved = "^(severity|signal|window|namespace|tenant|kvresponder|alertname|cluster|prometheus|__.*)$";

const alertLabelValue = withRules(z.string().max(128), [
  // two braces would be a template, which Prometheus executes
  { cel: `self.matches(${celString("^[^{}]*$")})`, message: "must not hold '{' or '}'", test: (text) => /^[^{}]*$/.test(text) },
]);

const everyName = (pattern: string, wanted: boolean, message: string): Rule<Record<string, string>> => ({
  cel: `self.all(k, k.size() <= 63 && ${wanted ? "" : "!"}k.matches(${celString(pattern)}))`,
  message,
  test: (map) => Object.keys(map).every((k) => k.length <= 63 && new RegExp(pattern).test(k) === wanted),
});

/** Labels that users put on their alerts, for the routing of a platform. */
export const alertLabels = withRules(
  z.record(z.string(), alertLabelValue),
  [
    everyName(labelName, true, "keys must be names of Prometheus labels: at most 63 letters, digits and '_', not beginning with a digit"),
    everyName(reserved, false, "severity, signal, window, namespace, tenant, kvresponder, alertname, cluster, prometheus and names that begin with '__' are not for the user; choose another key"),
  ],
  { description: "Labels on each alert, for example team: checkout. Alertmanager routes by them.", maxProperties: 16 },
);
