// The row that says whether the tenant gets what it was promised, and for how long it still will.
import { latencyBounds, type Objectives } from "#crds/objectives";
import { divide, max, quantile, rate, sum, type Duration } from "#telemetry/promql";
import { barGauge, stat, timeseries } from "../../grafana/charts.ts";
import { alertList } from "../../grafana/lists.ts";
import { query, traced, type DataLink, type Queries, type Row } from "../../grafana/panel.ts";
import type { Subject, SubjectSeries } from "../../subject.ts";
import { availability, budgetLeft, burn, hitRatio, speed, window, type Measure } from "../shares.ts";

/** The windows that burn-rate alerts look at. */
const windows: readonly [Duration, ...Duration[]] = ["5m", "30m", "1h", "2h", "6h", "1d", "3d"];

const quiet = "no traffic";

/** 0.1 of 99.9. */
const rest = (percent: number): number => Number((100 - percent).toPrecision(6));
/** 0.999 of 99.9, without what floating point makes of it. */
const ratio = (percent: number): number => Number((percent / 100).toPrecision(12));

const burnByWindow = (title: string, what: string, measure: Measure) =>
  barGauge({
    title,
    description: `How many times faster than allowed ${what}, by how far one looks back. 1 spends the budget of 30 days in 30 days; 14.4 over an hour, or 6 over six hours, is what pages somebody.`,
    unit: "none",
    instant: true,
    min: 0,
    noValue: quiet,
    thresholds: [{ color: "green" }, { color: "orange", from: 1 }, { color: "red", from: 6 }],
    queries: windows.map((w) => query(burn(measure, w), w)) as unknown as Queries,
  });

export const serviceLevelRow = (q: SubjectSeries, subject: Subject, objectives: Objectives, month: DataLink): Row => {
  const [available, fast] = [availability(q, objectives), speed(q, objectives)];
  const { threshold, percent } = objectives.latency;
  const buckets = () => sum(rate(q.buckets("kv_operation_duration_seconds"), window), ["le"]);
  const left = { unit: "percentunit", instant: true, noValue: quiet, thresholds: [{ color: "red" }, { color: "orange", from: 0 }, { color: "green", from: 0.25 }], links: [month] } as const;
  return {
    title: "Service level",
    panels: [
      stat({
        title: "Pods up",
        description: "Pods that answered the last scrape.",
        unit: "none",
        thresholds: [{ color: "red" }, { color: "green", from: 1 }],
        queries: [query(sum(q.gauge("up"), []), "pods")],
      }),
      stat({
        title: "Error budget left",
        description: `Of the operations that may fail (${rest(objectives.availability)}%), the part that is left, over the visible time as far as this Prometheus keeps it. Below 0: more failed than may. The link shows 30 days.`,
        ...left,
        queries: [query(budgetLeft(available, "$__range"), "left")],
      }),
      stat({
        title: "Latency budget left",
        description: `Of the operations that may take longer than ${threshold} (${rest(percent)}%), the part that is left, over the visible time as far as this Prometheus keeps it. The link shows 30 days.`,
        ...left,
        queries: [query(budgetLeft(fast, "$__range"), "left")],
      }),
      stat({
        title: "Operations",
        description: "Cache operations per second, over HTTP and the Redis protocol, one for each key.",
        unit: "ops",
        queries: [query(sum(rate(q.counter("kv_operations_total"), window), []), "operations")],
      }),
      stat({
        title: "Hit ratio",
        description: "Share of lookups that found an entry.",
        unit: "percentunit",
        noValue: quiet,
        thresholds: [{ color: "orange" }, { color: "green", from: 0.5 }],
        queries: [query(hitRatio(q, window), "hits")],
      }),
      stat({
        title: "Memory used",
        description: "Share of spec.cache.maxMemory in use by the fullest pod. At 100% entries are evicted, which is normal for a cache.",
        unit: "percentunit",
        queries: [query(max(divide(sum(q.gauge("kv_memory_used_bytes"), ["pod"]), sum(q.gauge("kv_memory_limit_bytes"), ["pod"])), []), "used")],
      }),
      burnByWindow("Error budget burn", "operations fail", available),
      burnByWindow("Latency budget burn", `operations take longer than ${threshold}`, fast),
      timeseries({
        title: "Latency of operations",
        description: `What half, 95 and 99 of 100 operations took at most, over both protocols, with the traces that Prometheus keeps as points. The line is the objective's ${threshold}.`,
        unit: "s",
        limits: [{ color: "green" }, { color: "red", from: latencyBounds[threshold] }],
        queries: [traced(quantile(0.5, buckets()), "p50"), traced(quantile(0.95, buckets()), "p95"), traced(quantile(0.99, buckets()), "p99")],
      }),
      timeseries({
        title: "Availability",
        description: `Share of operations that did not fail by the cache's fault. The line is the objective, ${objectives.availability}%: below it the budget goes faster than it may.`,
        unit: "percentunit",
        width: 12,
        min: undefined,
        max: 1,
        limits: [{ color: "red" }, { color: "green", from: ratio(objectives.availability) }],
        queries: [query(available.good(window), "available")],
      }),
      timeseries({
        title: "Fast operations",
        description: `Share of operations that took no longer than ${threshold}. The line is the objective, ${percent}%.`,
        unit: "percentunit",
        width: 12,
        min: undefined,
        max: 1,
        limits: [{ color: "red" }, { color: "green", from: ratio(percent) }],
        queries: [query(fast.good(window), `within ${threshold}`)],
      }),
      alertList({
        title: "Alerts of this instance",
        description: "What Prometheus' rules say of it now: pending and firing. Empty is good. Each has a link to its runbook.",
        labels: `{namespace="${subject.namespace}", tenant="${subject.tenant}", kvresponder="${subject.name}"}`,
      }),
    ],
  };
};
