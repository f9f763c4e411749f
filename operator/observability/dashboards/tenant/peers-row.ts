// The row about the pods as peers: whether they find each other, and how far apart their contents are.
import { max, quantile, rate, sum } from "#telemetry/promql";
import { timeseries } from "../../grafana/charts.ts";
import { query, type Row } from "../../grafana/panel.ts";
import type { SubjectSeries } from "../../subject.ts";
import { window } from "../shares.ts";

export const peersRow = (q: SubjectSeries): Row => {
  const lag = () => rate(q.buckets("kv_replication_lag_seconds"), window);
  return {
    title: "Peers and replication",
    panels: [
      timeseries({
        title: "Peers",
        description: "Summed over the pods: peers that there should be, whose addresses are known, and that can be heard. Three lines in one are good; connected below discovered: the pods do not reach each other.",
        unit: "none",
        queries: [
          query(sum(q.gauge("kv_peers_expected"), []), "expected"),
          query(sum(q.gauge("kv_peers_discovered"), []), "discovered"),
          query(sum(q.gauge("kv_peers_connected"), []), "connected"),
        ],
      }),
      timeseries({
        title: "Peers connected by pod",
        description: "One pod below the others is cut off; all of them low is a network policy or a Service.",
        unit: "none",
        queries: [query(sum(q.gauge("kv_peers_connected"), ["pod"]), "{{pod}}")],
      }),
      timeseries({
        title: "Replication lag",
        description: "From a write at one pod to its application at another, by the two pods' clocks: half, and 99 of 100, took at most this long. Milliseconds are good, seconds are not.",
        unit: "s",
        queries: [query(quantile(0.5, sum(lag(), ["le"])), "p50"), query(quantile(0.99, sum(lag(), ["le"])), "p99")],
      }),
      timeseries({
        title: "Replication lag p99 by pod",
        description: "By the pod that applies. One slow pod is overloaded, or its clock is behind.",
        unit: "s",
        queries: [query(quantile(0.99, sum(lag(), ["le", "pod"])), "{{pod}}")],
      }),
      timeseries({
        title: "Queue",
        description: "Records that peers have not acknowledged, by pod. It rises with each burst and falls at once; a line that stays up is a peer that does not follow.",
        unit: "short",
        queries: [query(sum(q.gauge("kv_replication_queue_items"), ["pod"]), "{{pod}}")],
      }),
      timeseries({
        title: "Records",
        description: "Records per second to peers and from them. refused, no_memory and ahead were not applied: see the page on replication.",
        unit: "ops",
        queries: [query(sum(rate(q.counter("kv_replication_operations_total"), window), ["direction", "result"]), "{{direction}} {{result}}")],
      }),
      timeseries({
        title: "Conflicts",
        description: "Writes per second that met another one of the same key at a peer; the later one stands. Many: clients write the same keys through several pods.",
        unit: "ops",
        queries: [query(sum(rate(q.counter("kv_replication_conflicts_total"), window), ["winner"]), "{{winner}} wins")],
      }),
      timeseries({
        title: "Peers refused",
        description: "Connections per second that were not let in, or that broke the protocol, by reason. Anything but 0 is wrong, but for moments of a rollout.",
        unit: "ops",
        queries: [query(sum(rate(q.counter("kv_replication_refusals_total"), window), ["reason"]), "{{reason}}")],
      }),
      timeseries({
        title: "Divergence",
        description: "Of 4096 parts of the keys, those that differed from a peer's at the last comparison. It goes back to 0 by itself; if it does not, writes are lost on the way. While entries are evicted it does not: each pod makes room for itself, and they rightly differ.",
        unit: "short",
        queries: [query(max(q.gauge("kv_replication_divergence_items"), ["pod"]), "{{pod}}")],
      }),
      timeseries({
        title: "Discovery messages",
        description: "Messages per second by which the pods find and keep each other. Heartbeats without replies: the other side does not hear.",
        unit: "ops",
        queries: [query(sum(rate(q.counter("kv_discovery_messages_total"), window), ["kind", "direction"]), "{{kind}} {{direction}}")],
      }),
      timeseries({
        title: "Lookups of peers",
        description: "Times per second that the pods looked their peers up, by result. failed: the cluster's DNS. empty: a single pod, or a Service without endpoints.",
        unit: "ops",
        queries: [query(sum(rate(q.counter("kv_peer_discovery_total"), window), ["result"]), "{{result}}")],
      }),
      timeseries({
        title: "Tombstones",
        description: "Deletions that are remembered for peers, by pod. They take memory until spec.replication.tombstoneRetention is over.",
        unit: "short",
        queries: [query(sum(q.gauge("kv_tombstones"), ["pod"]), "{{pod}}")],
      }),
      timeseries({
        title: "How pods were filled",
        description: "Pods by their warm-up. timedOut: ready before all was copied from a peer, so it misses more at first.",
        unit: "none",
        stacked: true,
        width: 12,
        queries: [query(sum(q.gauge("kv_warmup_state"), ["state"]), "{{state}}")],
      }),
      timeseries({
        title: "Clocks ahead",
        description: "1 for a pod whose clock most peers find too far ahead to take its writes. It is not ready then: look at its node's time.",
        unit: "none",
        width: 12,
        queries: [query(max(q.gauge("kv_clock_ahead"), ["pod"]), "{{pod}}")],
      }),
    ],
  };
};
