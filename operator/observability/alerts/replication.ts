// Alerts of pods among themselves: who hears whom, and whether they hold the same.
import { above, and, andOn, count, equal, lessThan, max, quantile, rate, sum, unlessOn } from "#telemetry/promql";
import { subjectLabels } from "../subject.ts";
import { type Alert, type AlertInput, type AlertRule, podCount, title } from "./alert.ts";

/** A single pod has no peers. */
const withPeers = (input: AlertInput, rule: AlertRule): readonly AlertRule[] => (input.replicas < 2 ? [] : [rule]);

export const replicationAlerts = {
  KVResponderPeerIsolated: {
    severity: "critical",
    signal: "peers",
    keepFiringFor: "5m",
    when: "a pod hears none of its peers, though others answer Prometheus",
    summary: (i) => `A pod of ${title(i)} is cut off from its peers`,
    description: (i) => `{{ $value }} of ${podCount(i)} pods of ${title(i)} hear no peer, so what is written there stays there until they do.`,
    rules: (i, { q }) => {
      const isolated = count(and(equal(q.gauge("kv_peers_connected"), 0), above(q.gauge("kv_peers_expected"), 0)), subjectLabels);
      // the last pod that is left is not cut off, it is alone
      return withPeers(i, { for: "5m", expression: andOn(isolated, subjectLabels, above(count(equal(q.gauge("up"), 1), subjectLabels), 1)) });
    },
  },
  KVResponderPeersMissing: {
    severity: "warning",
    signal: "peers",
    keepFiringFor: "5m",
    when: "a pod hears fewer peers than there should be",
    summary: (i) => `Pods of ${title(i)} do not hear all of their peers`,
    description: (i) => `{{ $value }} of ${podCount(i)} pods of ${title(i)} hear fewer than ${i.replicas - 1} peers: one is gone, or cannot be reached.`,
    rules: (i, { q }) => withPeers(i, { for: "10m", expression: count(lessThan(q.gauge("kv_peers_connected"), q.gauge("kv_peers_expected")), subjectLabels) }),
  },
  KVResponderReplicationLagHigh: {
    severity: "warning",
    signal: "replication",
    keepFiringFor: "5m",
    when: "the slowest hundredth of changes takes so long from the write to its peers",
    summary: (i) => `Changes reach the peers of ${title(i)} late`,
    description: (i, t) => `One change in a hundred took longer than {{ $value | humanizeDuration }} from its write to a peer of ${title(i)}; ${t} s is the limit. Reads at other pods return what was there before.`,
    rules: (i, { q, threshold }) =>
      withPeers(i, { for: "10m", expression: above(quantile(0.99, sum(rate(q.buckets("kv_replication_lag_seconds"), "5m"), ["le", ...subjectLabels])), threshold) }),
  },
  KVResponderReplicationRefused: {
    severity: "critical",
    signal: "replication",
    when: "pods refuse each other's connections: another protocol version, tenant, cluster or secret",
    summary: (i) => `Pods of ${title(i)} refuse each other`,
    description: (i) => `Pods of ${title(i)} turn away {{ printf "%.2g" $value }} connections a second of what should be peers. Those pods do not exchange changes.`,
    rules: (i, { q }) =>
      withPeers(i, { for: "10m", expression: above(sum(rate(q.counter("kv_replication_refusals_total", { reason: ["version", "tenant", "cluster", "proof"] }), "5m"), subjectLabels), 0) }),
  },
  KVResponderReplicationDropping: {
    severity: "critical",
    signal: "replication",
    when: "changes of peers are not taken in: no memory, or a clock that is too far ahead",
    summary: (i) => `Pods of ${title(i)} do not take in what peers send`,
    description: (i) => `{{ printf "%.2g" $value }} changes a second of peers of ${title(i)} are not taken in, so its pods hold different entries.`,
    rules: (i, { q }) =>
      withPeers(i, { for: "10m", expression: above(sum(rate(q.counter("kv_replication_operations_total", { direction: "in", result: ["no_memory", "ahead"] }), "5m"), subjectLabels), 0) }),
  },
  KVResponderClockAhead: {
    severity: "warning",
    signal: "replication",
    when: "a pod's clock is so far ahead that its peers refuse its writes; it is not ready",
    summary: (i) => `The clock of a pod of ${title(i)} is ahead`,
    description: (i) => `{{ $value }} of ${podCount(i)} pods of ${title(i)} have a clock more than half a second ahead of most peers. They are not ready, and what was written there waits.`,
    rules: (i, { q }) => withPeers(i, { for: "5m", expression: count(equal(q.gauge("kv_clock_ahead"), 1), subjectLabels) }),
  },
  KVResponderDivergence: {
    severity: "warning",
    signal: "replication",
    when: "pods that evict nothing hold different entries, and comparing them does not mend it",
    summary: (i) => `Pods of ${title(i)} hold different entries`,
    description: (i) => `{{ $value }} of 4096 parts of the keys differ between pods of ${title(i)}, though nothing is evicted.`,
    rules: (i, { q, threshold }) =>
      withPeers(i, {
        for: "30m",
        // each pod evicts for itself: then they rightly differ
        expression: unlessOn(above(max(q.gauge("kv_replication_divergence_items"), subjectLabels), threshold), subjectLabels, above(sum(rate(q.counter("kv_evictions_total"), "1h"), subjectLabels), 0)),
      }),
  },
} as const satisfies Record<string, Alert>;
