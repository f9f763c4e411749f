// What the tenant's dashboard shows: rows of panels over the series of one instance.
import { changes, count, divide, equal, max, quantile, rate, sum } from "#telemetry/promql";
import { query, stat, timeseries, type Row } from "./panels.ts";
import type { SubjectSeries } from "./subject.ts";
import { clients, http, kv, latency, redis, window } from "./traffic-rows.ts";

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
      title: "Operations",
      description: "Cache operations per second, over HTTP and the Redis protocol, one for each key.",
      unit: "ops",
      queries: [query(sum(rate(q.counter("kv_operations_total"), window), []), "operations")],
    }),
    stat({
      title: "Errors",
      description: "Share of cache operations that failed by our fault, over both protocols.",
      unit: "percentunit",
      thresholds: [{ color: "green" }, { color: "orange", from: 0.001 }, { color: "red", from: 0.01 }],
      queries: [query(divide(sum(rate(q.counter("kv_operations_total", { result: "error" }), window), []), sum(rate(q.counter("kv_operations_total"), window), [])), "errors")],
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
      description: "99 of 100 cache requests over HTTP were answered within this time.",
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
      description: "Entries held by each pod, and those of them that expire.",
      unit: "short",
      queries: [query(sum(q.gauge("kv_entries"), ["pod"]), "{{pod}}"), query(sum(q.gauge("kv_entries_expiring"), ["pod"]), "{{pod}} expiring")],
    }),
    timeseries({
      title: "Memory",
      description: "Bytes accounted to entries by pod, and the bound spec.cache.maxMemory.",
      unit: "bytes",
      queries: [query(sum(q.gauge("kv_memory_used_bytes"), ["pod"]), "{{pod}}"), query(max(q.gauge("kv_memory_limit_bytes"), []), "maxMemory")],
    }),
    timeseries({
      title: "Evictions and expirations",
      description: "Entries per second removed to make room (for bytes, or for maxEntries), and those whose time was over. Many evictions with a low hit ratio: the cache is too small.",
      unit: "ops",
      queries: [
        query(sum(rate(q.counter("kv_evictions_total"), window), ["reason"]), "evicted: {{reason}}"),
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

export const tenantRows = (q: SubjectSeries): Row[] => [overview(q), http(q), latency(q), redis(q), clients(q), cache(q), peers(q), resources(q)];
