// The alerts of whoever runs the operator: whether it works, and whether all tenants together are served. Rules, docs and tests are made from it.
import type { Severity } from "#crds/alerts";
import { prometheusSeries } from "#telemetry/platform-series";
import { above, absent, andOn, atLeast, avgOverTime, below, changes, divide, equal, increase, max, min, minus, offset, or, plus, promql, rate, sum, sumOverTime, unlessOn, type Duration, type Vector } from "#telemetry/promql";
import { endpointSliceKind, kvResponderKind, ownedKinds } from "../kinds.ts";
import { operatorMetrics } from "../metrics.ts";
import { leastRate } from "./alerts/alert.ts";
import { budget, speedIn, windows } from "./alerts/objectives.ts";
import { fleet } from "./fleet.ts";
import { operatorJob } from "./platform-links.ts";

export type PlatformSignal = "availability" | "errors" | "reconcile" | "watch" | "api" | "telemetry";

export interface PlatformRule {
  /** Where a name has several rules: no two may have the same labels. */
  readonly window?: Duration;
  readonly for: Duration;
  readonly expression: Vector<never>;
}

export interface PlatformAlert {
  /** One a name, as for tenants. */
  readonly severity: Severity;
  readonly signal: PlatformSignal;
  readonly keepFiringFor?: Duration;
  /** When it fires, for docs/alerts.md. */
  readonly when: string;
  readonly summary: string;
  /** Of one with several rules, from the window of each: a template does not see the labels that its rule adds. */
  readonly description: string | ((window: string) => string);
  /** Its panels are on the fleet's dashboard, not on the operator's. */
  readonly ofFleet?: boolean;
  readonly rules: readonly PlatformRule[];
}

const q = promql({ ...operatorMetrics, ...prometheusSeries }, { job: operatorJob });

/** Kept in every aggregation, so that a namespace may be enforced. */
const here = ["namespace"] as const;
const resource = ["namespace", "resource_namespace", "kvresponder"] as const;
const byKind = ["namespace", "kind"] as const;

const one = (duration: Duration, expression: Vector<never>): readonly PlatformRule[] => [{ for: duration, expression }];

/** The part of all that is wrong, where the wrong are more than a few. */
const share = (wrong: Vector<"namespace">, all: Vector<"namespace">, bound: number, fewest: number): Vector<"namespace"> => andOn(above(divide(wrong, all), bound), here, atLeast(wrong, fewest));

/** Of a kind that may be absent from a cluster, an empty store is no news. */
const alwaysThere = [kvResponderKind, ...ownedKinds.filter((k) => !k.optional), endpointSliceKind].map(({ kind }) => kind);
type WatchedKind = (typeof operatorMetrics)["kvoperator_cache_synced"]["labels"]["kind"][number];

/** Percent of the operations of all tenants together that do not fail. Each tenant has its own objective beside it. */
export const fleetAvailability = 99.9;

const rollouts = (state: "stuck" | "waiting") => q.gauge("kvoperator_rollouts", { state });
/** Longer than healthy rollouts of many pods take: one that makes no progress is stuck after minutes. */
const standstill = "2h";
/** Every place is held by one that is stuck. Or nobody's turn has come for long, though not all are: somebody holds a Deployment back (`kubectl rollout pause`). */
const stopped = or(
  atLeast(minus(max(rollouts("stuck"), here), max(q.gauge("kvoperator_max_concurrent_rollouts"), here)), 0),
  // those who waited then: a new operator that has always seen the same number wait is young
  andOn(equal(sum(changes(rollouts("waiting"), standstill), here), 0), here, above(max(offset(rollouts("waiting"), standstill), here), 0)),
);

const fleetBurn = windows.Fast.map(({ long, short, factor, for: held }): PlatformRule => {
  const [all, failed] = [fleet("kvresponder_fleet:operations:rate5m"), fleet("kvresponder_fleet:operations_failed:rate5m")];
  const bound = Number((factor * budget(fleetAvailability)).toPrecision(12));
  const burns = (window: Duration) => above(divide(sum(sumOverTime(failed, window), []), sum(sumOverTime(all, window), [])), bound);
  return { window: long, for: held, expression: andOn(andOn(burns(long), [], burns(short)), [], above(sum(avgOverTime(all, long), []), leastRate)) };
});

export const platformAlerts = {
  KVOperatorDown: {
    severity: "critical",
    signal: "availability",
    when: "the operator answers no scrape, or there is no target of it",
    summary: "The kv-responder operator is down",
    description: "The kv-responder operator has answered no scrape for 5 minutes. Caches go on, but no change of a KVResponder takes effect and nothing is repaired.",
    rules: one("5m", absent(equal(q.gauge("up"), 1))),
  },
  KVOperatorReconcileErrors: {
    severity: "warning",
    signal: "reconcile",
    keepFiringFor: "10m",
    when: "more than 10% of the reconciles of 15 minutes failed, and 3 or more did",
    summary: "Reconciles of KVResponders fail",
    description: "{{ $value | humanizePercentage }} of the reconciles of the last 15 minutes failed. Changes of the resources concerned are late or do not take effect.",
    rules: one("5m", share(sum(increase(q.counter("controller_runtime_reconcile_errors_total"), "15m"), here), sum(increase(q.counter("controller_runtime_reconcile_total"), "15m"), here), 0.1, 3)),
  },
  KVOperatorReconcileStuck: {
    severity: "warning",
    signal: "reconcile",
    when: "one reconcile has been running for more than 300 seconds; each is told to stop after 120",
    summary: "A reconcile of a KVResponder does not end",
    description: "A reconcile has been running for {{ $value | humanizeDuration }}, though it was told to stop after 2 minutes. Its KVResponder is not looked at until it ends.",
    rules: one("0s", above(max(q.gauge("workqueue_longest_running_processor_seconds"), here), 300)),
  },
  KVOperatorResourceNotReady: {
    severity: "warning",
    signal: "reconcile",
    keepFiringFor: "5m",
    when: "a KVResponder is not Ready, and not paused. One with no replicas is Ready",
    summary: "KVResponder {{ $labels.resource_namespace }}/{{ $labels.kvresponder }} is not Ready",
    description: "KVResponder {{ $labels.resource_namespace }}/{{ $labels.kvresponder }} has not been Ready for 15 minutes: pods are missing, or an object could not be written. Its conditions say why.",
    rules: one("15m", unlessOn(equal(max(q.gauge("kvoperator_resource_ready"), resource), 0), resource, max(q.gauge("kvoperator_resource_condition", { type: "Paused", status: "True" }), resource))),
  },
  KVOperatorRolloutsStopped: {
    severity: "warning",
    signal: "reconcile",
    when: `tenants wait for the pods of the operator's release, and as many rollouts as may run at once are stuck, or nobody's turn has come for ${standstill}`,
    summary: "An upgrade of the operator has stopped before it reached all tenants",
    description: "KVResponders whose new pods wait for their turn: {{ $value }}. It does not come, because rollouts before them do not end. Those that wait run on as they are.",
    rules: one("10m", andOn(above(max(rollouts("waiting"), here), 0), here, stopped)),
  },
  KVOperatorDriftLoop: {
    severity: "warning",
    signal: "reconcile",
    keepFiringFor: "15m",
    when: "objects of one kind were put right more than 5 times in an hour, and still are: once in 15 minutes at least",
    summary: "Something keeps changing what the operator owns: {{ $labels.kind }}",
    description: "Objects of the kind {{ $labels.kind }} were changed by somebody else and put right {{ $value | printf \"%.0f\" }} times in the last hour, and it goes on.",
    // who changes many at once, and once, is no loop
    rules: one("20m", andOn(above(sum(increase(q.counter("kvoperator_drift_corrected_total"), "1h"), byKind), 5), byKind, above(sum(increase(q.counter("kvoperator_drift_corrected_total"), "15m"), byKind), 0))),
  },
  KVOperatorWatchStale: {
    severity: "warning",
    signal: "watch",
    when: "the API server has not confirmed what the operator knows of a kind for more than 180 seconds, or the operator has never had a list of a kind that every cluster has",
    summary: "The operator does not see changes of the kind {{ $labels.kind }}",
    description: "What the operator knows of the kind {{ $labels.kind }} was confirmed by the API server {{ $value | humanizeDuration }} ago (0s: never). Changes of such objects are not seen.",
    rules: one(
      "5m",
      or(
        above(max(q.gauge("kvoperator_cache_staleness_seconds"), byKind), 180),
        equal(min(q.gauge("kvoperator_cache_synced", { kind: alwaysThere as [WatchedKind, ...WatchedKind[]] }), byKind), 0),
      ),
    ),
  },
  KVOperatorApiErrors: {
    severity: "warning",
    signal: "api",
    keepFiringFor: "10m",
    when: "more than 10% of the requests to the API server in 10 minutes got a 5xx or no answer, and 10 or more did",
    summary: "The API server fails the operator",
    description: "{{ $value | humanizePercentage }} of the operator's requests to the API server in the last 10 minutes got a 5xx or no answer.",
    rules: one("10m", share(sum(increase(q.counter("rest_client_requests_total", { code: ["5xx", "error"] }), "10m"), here), sum(increase(q.counter("rest_client_requests_total"), "10m"), here), 0.1, 10)),
  },
  KVOperatorMonitoringApiMissing: {
    severity: "info",
    signal: "api",
    when: "the cluster lacks a kind of the Prometheus Operator that tenants get objects of",
    summary: "Kinds of the API group {{ $labels.group }} are missing",
    description: "The cluster does not serve all kinds of {{ $labels.group }} that the operator makes for each tenant. Tenants go without the monitors, rules or routes of those kinds.",
    rules: one("15m", below(min(q.gauge("kvoperator_api_available", { group: "monitoring.coreos.com" }), ["namespace", "group"]), 1)),
  },
  KVOperatorTelemetryDropping: {
    severity: "info",
    signal: "telemetry",
    keepFiringFor: "15m",
    when: "log lines or spans of the operator are dropped, because their reader or the collector does not keep up",
    summary: "The operator loses log lines or spans",
    description: "The operator drops {{ $value | printf \"%.2g\" }} log lines and spans a second. What it does cannot be seen in full.",
    rules: one(
      "15m",
      above(plus(sum(rate(q.counter("kvoperator_logs_dropped_total"), "5m"), here), sum(rate(q.counter("kvoperator_spans_dropped_total", { reason: ["queue_full", "export_failed"] }), "5m"), here)), 0),
    ),
  },
  KVResponderFleetErrorBudgetBurn: {
    severity: "critical",
    signal: "errors",
    when: `failed operations of all tenants together spend the budget of ${fleetAvailability}% at a rate of more than ${speedIn("Fast")}, with more than ${leastRate} operation a second`,
    summary: "All tenants together spend their error budget fast",
    description: (window) =>
      `{{ $value | humanizePercentage }} of the operations of all tenants failed in the last ${window}; ${fleetAvailability}% are to succeed. What fails is most likely shared: nodes, the network, an upgrade.`,
    ofFleet: true,
    rules: fleetBurn,
  },
} as const satisfies Record<`KV${string}`, PlatformAlert>;

export type PlatformAlertName = keyof typeof platformAlerts;
export const platformAlertNames = Object.keys(platformAlerts) as readonly PlatformAlertName[];
