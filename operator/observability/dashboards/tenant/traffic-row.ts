// The rows about what clients ask for and how fast they are answered.
import { quantile, rate, sum } from "#telemetry/promql";
import { heatmap, timeseries } from "../../grafana/charts.ts";
import { query, traced, type Row } from "../../grafana/panel.ts";
import type { SubjectSeries } from "../../subject.ts";
import { failedShare, hitRatio, share, window } from "../shares.ts";

/** Requests that a cache is there for; scrapes and probes have routes of their own. */
const kv = { route: ["kv", "keys", "incr", "batch"] } as const;

export const trafficRow = (q: SubjectSeries): Row => ({
  title: "Traffic",
  panels: [
    timeseries({
      title: "Operations",
      description: "Cache operations per second by kind and outcome, over both protocols, one for each key.",
      unit: "ops",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_operations_total"), window), ["operation", "result"]), "{{operation}} {{result}}")],
    }),
    timeseries({
      title: "Failed operations",
      description: "Share of operations that failed by the cache's fault, by pod. Anything but 0 spends the error budget.",
      unit: "percentunit",
      queries: [query(failedShare(q, window, ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Hit ratio",
      description: "Share of lookups that found an entry, by pod. A sudden drop: a pod that started empty, or a cache that has become too small.",
      unit: "percentunit",
      max: 1,
      queries: [query(hitRatio(q, window, ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "HTTP requests by route",
      description: "Cache requests per second by route. kv is one entry, keys lists and prefixes.",
      unit: "reqps",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_http_requests_total", kv), window), ["route"]), "{{route}}")],
    }),
    timeseries({
      title: "HTTP requests by method",
      description: "Cache requests per second by HTTP method.",
      unit: "reqps",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_http_requests_total", kv), window), ["method"]), "{{method}}")],
    }),
    timeseries({
      title: "HTTP requests by status",
      description: "Cache requests per second by HTTP status. 404 is a miss, 412 an unmet condition; 5xx are faults.",
      unit: "reqps",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_http_requests_total", kv), window), ["code"]), "{{code}}")],
    }),
    timeseries({
      title: "HTTP requests by pod",
      description: "Cache requests per second by pod. Unequal lines mean that clients hold on to their connections.",
      unit: "reqps",
      queries: [query(sum(rate(q.counter("kv_http_requests_total", kv), window), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "HTTP requests in flight",
      description: "Requests being answered at the time of the scrape, which is itself one of them. A line that stays high: answers are slow, or a client does not read them.",
      unit: "short",
      queries: [query(sum(q.gauge("kv_http_requests_in_flight"), ["pod"]), "{{pod}}")],
    }),
    timeseries({
      title: "Network",
      description: "Bytes per second to and from clients, by protocol.",
      unit: "Bps",
      queries: [
        query(sum(rate(q.counter("kv_network_receive_bytes_total"), window), ["protocol"]), "{{protocol}} in"),
        query(sum(rate(q.counter("kv_network_transmit_bytes_total"), window), ["protocol"]), "{{protocol}} out"),
      ],
    }),
    timeseries({
      title: "Redis commands",
      description: "Commands per second by group. None while spec.protocols.resp is off. Group other: commands that this cache does not know.",
      unit: "ops",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_resp_commands_total"), window), ["group"]), "{{group}}")],
    }),
    timeseries({
      title: "Failed Redis commands",
      description: "Commands per second that were answered with an error, whosever fault.",
      unit: "ops",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_resp_commands_total", { result: "error" }), window), ["group"]), "{{group}}")],
    }),
    timeseries({
      title: "Redis commands by pod",
      description: "Commands per second by pod. Unequal lines mean that clients hold on to their connections.",
      unit: "ops",
      queries: [query(sum(rate(q.counter("kv_resp_commands_total"), window), ["pod"]), "{{pod}}")],
    }),
  ],
});

export const latencyRow = (q: SubjectSeries): Row => {
  const requests = () => rate(q.buckets("kv_http_request_duration_seconds", kv), window);
  const operations = () => rate(q.buckets("kv_operation_duration_seconds"), window);
  return {
    title: "Latency",
    panels: [
      timeseries({
        title: "HTTP requests",
        description: "Time from the end of the request's head to the end of the answer, measured in the pod: what half, 95 and 99 of 100 took at most, and the mean. Points are traces.",
        unit: "s",
        queries: [
          traced(quantile(0.5, sum(requests(), ["le"])), "p50"),
          traced(quantile(0.95, sum(requests(), ["le"])), "p95"),
          traced(quantile(0.99, sum(requests(), ["le"])), "p99"),
          query(share(sum(rate(q.total("kv_http_request_duration_seconds", kv), window), []), sum(rate(q.observations("kv_http_request_duration_seconds", kv), window), [])), "mean"),
        ],
      }),
      timeseries({
        title: "HTTP requests p99 by route",
        description: "Lists and batches take longer than single entries.",
        unit: "s",
        queries: [traced(quantile(0.99, sum(requests(), ["le", "route"])), "{{route}}")],
      }),
      heatmap({
        title: "HTTP requests by duration",
        description: "How many requests took how long. Two bands: two kinds of requests, or one slow pod.",
        unit: "s",
        queries: [query(sum(requests(), ["le"]), "{{le}}")],
      }),
      timeseries({
        title: "Operations p99 by kind",
        description: "99 of 100 operations took at most this long, over both protocols. A Redis command counts the turn that it came in.",
        unit: "s",
        width: 12,
        queries: [traced(quantile(0.99, sum(operations(), ["le", "operation"])), "{{operation}}")],
      }),
      timeseries({
        title: "Operations p99 by pod",
        description: "One slow pod among fast ones points at its node.",
        unit: "s",
        width: 12,
        queries: [traced(quantile(0.99, sum(operations(), ["le", "pod"])), "{{pod}}")],
      }),
    ],
  };
};
