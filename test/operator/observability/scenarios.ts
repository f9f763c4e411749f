// A fault for each alert, as the pods of one instance would tell of it, and the minute at which the alert must fire. Faults begin after an hour of health.
import type { AlertName } from "#crds/alerts";
import type { AlertInput } from "../../../operator/observability/alerts/alert.ts";
import { reckon } from "./burn-model.ts";
import { series, type Series } from "./promtool.ts";

export const onset = 60;
const after = 240;

/** Minutes before a fault and from then on. */
export interface Span {
  readonly before: number;
  readonly after: number;
}

type Labels = Readonly<Record<string, string>>;
const of = (i: AlertInput, metric: string, values: string, labels: Labels = {}, pod = 0): Series =>
  series(metric, { namespace: i.namespace, tenant: i.tenant, kvresponder: i.name, pod: `${i.name}-${pod}`, ...labels }, values);

/** A gauge that is `before` for an hour and then `then`. */
const turns = (before: number, then: number): string => `${before}x${onset} ${then}x${after}`;
/** It has counted before: from 0 a rate is extrapolated less. */
const counted = 1_000_000;
/** A counter that grows by so much a minute, from `onset` on by another amount. Its first growth at the new pace is seen a minute after the onset. */
const paces = (before: number, then: number, span: Span = { before: onset, after }): string => `${counted}+${before}x${span.before} ${counted + before * span.before + then}+${then}x${span.after}`;
const always = (value: number): string => `${value}x${onset + after}`;

export const ups = (i: AlertInput, ...pods: string[]): Series[] => pods.map((values, pod) => of(i, "up", values, {}, pod));

/** Operations a minute: hits, and failed ones from the onset on. */
export const traffic = (i: AlertInput, perMinute: number, failedThen = 0, span?: Span): Series[] => [
  of(i, "kv_operations_total", paces(perMinute, perMinute - failedThen, span), { operation: "get", result: "hit" }),
  of(i, "kv_operations_total", paces(0, failedThen, span), { operation: "get", result: "error" }),
];

/** Lookups a minute: hits, and misses from then on. */
export const lookupsThatMiss = (i: AlertInput, perMinute: number, missedThen: number, span: Span): Series[] => [
  of(i, "kv_operations_total", paces(perMinute, perMinute - missedThen, span), { operation: "get", result: "hit" }),
  of(i, "kv_operations_total", paces(0, missedThen, span), { operation: "get", result: "miss" }),
];

/** Timed operations a minute of which so many take longer than 10 ms from the onset on. */
const timed = (i: AlertInput, perMinute: number, slowThen: number): Series[] => [
  of(i, "kv_operation_duration_seconds_count", paces(perMinute, perMinute), { operation: "get" }),
  of(i, "kv_operation_duration_seconds_bucket", paces(perMinute, perMinute - slowThen), { operation: "get", le: "0.01" }),
];

export const healthy = (i: AlertInput): Series[] => [...ups(i, always(1), always(1), always(1)), ...traffic(i, 600), ...timed(i, 600, 0)];
const allUp = (i: AlertInput): Series[] => ups(i, always(1), always(1), always(1));

/** All of what a histogram observed fell into the bucket with this bound. */
const histogram = (i: AlertInput, metric: string, bounds: readonly string[], fallsInto: string): Series[] => {
  let reached = false;
  return bounds.map((le) => {
    reached ||= le === fallsInto;
    return of(i, `${metric}_bucket`, reached ? paces(0, 60) : always(0), { le });
  });
};

export interface Scenario {
  /** Series of the faulty instance. */
  readonly fault: (i: AlertInput) => Series[];
  /** The same, but just within the default threshold; absent where nothing lies between fault and health. */
  readonly mild?: (i: AlertInput) => Series[];
  /** The first minute at which the alert fires; a minute before it must not. */
  readonly from: number;
  /** `$value` in the description. */
  readonly value: string;
  /** The same at another minute, where it changes. */
  readonly valueAt?: (minute: number) => string;
  /** The long window, where the alert has several. */
  readonly window?: string;
  /** With which a mild fault fires, and the fault's own value there. */
  readonly lower?: { readonly threshold: number; readonly from: number; readonly value: string };
  /** With which even the fault is silent. */
  readonly higher?: number;
  /** What else is rightly said of it. */
  readonly also?: readonly AlertName[];
  readonly input?: Partial<AlertInput>;
}

const connections = (share: number) => (i: AlertInput) => [...healthy(i), of(i, "kv_connections", turns(10, 10_000 * share), { protocol: "resp" })];

const hour = 60;
/** Of the shortest windows of each speed. */
const fast = { long: hour, short: 5, for: 2 };
const slow = { long: 24 * hour, short: 2 * hour, for: hour };

/** `share` fails from the onset on, of ten operations a second. */
const burning = (kind: "errors" | "latency", share: number, budget: number, factor: number, burn: typeof fast, window: string): Scenario => {
  const faulty = (part: number) => (i: AlertInput) => (kind === "errors" ? [...allUp(i), ...traffic(i, 600, 600 * part)] : [...allUp(i), ...traffic(i, 600), ...timed(i, 600, 600 * part)]);
  const { from, valueAt } = reckon((minute) => (minute > onset ? share : 0), { ...burn, bound: factor * budget }, onset + after);
  // the whole budget, and no more
  return { fault: faulty(share), mild: faulty(budget * 0.9), from, value: valueAt(from), valueAt, window };
};

const burnScenarios = {
  KVResponderErrorBudgetBurnFast: burning("errors", 0.2, 0.001, 14.4, fast, "1h"),
  KVResponderErrorBudgetBurnSlow: burning("errors", 0.005, 0.001, 3, slow, "1d"),
  KVResponderLatencyBudgetBurnFast: burning("latency", 0.8, 0.01, 14.4, fast, "1h"),
  KVResponderLatencyBudgetBurnSlow: burning("latency", 0.05, 0.01, 3, slow, "1d"),
} as const;

/** Without the one that compares with the day before, and so needs two. */
export const scenarios: Readonly<Record<Exclude<AlertName, "KVResponderHitRatioDrop">, Scenario>> = {
  KVResponderDown: {
    fault: (i) => ups(i, turns(1, 0), turns(1, 0), turns(1, 0)),
    mild: (i) => ups(i, always(1), turns(1, 0), turns(1, 0)),
    // the first scrape that fails is that of the minute after the onset
    from: onset + 1 + 5,
    value: "",
  },
  KVResponderReplicasUnavailable: { fault: (i) => ups(i, always(1), always(1), turns(1, 0)), from: onset + 1 + 15, value: "2" },
  KVResponderRestarting: {
    fault: (i) => [...healthy(i), of(i, "process_start_time_seconds", `100x${onset} 3700x5 4100x${after}`)],
    mild: (i) => [...healthy(i), of(i, "process_start_time_seconds", turns(100, 3700))],
    from: onset + 7,
    value: "2",
    lower: { threshold: 1, from: onset + 1, value: "1" },
    higher: 3,
  },
  ...burnScenarios,
  KVResponderErrors: {
    fault: (i) => [...allUp(i), ...traffic(i, 1, 1)],
    mild: (i) => [...allUp(i), of(i, "kv_operations_total", `0x${onset} 4x${after}`, { operation: "get", result: "error" })],
    from: onset + 5,
    value: "5",
    lower: { threshold: 4, from: onset + 1, value: "4" },
    higher: 100,
  },
  KVResponderPeerIsolated: {
    fault: (i) => [...healthy(i), of(i, "kv_peers_expected", always(2)), of(i, "kv_peers_connected", turns(2, 0))],
    mild: (i) => [...ups(i, always(1), turns(1, 0), turns(1, 0)), ...traffic(i, 600), of(i, "kv_peers_expected", always(2)), of(i, "kv_peers_connected", turns(2, 0))],
    from: onset + 1 + 5,
    value: "1",
    also: ["KVResponderPeersMissing", "KVResponderReplicasUnavailable"],
  },
  KVResponderPeersMissing: { fault: (i) => [...healthy(i), of(i, "kv_peers_expected", always(2)), of(i, "kv_peers_connected", turns(2, 1))], from: onset + 1 + 10, value: "1" },
  KVResponderReplicationLagHigh: {
    fault: (i) => [...healthy(i), ...histogram(i, "kv_replication_lag_seconds", ["1", "5", "30", "+Inf"], "30")],
    mild: (i) => [...healthy(i), ...histogram(i, "kv_replication_lag_seconds", ["1", "5", "30", "+Inf"], "5")],
    from: onset + 1 + 10,
    value: "29.75s",
    lower: { threshold: 1, from: onset + 1 + 10, value: "4.96s" },
    higher: 30,
  },
  KVResponderReplicationRefused: {
    fault: (i) => [...healthy(i), of(i, "kv_replication_refusals_total", paces(0, 60), { reason: "proof" })],
    // a second connection of the same pair is turned away as a matter of course
    mild: (i) => [...healthy(i), of(i, "kv_replication_refusals_total", paces(0, 60), { reason: "node" })],
    from: onset + 1 + 10,
    value: "1",
  },
  KVResponderReplicationDropping: {
    fault: (i) => [...healthy(i), of(i, "kv_replication_operations_total", paces(0, 60), { direction: "in", result: "no_memory" })],
    mild: (i) => [...healthy(i), of(i, "kv_replication_operations_total", paces(0, 60), { direction: "in", result: "stale" })],
    from: onset + 1 + 10,
    value: "1",
  },
  KVResponderClockAhead: { fault: (i) => [...healthy(i), of(i, "kv_clock_ahead", turns(0, 1))], from: onset + 1 + 5, value: "1" },
  KVResponderDivergence: {
    fault: (i) => [...healthy(i), of(i, "kv_evictions_total", always(0), { reason: "memory" }), of(i, "kv_replication_divergence_items", turns(0, 7))],
    mild: (i) => [...healthy(i), of(i, "kv_evictions_total", paces(60, 60), { reason: "memory" }), of(i, "kv_replication_divergence_items", turns(0, 7))],
    from: onset + 1 + 30,
    value: "7",
    higher: 7,
  },
  KVResponderMemoryHigh: {
    fault: (i) => [...healthy(i), of(i, "kv_memory_limit_bytes", always(1_000)), of(i, "kv_memory_used_bytes", turns(100, 950))],
    mild: (i) => [...healthy(i), of(i, "kv_memory_limit_bytes", always(1_000)), of(i, "kv_memory_used_bytes", turns(100, 800))],
    from: onset + 1 + 10,
    value: "95%",
    lower: { threshold: 0.7, from: onset + 1 + 10, value: "80%" },
    higher: 0.99,
    input: { evictionPolicy: "NoEviction" },
  },
  KVResponderMemoryFull: {
    fault: (i) => [...healthy(i), of(i, "kv_rejected_writes_total", paces(0, 60), { reason: "no_memory" })],
    mild: (i) => [...healthy(i), of(i, "kv_rejected_writes_total", paces(0, 60), { reason: "too_large" })],
    from: onset + 1 + 5,
    value: "1",
  },
  KVResponderEvictionsYoung: {
    fault: (i) => [...healthy(i), of(i, "kv_evictions_total", paces(0, 60), { reason: "memory" }), ...histogram(i, "kv_evicted_age_seconds", ["1", "10", "60", "600", "+Inf"], "10")],
    mild: (i) => [...healthy(i), of(i, "kv_evictions_total", paces(0, 60), { reason: "memory" }), ...histogram(i, "kv_evicted_age_seconds", ["1", "10", "60", "600", "+Inf"], "600")],
    from: onset + 3 + 30,
    value: "5.5s",
    lower: { threshold: 600, from: onset + 3 + 30, value: "5m 30s" },
    higher: 1,
  },
  KVResponderConnectionsHigh: { fault: connections(0.85), mild: connections(0.5), from: onset + 1 + 15, value: "85%", lower: { threshold: 0.4, from: onset + 1 + 15, value: "50%" }, higher: 0.9 },
  KVResponderConnectionsFull: { fault: connections(0.97), mild: connections(0.7), from: onset + 1 + 15, value: "97%", lower: { threshold: 0.6, from: onset + 1 + 15, value: "70%" }, higher: 0.98, also: ["KVResponderConnectionsHigh"] },
  KVResponderEventLoopSaturated: {
    fault: (i) => [...healthy(i), of(i, "nodejs_eventloop_lag_p99_seconds", turns(0.01, 0.25))],
    mild: (i) => [...healthy(i), of(i, "nodejs_eventloop_lag_p99_seconds", turns(0.01, 0.05))],
    from: onset + 1 + 10,
    value: "250ms",
    lower: { threshold: 0.04, from: onset + 1 + 10, value: "50ms" },
    higher: 1,
  },
  KVResponderTelemetryDropping: {
    fault: (i) => [...healthy(i), of(i, "kv_logs_dropped_total", paces(0, 60)), of(i, "kv_spans_dropped_total", always(0), { reason: "queue_full" })],
    mild: (i) => [...healthy(i), of(i, "kv_logs_dropped_total", always(0)), of(i, "kv_spans_dropped_total", paces(0, 60), { reason: "throttled" })],
    from: onset + 1 + 15,
    value: "1",
  },
  KVResponderScrapeTruncated: {
    fault: (i) => [...healthy(i), of(i, "scrape_samples_post_metric_relabeling", turns(400, 1_900))],
    mild: (i) => [...healthy(i), of(i, "scrape_samples_post_metric_relabeling", turns(400, 1_200))],
    from: onset + 1 + 15,
    value: "95%",
    lower: { threshold: 0.5, from: onset + 1 + 15, value: "60%" },
    higher: 0.98,
  },
};
