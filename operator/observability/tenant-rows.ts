// What the tenant's dashboard shows: rows of panels over the series of one instance.
import { changes, count, divide, equal, max, quantile, rate, sum } from "#telemetry/promql";
import { heatmap, query, stat, timeseries, type Row } from "./panels.ts";
import type { SubjectSeries } from "./subject.ts";

const window = "$__rate_interval";

/** Requests that a cache is there for; scrapes and probes have routes of their own. */
const kv = { route: "kv" } as const;
const lookup = { operation: "get", result: ["hit", "miss"] } as const;
const hit = { operation: "get", result: "hit" } as const;

const overview = (q: SubjectSeries): Row => ({
  title: "Overview",
  panels: [
    stat({
      title: "Pods up",
      description: "Pods that answered the last scrape.",
      unit: "short",
      thresholds: [{ color: "red" }, { color: "green", from: 1 }],
      queries: [query(sum(q.gauge("up"), []), "pods")],
    }),
    stat({
      title: "Requests",
      description: "Cache requests per second over HTTP.",
      unit: "reqps",
      queries: [query(sum(rate(q.counter("kv_http_requests_total", kv), window), []), "requests")],
    }),
    stat({
      title: "Server errors",
      description: "Share of cache requests answered with 5xx.",
      unit: "percentunit",
      thresholds: [{ color: "green" }, { color: "orange", from: 0.001 }, { color: "red", from: 0.01 }],
      queries: [
        query(
          divide(
            sum(rate(q.counter("kv_http_requests_total", { ...kv, code: { regex: "5.." } }), window), []),
            sum(rate(q.counter("kv_http_requests_total", kv), window), []),
          ),
          "errors",
        ),
      ],
    }),
    stat({
      title: "Hit ratio",
      description: "Share of lookups that found an entry.",
      unit: "percentunit",
      thresholds: [{ color: "orange" }, { color: "green", from: 0.5 }],
      queries: [query(divide(sum(rate(q.counter("kv_operations_total", hit), window), []), sum(rate(q.counter("kv_operations_total", lookup), window), [])), "hits")],
    }),
    stat({
      title: "Latency p99",
      description: "99 of 100 cache requests were answered within this time.",
      unit: "s",
      queries: [query(quantile(0.99, sum(rate(q.buckets("kv_http_request_duration_seconds", kv), window), ["le"])), "p99")],
    }),
    stat({
      title: "Memory used",
      description: "Share of spec.cache.maxMemory in use by the fullest pod. At 100% entries are evicted, which is normal for a cache.",
      unit: "percentunit",
      queries: [query(max(divide(sum(q.gauge("kv_memory_used_bytes"), ["pod"]), sum(q.gauge("kv_memory_limit_bytes"), ["pod"])), []), "used")],
    }),
  ],
});

const requests = (q: SubjectSeries): Row => ({
  title: "Requests",
  panels: [
    timeseries({
      title: "Requests by status",
      description: "Cache requests per second by HTTP status. 404 is a miss, 412 an unmet condition.",
      unit: "reqps",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_http_requests_total", kv), window), ["code"]), "{{code}}")],
    }),
    timeseries({
      title: "Requests by method",
      description: "Cache requests per second by HTTP method.",
      unit: "reqps",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_http_requests_total", kv), window), ["method"]), "{{method}}")],
    }),
    timeseries({
      title: "Requests by pod",
      description: "Cache requests per second by pod. Unequal lines mean that clients hold on to their connections.",
      unit: "reqps",
      queries: [query(sum(rate(q.counter("kv_http_requests_total", kv), window), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "In flight",
      description: "Requests being answered at the time of the scrape.",
      unit: "short",
      queries: [query(sum(q.gauge("kv_http_requests_in_flight"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Connections",
      description: "Open client connections, and those closed at once because the cap was reached.",
      unit: "short",
      queries: [
        query(sum(q.gauge("kv_connections"), ["pod"]), "{{pod}}"),
        query(sum(rate(q.counter("kv_connections_rejected_total"), window), []), "refused per second"),
      ],
    }),
    timeseries({
      title: "Refused writes",
      description: "Writes per second that a limit refused, by limit.",
      unit: "ops",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_rejected_writes_total"), window), ["reason"]), "{{reason}}")],
    }),
  ],
});

const latency = (q: SubjectSeries): Row => {
  const buckets = () => rate(q.buckets("kv_http_request_duration_seconds", kv), window);
  return {
    title: "Latency",
    panels: [
      timeseries({
        title: "Latency",
        description: "Time from the end of the request's head to the end of the answer, measured in the pod.",
        unit: "s",
        queries: [
          query(quantile(0.5, sum(buckets(), ["le"])), "p50"),
          query(quantile(0.9, sum(buckets(), ["le"])), "p90"),
          query(quantile(0.99, sum(buckets(), ["le"])), "p99"),
          query(
            divide(sum(rate(q.total("kv_http_request_duration_seconds", kv), window), []), sum(rate(q.observations("kv_http_request_duration_seconds", kv), window), [])),
            "mean",
          ),
        ],
      }),
      timeseries({
        title: "Latency p99 by pod",
        description: "One slow pod among fast ones points at its node.",
        unit: "s",
        queries: [query(quantile(0.99, sum(buckets(), ["le", "pod"])), "{{pod}}")],
      }),
      heatmap({
        title: "Latency distribution",
        description: "How many requests took how long.",
        unit: "s",
        queries: [query(sum(buckets(), ["le"]), "{{le}}")],
      }),
    ],
  };
};

const cache = (q: SubjectSeries): Row => ({
  title: "Cache",
  panels: [
    timeseries({
      title: "Hit ratio",
      description: "Share of lookups that found an entry, by pod.",
      unit: "percentunit",
      max: 1,
      queries: [
        query(divide(sum(rate(q.counter("kv_operations_total", hit), window), ["pod"]), sum(rate(q.counter("kv_operations_total", lookup), window), ["pod"])), "{{pod}}"),
      ],
    }),
    timeseries({
      title: "Operations",
      description: "Cache operations per second by outcome.",
      unit: "ops",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_operations_total"), window), ["operation", "result"]), "{{operation}} {{result}}")],
    }),
    timeseries({
      title: "Entries",
      description: "Entries held by each pod.",
      unit: "short",
      queries: [query(sum(q.gauge("kv_entries"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Memory",
      description: "Bytes accounted to entries by pod, and the bound spec.cache.maxMemory.",
      unit: "bytes",
      queries: [query(sum(q.gauge("kv_memory_used_bytes"), ["pod"]), "{{pod}}"), query(max(q.gauge("kv_memory_limit_bytes"), []), "maxMemory")],
    }),
    timeseries({
      title: "Evictions and expirations",
      description: "Entries per second removed to make room, and those whose time was over. Many evictions with a low hit ratio: the cache is too small.",
      unit: "ops",
      queries: [
        query(sum(rate(q.counter("kv_evictions_total"), window), []), "evicted"),
        query(sum(rate(q.counter("kv_expirations_total"), window), []), "expired"),
      ],
    }),
  ],
});

const peers = (q: SubjectSeries): Row => ({
  title: "Peers",
  panels: [
    timeseries({
      title: "Peers connected",
      description: "Peers that each pod is connected to.",
      unit: "short",
      queries: [query(sum(q.gauge("kv_peers_connected"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Peers expected",
      description: "Peers that discovery should find, by pod. More than are connected: the pods do not reach each other.",
      unit: "short",
      queries: [query(sum(q.gauge("kv_peers_expected"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Pods up",
      description: "Pods that answered the last scrape.",
      unit: "short",
      queries: [query(count(equal(q.gauge("up"), 1), []), "pods")],
    }),
  ],
});

const resources = (q: SubjectSeries): Row => ({
  title: "Resources",
  panels: [
    timeseries({
      title: "CPU",
      description: "Cores in use by pod.",
      unit: "short",
      queries: [query(sum(rate(q.counter("process_cpu_seconds_total"), window), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Resident memory",
      description: "Memory of the process as the kernel counts it, by pod.",
      unit: "bytes",
      queries: [query(sum(q.gauge("process_resident_memory_bytes"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Heap in use",
      description: "JavaScript heap by pod.",
      unit: "bytes",
      queries: [query(sum(q.gauge("nodejs_heap_size_used_bytes"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Event loop lag p99",
      description: "How long requests waited for the process itself. Above 100 ms the pod is overloaded.",
      unit: "s",
      queries: [query(max(q.gauge("nodejs_eventloop_lag_p99_seconds"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Restarts",
      description: "Restarts of containers in the last hour, by pod. Each one emptied that pod's cache.",
      unit: "short",
      queries: [query(max(changes(q.gauge("process_start_time_seconds"), "1h"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Log lines dropped",
      description: "Log lines per second that were dropped because their reader did not keep up.",
      unit: "ops",
      queries: [query(sum(rate(q.counter("kv_logs_dropped_total"), window), ["pod"]), "{{pod}}")],
    }),
  ],
});

export const tenantRows = (q: SubjectSeries): Row[] => [overview(q), requests(q), latency(q), cache(q), peers(q), resources(q)];
