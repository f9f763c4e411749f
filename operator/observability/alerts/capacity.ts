// Alerts of what runs out: memory, connections, the use of a cache.
import { defaultMaxConnections } from "#contract/env";
import { above, andOn, below, divide, max, offset, per, quantile, rate, sum } from "#telemetry/promql";
import { subjectLabels } from "../subject.ts";
import { type Alert, leastRate, title } from "./alert.ts";

/** Evictions per second; fewer are no sign of a cache that is too small. */
const leastEvictions = 0.1;

const percent = (share: number): string => `${Number((share * 100).toPrecision(6))}%`;

const connections = (severity: "warning" | "critical", fires: string): Alert => ({
  severity,
  signal: "connections",
  keepFiringFor: "5m",
  when: "a pod has this share of the connections that it takes, of one protocol",
  summary: (i) => `${title(i)} has ${fires}`,
  description: (i, t) => `A pod of ${title(i)} has {{ $value | humanizePercentage }} of the ${defaultMaxConnections} connections that it takes, more than ${percent(t)}. Beyond them clients are turned away.`,
  rules: (_, { q, threshold }) => [{ for: "15m", expression: above(per(max(q.gauge("kv_connections"), subjectLabels), defaultMaxConnections), threshold) }],
});

export const capacityAlerts = {
  KVResponderMemoryHigh: {
    severity: "warning",
    signal: "memory",
    keepFiringFor: "5m",
    when: "a pod that evicts nothing (NoEviction) uses this share of maxMemory",
    summary: (i) => `${title(i)} is nearly full`,
    description: (i, t) => `A pod of ${title(i)} uses {{ $value | humanizePercentage }} of maxMemory, more than ${percent(t)}. It evicts nothing: once full, it refuses writes.`,
    // a cache that evicts is full on purpose
    rules: (i, { q, threshold }) =>
      i.evictionPolicy === "NoEviction" ? [{ for: "10m", expression: above(max(divide(q.gauge("kv_memory_used_bytes"), q.gauge("kv_memory_limit_bytes")), subjectLabels), threshold) }] : [],
  },
  KVResponderMemoryFull: {
    severity: "critical",
    signal: "memory",
    keepFiringFor: "5m",
    when: "writes are refused because there is no memory for them",
    summary: (i) => `${title(i)} is full and refuses writes`,
    description: (i) => `{{ printf "%.2g" $value }} writes a second to ${title(i)} are refused for want of memory.`,
    rules: (_, { q }) => [{ for: "5m", expression: above(sum(rate(q.counter("kv_rejected_writes_total", { reason: "no_memory" }), "5m"), subjectLabels), 0) }],
  },
  KVResponderEvictionsYoung: {
    severity: "info",
    signal: "memory",
    keepFiringFor: "15m",
    when: "half of what is evicted was written less than this long ago; a quarter of defaultTTL where that is set",
    summary: (i) => `${title(i)} evicts what was written only just before`,
    description: (i, t) => `Half of the entries that ${title(i)} evicts are younger than {{ $value | humanizeDuration }} (expected: ${t} s). The cache is too small for what is written into it.`,
    defaultThreshold: (i) => i.defaultTtlSeconds && i.defaultTtlSeconds / 4,
    rules: (_, { q, threshold }) => {
      const age = quantile(0.5, sum(rate(q.buckets("kv_evicted_age_seconds"), "30m"), ["le", ...subjectLabels]));
      return [{ for: "30m", expression: andOn(below(age, threshold), subjectLabels, above(sum(rate(q.counter("kv_evictions_total"), "30m"), subjectLabels), leastEvictions)) }];
    },
  },
  KVResponderHitRatioDrop: {
    severity: "info",
    signal: "hits",
    keepFiringFor: "15m",
    when: `the share of hits is below this share of what it was a day ago, with more than ${leastRate} lookup a second`,
    summary: (i) => `${title(i)} hits much less than a day ago`,
    description: (i, t) => `The hit ratio of ${title(i)} is {{ $value | humanizePercentage }} of what it was at this time yesterday (expected: at least ${percent(t)}).`,
    rules: (_, { q, stored, threshold }) => {
      const ratio = stored("kvresponder:lookups_hit:ratio_rate30m");
      const lookups = sum(rate(q.counter("kv_operations_total", { operation: "get", result: ["hit", "miss"] }), "30m"), subjectLabels);
      return [{ for: "30m", expression: andOn(below(divide(ratio, offset(ratio, "1d")), threshold), subjectLabels, above(lookups, leastRate)) }];
    },
  },
  KVResponderConnectionsHigh: connections("warning", "many connections"),
  KVResponderConnectionsFull: connections("critical", "hardly a connection left"),
} as const satisfies Record<string, Alert>;
