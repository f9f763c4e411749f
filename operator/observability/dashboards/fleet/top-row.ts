// The rows of the largest: who takes most of what all share, now and over time.
import { max, rate, sum, topk, type Vector } from "#telemetry/promql";
import { barGauge, timeseries } from "../../grafana/charts.ts";
import { query, type Panel, type Row, type Unit } from "../../grafana/panel.ts";
import { subjectLabels, type SubjectSeries } from "../../subject.ts";
import { failedShare, hitRatio, window } from "../shares.ts";

const legend = "{{namespace}}/{{kvresponder}}";

const largest = (title: string, description: string, unit: Unit, expr: Vector<(typeof subjectLabels)[number]>): Panel =>
  barGauge({ title, description, unit, instant: true, min: 0, thresholds: [{ color: "blue" }], queries: [query(topk("$limit", expr), legend)] });

export const topRow = (q: SubjectSeries): Row => ({
  title: "The largest",
  panels: [
    largest("By operations", "Who is asked most, in operations per second.", "ops", sum(rate(q.counter("kv_operations_total"), window), subjectLabels)),
    largest("By memory", "Who holds most, in bytes of entries, all pods together.", "bytes", sum(q.gauge("kv_memory_used_bytes"), subjectLabels)),
    largest("By evictions", "Whose entries make room most often, per second. With a low hit ratio: maxMemory is too small.", "ops", sum(rate(q.counter("kv_evictions_total"), window), subjectLabels)),
    largest("By failed operations", "Whose operations fail most, per second, by the cache's fault.", "ops", sum(rate(q.counter("kv_operations_total", { result: "error" }), window), subjectLabels)),
    largest("By samples", "Whose scrapes bring most samples, all pods together: what each costs Prometheus.", "short", sum(q.gauge("scrape_samples_post_metric_relabeling"), subjectLabels)),
    largest("By processor time", "Who uses most cores, all pods together.", "none", sum(rate(q.counter("process_cpu_seconds_total"), window), subjectLabels)),
  ],
});

export const trendRow = (q: SubjectSeries): Row => ({
  title: "Over time, by tenant",
  collapsed: true,
  panels: [
    timeseries({ title: "Operations", description: "Cache operations per second by tenant.", unit: "ops", stacked: true, queries: [query(sum(rate(q.counter("kv_operations_total"), window), ["tenant"]), "{{tenant}}")] }),
    timeseries({ title: "Failed operations", description: "Share of operations that failed by the cache's fault, by tenant.", unit: "percentunit", queries: [query(failedShare(q, window, ["tenant"]), "{{tenant}}")] }),
    timeseries({ title: "Hit ratio", description: "Share of lookups that found an entry, by tenant.", unit: "percentunit", max: 1, queries: [query(hitRatio(q, window, ["tenant"]), "{{tenant}}")] }),
    timeseries({ title: "Memory", description: "Bytes accounted to entries by tenant.", unit: "bytes", stacked: true, queries: [query(sum(q.gauge("kv_memory_used_bytes"), ["tenant"]), "{{tenant}}")] }),
    timeseries({ title: "Samples", description: "Samples of the last scrapes by tenant: what each costs Prometheus.", unit: "short", stacked: true, queries: [query(sum(q.gauge("scrape_samples_post_metric_relabeling"), ["tenant"]), "{{tenant}}")] }),
    timeseries({ title: "Event loop delay p99", description: "Of the slowest pod of each tenant. Above 100 ms it is overloaded.", unit: "s", queries: [query(max(q.gauge("nodejs_eventloop_lag_p99_seconds"), ["tenant"]), "{{tenant}}")] }),
  ],
});
