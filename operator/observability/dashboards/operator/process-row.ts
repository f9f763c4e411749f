// The rows about the operator as a process, and what its telemetry costs.
import { changes, max, rate, sum } from "#telemetry/promql";
import { timeseries } from "../../grafana/charts.ts";
import { table } from "../../grafana/lists.ts";
import { query, type Row } from "../../grafana/panel.ts";
import type { OperatorSeries } from "../../operator-series.ts";
import { window } from "../shares.ts";

export const processRow = (q: OperatorSeries): Row => ({
  title: "Process",
  panels: [
    timeseries({ title: "CPU", description: "Cores in use by pod. It has one thread: near 1 it is at its end.", unit: "none", queries: [query(sum(rate(q.counter("process_cpu_seconds_total"), window), ["pod"]), "{{pod}}")] }),
    timeseries({
      title: "Memory",
      description: "Of the process as the kernel counts it, and JavaScript heap in use and taken. It grows with the number of resources, not with time.",
      unit: "bytes",
      queries: [
        query(sum(q.gauge("process_resident_memory_bytes"), ["pod"]), "{{pod}} resident"),
        query(sum(q.gauge("nodejs_heap_size_used_bytes"), ["pod"]), "{{pod}} heap in use"),
        query(sum(q.gauge("nodejs_heap_size_total_bytes"), ["pod"]), "{{pod}} heap"),
      ],
    }),
    timeseries({ title: "Event loop delay p99", description: "How long everything waited for the process itself. Above 100 ms it is overloaded.", unit: "s", queries: [query(max(q.gauge("nodejs_eventloop_lag_p99_seconds"), ["pod"]), "{{pod}}")] }),
    timeseries({ title: "Restarts", description: "Restarts of the container in the last hour, by pod. The log of the one before says why: kubectl logs --previous.", unit: "none", width: 12, queries: [query(max(changes(q.gauge("process_start_time_seconds"), "1h"), ["pod"]), "{{pod}}")] }),
    table({
      title: "Versions",
      description: "What runs in each pod of the operator.",
      width: 12,
      height: 8,
      labels: { pod: "Pod", version: "Version", node: "Node.js" },
      columns: [{ name: "always 1", unit: "none", expr: max(q.gauge("kvoperator_build_info"), ["pod", "version", "node"]) }],
      without: ["always 1"],
    }),
  ],
});

export const costRow = (q: OperatorSeries): Row => ({
  title: "Cost of telemetry",
  collapsed: true,
  panels: [
    timeseries({ title: "Time spent on telemetry", description: "Share of a core that rendering metrics and encoding spans take.", unit: "percentunit", width: 6, stacked: true, queries: [query(sum(rate(q.counter("kvoperator_telemetry_seconds_total"), window), ["signal"]), "{{signal}}")] }),
    timeseries({
      title: "Dropped",
      description: "Lines of log and spans per second that reached nobody, because their reader or collector does not keep up.",
      unit: "ops",
      width: 6,
      queries: [query(sum(rate(q.counter("kvoperator_logs_dropped_total"), window), []), "log lines"), query(sum(rate(q.counter("kvoperator_spans_dropped_total"), window), ["reason"]), "spans {{reason}}")],
    }),
    timeseries({ title: "Samples of a scrape", description: "They grow with the number of resources, up to --resource-series.", unit: "short", width: 6, queries: [query(max(q.gauge("scrape_samples_post_metric_relabeling"), ["pod"]), "{{pod}}")] }),
    timeseries({ title: "Duration of a scrape", description: "As Prometheus sees it, by pod.", unit: "s", width: 6, queries: [query(max(q.gauge("scrape_duration_seconds"), ["pod"]), "{{pod}}")] }),
  ],
});
