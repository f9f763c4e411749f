// The rows about the operator's work: reconciles, the queue before them, and the API server behind them.
import { max, quantile, rate, sum } from "#telemetry/promql";
import { heatmap, stat, timeseries } from "../../grafana/charts.ts";
import { query, type Row } from "../../grafana/panel.ts";
import type { OperatorSeries } from "../../operator-series.ts";
import { window } from "../shares.ts";

export const overviewRow = (q: OperatorSeries): Row => ({
  title: "Overview",
  panels: [
    stat({ title: "Operators up", description: "Pods of the operator that answered the last scrape.", unit: "none", thresholds: [{ color: "red" }, { color: "green", from: 1 }], queries: [query(sum(q.gauge("up"), []), "up")] }),
    stat({ title: "Resources", description: "KVResponders that the operator knows.", unit: "none", queries: [query(sum(q.gauge("kvoperator_resources"), []), "resources")] }),
    stat({ title: "Ready", description: "KVResponders whose condition Ready is True.", unit: "none", queries: [query(sum(q.gauge("kvoperator_resources", { phase: "ready" }), []), "ready")] }),
    stat({
      title: "Stalled",
      description: "KVResponders that cannot go on before somebody changes something; the table of conditions says what. 0 is good.",
      unit: "none",
      thresholds: [{ color: "green" }, { color: "red", from: 1 }],
      queries: [query(sum(q.gauge("kvoperator_resources", { phase: "stalled" }), []), "stalled")],
    }),
    stat({
      title: "Failed reconciles",
      description: "Per second. A few after an outage of the API server are normal; a constant number is not.",
      unit: "ops",
      thresholds: [{ color: "green" }, { color: "orange", from: 0.01 }],
      queries: [query(sum(rate(q.counter("controller_runtime_reconcile_errors_total"), window), []), "failed")],
    }),
    stat({
      title: "Oldest knowledge",
      description: "Time since the API server last confirmed what the operator knows of a kind, of the kind where it is longest. Above three minutes changes are not seen.",
      unit: "s",
      thresholds: [{ color: "green" }, { color: "red", from: 180 }],
      queries: [query(max(q.gauge("kvoperator_cache_staleness_seconds"), []), "oldest")],
    }),
  ],
});

export const reconcileRow = (q: OperatorSeries): Row => {
  const time = () => sum(rate(q.buckets("controller_runtime_reconcile_time_seconds"), window), ["le"]);
  const lag = () => sum(rate(q.buckets("kvoperator_generation_lag_seconds"), window), ["le"]);
  return {
    title: "Reconciles",
    panels: [
      timeseries({ title: "Reconciles", description: "Per second, by result. requeue_after: it waits for something, and looks again.", unit: "ops", stacked: true, queries: [query(sum(rate(q.counter("controller_runtime_reconcile_total"), window), ["result"]), "{{result}}")] }),
      timeseries({
        title: "Failures",
        description: "Per second. terminal: not tried again until something changes. timeouts: took longer than they may. panics: a fault of the operator; its log has the stack.",
        unit: "ops",
        queries: [
          query(sum(rate(q.counter("controller_runtime_reconcile_errors_total"), window), []), "all"),
          query(sum(rate(q.counter("controller_runtime_terminal_reconcile_errors_total"), window), []), "terminal"),
          query(sum(rate(q.counter("controller_runtime_reconcile_timeouts_total"), window), []), "timeouts"),
          query(sum(rate(q.counter("controller_runtime_reconcile_panics_total"), window), []), "panics"),
        ],
      }),
      timeseries({ title: "Duration", description: "Of one reconcile: half, 95 and 99 of 100 took at most this long. Most of it is the API server.", unit: "s", queries: [query(quantile(0.5, time()), "p50"), query(quantile(0.95, time()), "p95"), query(quantile(0.99, time()), "p99")] }),
      heatmap({ title: "Reconciles by duration", description: "How many reconciles took how long.", unit: "s", queries: [query(time(), "{{le}}")] }),
      timeseries({
        title: "Workers",
        description: "Reconciles under way, and how many may be. Always at the bound: the queue grows, raise --workers.",
        unit: "none",
        queries: [query(sum(q.gauge("controller_runtime_active_workers"), ["pod"]), "{{pod}} active"), query(sum(q.gauge("controller_runtime_max_concurrent_reconciles"), ["pod"]), "{{pod}} at most")],
      }),
      timeseries({ title: "Generation lag", description: "From seeing a change of a spec until the status that answers it was written. Nothing while no spec changes.", unit: "s", queries: [query(quantile(0.5, lag()), "p50"), query(quantile(0.99, lag()), "p99")] }),
    ],
  };
};

export const queueRow = (q: OperatorSeries): Row => {
  const waited = () => sum(rate(q.buckets("workqueue_queue_duration_seconds"), window), ["le"]);
  const worked = () => sum(rate(q.buckets("workqueue_work_duration_seconds"), window), ["le"]);
  return {
    title: "Queue",
    panels: [
      timeseries({ title: "Depth", description: "Keys that wait. It rises at a start and falls within seconds; a line that stays up: reconciles are too slow.", unit: "none", queries: [query(sum(q.gauge("workqueue_depth"), ["pod"]), "{{pod}}")] }),
      timeseries({ title: "Added and retried", description: "Keys per second that were added, and those of them that came again after a failure.", unit: "ops", queries: [query(sum(rate(q.counter("workqueue_adds_total"), window), []), "added"), query(sum(rate(q.counter("workqueue_retries_total"), window), []), "retried")] }),
      timeseries({
        title: "Waiting and working",
        description: "How long a key waited and was worked on: 99 of 100 at most this long.",
        unit: "s",
        queries: [query(quantile(0.99, waited()), "waiting"), query(quantile(0.99, worked()), "working")],
      }),
      timeseries({
        title: "Unfinished work",
        description: "Seconds spent so far on keys that are being worked on: all together, and the longest. A line that only rises is a reconcile that hangs.",
        unit: "s",
        width: 12,
        queries: [query(max(q.gauge("workqueue_unfinished_work_seconds"), []), "all"), query(max(q.gauge("workqueue_longest_running_processor_seconds"), []), "longest")],
      }),
      timeseries({
        title: "Questions to pods",
        description: "What pods answered per second when they were asked how they see their peers. unreachable: a network policy, or a pod that hangs.",
        unit: "ops",
        width: 12,
        queries: [query(sum(rate(q.counter("kvoperator_pod_reports_total"), window), ["result"]), "{{result}}")],
      }),
    ],
  };
};

export const apiRow = (q: OperatorSeries): Row => ({
  title: "API server",
  panels: [
    timeseries({ title: "Requests by answer", description: "Per second. 4xx are conflicts and missing rights; 5xx and error are the API server or the way to it.", unit: "reqps", stacked: true, queries: [query(sum(rate(q.counter("rest_client_requests_total"), window), ["code"]), "{{code}}")] }),
    timeseries({ title: "Requests by method", description: "Per second. PATCH without changes of resources: something fights with the operator, see drift.", unit: "reqps", stacked: true, queries: [query(sum(rate(q.counter("rest_client_requests_total"), window), ["method"]), "{{method}}")] }),
    timeseries({ title: "Duration p99", description: "Until the whole answer was read, by verb; watches are left out.", unit: "s", queries: [query(quantile(0.99, sum(rate(q.buckets("rest_client_request_duration_seconds"), window), ["le", "verb"])), "{{verb}}")] }),
  ],
});
