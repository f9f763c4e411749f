// The row about what a cache can run out of: memory, entries, connections.
import { max, quantile, rate, sum } from "#telemetry/promql";
import { heatmap, timeseries } from "../../grafana/charts.ts";
import { query, type Row } from "../../grafana/panel.ts";
import type { SubjectSeries } from "../../subject.ts";
import { share, window } from "../shares.ts";

export const capacityRow = (q: SubjectSeries): Row => {
  const ages = () => sum(rate(q.buckets("kv_evicted_age_seconds"), window), ["le"]);
  return {
    title: "Capacity",
    panels: [
      timeseries({
        title: "Memory",
        description: "Bytes accounted to entries by pod, and the bound spec.cache.maxMemory. A full cache evicts, which is normal; with NoEviction it refuses writes.",
        unit: "bytes",
        queries: [query(sum(q.gauge("kv_memory_used_bytes"), ["pod"]), "{{pod}}"), query(max(q.gauge("kv_memory_limit_bytes"), []), "maxMemory")],
      }),
      timeseries({
        title: "Entries",
        description: "Entries held by each pod, and those of them that expire.",
        unit: "short",
        queries: [query(sum(q.gauge("kv_entries"), ["pod"]), "{{pod}}"), query(sum(q.gauge("kv_entries_expiring"), ["pod"]), "{{pod}} expiring")],
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
      timeseries({
        title: "Age of what is evicted",
        description: "Time since the last write of entries that made room: half, and one in ten, were younger. Much younger than a useful life of an entry: the cache is too small. Nothing while nothing is evicted.",
        unit: "s",
        queries: [query(quantile(0.5, ages()), "half"), query(quantile(0.1, ages()), "one in ten")],
      }),
      heatmap({
        title: "Evictions by age",
        description: "How many entries were evicted at which age.",
        unit: "s",
        queries: [query(ages(), "{{le}}")],
      }),
      timeseries({
        title: "Wasted writes",
        description: "Of evicted entries, the share that nobody had read at that pod since they were written. Near 100% with a good hit ratio: the right ones are evicted. With a poor one: clients write what nobody asks for.",
        unit: "percentunit",
        max: 1,
        queries: [query(share(sum(rate(q.counter("kv_evicted_unfetched_total"), window), []), sum(rate(q.counter("kv_evictions_total"), window), [])), "never read")],
      }),
      timeseries({
        title: "Refused writes",
        description: "Writes per second that a limit refused, by limit. no_memory: nothing may be evicted, and the cache is full.",
        unit: "ops",
        stacked: true,
        queries: [query(sum(rate(q.counter("kv_rejected_writes_total"), window), ["reason"]), "{{reason}}")],
      }),
      timeseries({
        title: "Connections",
        description: "Open client connections, by pod and protocol.",
        unit: "short",
        queries: [query(sum(q.gauge("kv_connections"), ["pod", "protocol"]), "{{pod}} {{protocol}}")],
      }),
      timeseries({
        title: "New connections",
        description: "Client connections taken in per second. As many as requests: clients do not keep theirs, which costs both sides.",
        unit: "cps",
        queries: [query(sum(rate(q.counter("kv_connections_accepted_total"), window), ["protocol"]), "{{protocol}}")],
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
        title: "Connections handed over",
        description: "Connections per second that left the fast path for the general HTTP server: odd clients, or proxies that rewrite requests. They cost more.",
        unit: "cps",
        queries: [query(sum(rate(q.counter("kv_http_handed_over_total"), window), ["pod"]), "{{pod}}")],
      }),
    ],
  };
};
