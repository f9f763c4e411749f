// The rows about traffic: HTTP, the Redis protocol, and the clients of both.
import { divide, quantile, rate, sum } from "#telemetry/promql";
import { heatmap, query, timeseries, type Row } from "./panels.ts";
import type { SubjectSeries } from "./subject.ts";

export const window = "$__rate_interval";

/** Requests that a cache is there for; scrapes and probes have routes of their own. */
export const kv = { route: ["kv", "keys", "incr", "batch"] } as const;

export const http = (q: SubjectSeries): Row => ({
  title: "HTTP",
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
      title: "Requests by route",
      description: "Cache requests per second by route. kv is one entry, keys lists and prefixes.",
      unit: "reqps",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_http_requests_total", kv), window), ["route"]), "{{route}}")],
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
      title: "Connections handed over",
      description: "Connections per second that left the fast path for the general HTTP server: odd clients, or proxies that rewrite requests. They cost more.",
      unit: "cps",
      queries: [query(sum(rate(q.counter("kv_http_handed_over_total"), window), ["pod"]), "{{pod}}")],
    }),
  ],
});

export const latency = (q: SubjectSeries): Row => {
  const buckets = () => rate(q.buckets("kv_http_request_duration_seconds", kv), window);
  return {
    title: "HTTP latency",
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
      timeseries({
        title: "Latency p99 by route",
        description: "Lists and batches take longer than single entries.",
        unit: "s",
        queries: [query(quantile(0.99, sum(buckets(), ["le", "route"])), "{{route}}")],
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

export const redis = (q: SubjectSeries): Row => ({
  title: "Redis protocol",
  panels: [
    timeseries({
      title: "Commands",
      description: "Commands per second by group. None while spec.protocols.resp is off.",
      unit: "ops",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_resp_commands_total"), window), ["group"]), "{{group}}")],
    }),
    timeseries({
      title: "Failed commands",
      description: "Commands per second that were answered with an error, whosever fault. Group other: commands that this cache does not know.",
      unit: "ops",
      stacked: true,
      queries: [query(sum(rate(q.counter("kv_resp_commands_total", { result: "error" }), window), ["group"]), "{{group}}")],
    }),
    timeseries({
      title: "Commands by pod",
      description: "Commands per second by pod. Unequal lines mean that clients hold on to their connections.",
      unit: "ops",
      queries: [query(sum(rate(q.counter("kv_resp_commands_total"), window), ["pod"]), "{{pod}}")],
    }),
  ],
});

export const clients = (q: SubjectSeries): Row => ({
  title: "Clients",
  panels: [
    timeseries({
      title: "Connections",
      description: "Open client connections, by pod and protocol.",
      unit: "short",
      queries: [query(sum(q.gauge("kv_connections"), ["pod", "protocol"]), "{{pod}} {{protocol}}")],
    }),
    timeseries({
      title: "Connections closed on clients",
      description: "Per second and protocol: turned away at the cap, closed because answers were not read, closed because it was not the protocol.",
      unit: "cps",
      queries: [
        query(sum(rate(q.counter("kv_connections_rejected_total"), window), ["protocol"]), "{{protocol}} cap"),
        query(sum(rate(q.counter("kv_slow_readers_closed_total"), window), ["protocol"]), "{{protocol}} slow reader"),
        query(sum(rate(q.counter("kv_protocol_errors_total"), window), ["protocol"]), "{{protocol}} not the protocol"),
      ],
    }),
    timeseries({
      title: "Failed log-ins",
      description: "Per second, without a valid token. After a rotation: a client that still has the old one. throttled: not looked at after too many from one address.",
      unit: "ops",
      queries: [query(sum(rate(q.counter("kv_auth_failures_total"), window), ["protocol", "result"]), "{{protocol}} {{result}}")],
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
