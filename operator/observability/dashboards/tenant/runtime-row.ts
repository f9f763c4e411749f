// The rows about the processes: what they use, and what telling about it costs.
import { changes, max, rate, sum, times } from "#telemetry/promql";
import { timeseries } from "../../grafana/charts.ts";
import { table } from "../../grafana/lists.ts";
import { query, type Row } from "../../grafana/panel.ts";
import type { SubjectSeries } from "../../subject.ts";
import { window } from "../shares.ts";

export const runtimeRow = (q: SubjectSeries): Row => ({
  title: "Runtime",
  panels: [
    timeseries({
      title: "CPU",
      description: "Cores in use by pod. A responder has one thread for requests: near 1 it is at its end.",
      unit: "none",
      queries: [query(sum(rate(q.counter("process_cpu_seconds_total"), window), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Resident memory",
      description: "Memory of the process as the kernel counts it, by pod. The entries are in it.",
      unit: "bytes",
      queries: [query(sum(q.gauge("process_resident_memory_bytes"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Heap",
      description: "JavaScript heap in use, by pod. Entries are not in it, so it stays small.",
      unit: "bytes",
      queries: [query(sum(q.gauge("nodejs_heap_size_used_bytes"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Event loop delay p99",
      description: "How long requests waited for the process itself, by pod. Above 100 ms the pod is overloaded.",
      unit: "s",
      queries: [query(max(q.gauge("nodejs_eventloop_lag_p99_seconds"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Garbage collection",
      description: "Share of the time that the pods stood still to collect garbage, by kind. A few percent of minor is normal.",
      unit: "percentunit",
      stacked: true,
      queries: [query(sum(rate(q.total("nodejs_gc_duration_seconds"), window), ["kind"]), "{{kind}}")],
    }),
    timeseries({
      title: "Restarts",
      description: "Restarts of containers in the last hour, by pod. Each one emptied that pod's cache.",
      unit: "none",
      queries: [query(max(changes(q.gauge("process_start_time_seconds"), "1h"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Open file descriptors",
      description: "By pod; a connection is one. A line that only rises is a leak.",
      unit: "short",
      width: 12,
      queries: [query(sum(q.gauge("process_open_fds"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Draining",
      description: "1 from the signal to stop until the end of a pod: a rollout, or a node that is emptied.",
      unit: "none",
      width: 12,
      queries: [query(max(q.gauge("kv_drain_in_progress"), ["pod"]), "{{pod}}")],
    }),
  ],
});

export const telemetryRow = (q: SubjectSeries): Row => ({
  title: "Cost of telemetry",
  collapsed: true,
  panels: [
    timeseries({
      title: "Time spent on telemetry",
      description: "Share of a core that the pods spend on their metrics, logs and traces. More than a few percent: sample less in spec.logging.requests or spec.tracing.",
      unit: "percentunit",
      width: 6,
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_telemetry_seconds_total"), window), ["signal"]), "{{signal}}")],
    }),
    timeseries({
      title: "Dropped",
      description: "Lines of log and spans per second that reached nobody: their reader or collector does not keep up. Requests never wait for them.",
      unit: "ops",
      width: 6,
      queries: [query(sum(rate(q.counter("kv_logs_dropped_total"), window), []), "log lines"), query(sum(rate(q.counter("kv_spans_dropped_total"), window), ["reason"]), "spans {{reason}}")],
    }),
    timeseries({
      title: "Samples of a scrape",
      description: "By pod, as far as they are kept. At spec.monitoring.serviceMonitor.sampleLimit Prometheus refuses the scrape as a whole.",
      unit: "short",
      width: 6,
      queries: [query(max(q.gauge("scrape_samples_post_metric_relabeling"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Duration of a scrape",
      description: "As Prometheus sees it, by pod. Near scrapeTimeout the pod is overloaded, or far away.",
      unit: "s",
      width: 6,
      queries: [query(max(q.gauge("scrape_duration_seconds"), ["pod"]), "{{pod}}")],
    }),
  ],
});

export const aboutRow = (q: SubjectSeries): Row => ({
  title: "About the pods",
  collapsed: true,
  panels: [
    table({
      title: "Versions",
      description: "What runs in each pod. Two versions at once: a rollout is under way, or stands still.",
      width: 12,
      labels: { pod: "Pod", version: "Version", node: "Node.js" },
      columns: [{ name: "always 1", unit: "none", expr: max(q.gauge("kv_build_info"), ["pod", "version", "node"]) }],
      without: ["always 1"],
    }),
    table({
      title: "Pods",
      description: "Each pod as of its last scrape.",
      width: 12,
      labels: { pod: "Pod" },
      columns: [
        { name: "Up", unit: "none", expr: max(q.gauge("up"), ["pod"]), thresholds: [{ color: "red" }, { color: "green", from: 1 }] },
        { name: "Started", unit: "dateTimeAsIso", expr: max(times(q.gauge("process_start_time_seconds"), 1000), ["pod"]) },
        { name: "Entries", unit: "short", expr: max(q.gauge("kv_entries"), ["pod"]) },
        { name: "Memory", unit: "bytes", expr: max(q.gauge("kv_memory_used_bytes"), ["pod"]) },
        { name: "Peers", unit: "none", expr: max(q.gauge("kv_peers_connected"), ["pod"]) },
      ],
    }),
  ],
});
