// Counts what replication reports.
import type { responderMetrics } from "#contract/metrics";
import type { Instruments } from "#telemetry/instruments";
import { mergeOutcome } from "../store/types.ts";
import type { Observer } from "./observer.ts";

export const replicationObserver = (metrics: Instruments<typeof responderMetrics>): Observer => {
  const operations = metrics.kv_replication_operations_total;
  const sent = operations.with({ direction: "out", result: "sent" });
  const ahead = operations.with({ direction: "in", result: "ahead" });
  const received = new Map([
    [mergeOutcome.applied, operations.with({ direction: "in", result: "applied" })],
    [mergeOutcome.stale, operations.with({ direction: "in", result: "stale" })],
    [mergeOutcome.refused, operations.with({ direction: "in", result: "refused" })],
    [mergeOutcome.full, operations.with({ direction: "in", result: "no_memory" })],
  ]);
  const lag = metrics.kv_replication_lag_seconds;
  return {
    message: (kind, direction) => metrics.kv_discovery_messages_total.inc({ kind, direction }),
    sent: (records) => sent.inc(records),
    received: (outcome, lagMs) => {
      received.get(outcome)?.inc();
      if (outcome === mergeOutcome.applied) lag.observe(Math.max(0, lagMs) / 1000);
    },
    conflict: (winner) => metrics.kv_replication_conflicts_total.inc({ winner }),
    ahead: () => ahead.inc(),
    refused: (reason) => metrics.kv_replication_refusals_total.inc({ reason }),
    diverged: (buckets) => metrics.kv_replication_divergence_items.set(buckets),
  };
};
