// What is read from the parts at each scrape, and what never changes.
import type { responderMetrics } from "#contract/metrics";
import type { Clock } from "#lib/clock";
import { version } from "#lib/version";
import type { Instruments, Telemetry } from "#telemetry/instruments";
import type { Logger } from "#telemetry/logger";
import type { Store } from "./store/types.ts";

type Metrics = Instruments<typeof responderMetrics>;

/** For the store: what it loses by being too small. */
export const evictionObserver = ({ kv_evicted_age_seconds, kv_evicted_unfetched_total }: Metrics) => (ageMs: number, wasRead: boolean): void => {
  kv_evicted_age_seconds.observe(ageMs / 1000);
  if (!wasRead) kv_evicted_unfetched_total.inc();
};

/** To be called when the drain begins. */
export const drainObserver = ({ kv_drain_in_progress, kv_drain_duration_seconds }: Metrics, clock: Pick<Clock, "monotonic">) => (): void => {
  const startedAt = clock.monotonic();
  kv_drain_in_progress.set(1);
  kv_drain_duration_seconds.collect(() => (clock.monotonic() - startedAt) / 1000);
};

export interface Observed {
  readonly tenant: string;
  readonly store: Store;
  readonly log: Logger;
  /** Seconds of processor time that telemetry took, scrapes apart; goes on counting. */
  readonly spent: { readonly metrics: number; readonly logs: number; readonly traces: number };
}

export const observe = ({ metrics, renderSeconds }: Telemetry<typeof responderMetrics>, { tenant, store, log, spent }: Observed): void => {
  metrics.kv_info.set({ tenant }, 1);
  metrics.kv_build_info.set({ version, node: process.version }, 1);
  metrics.kv_memory_limit_bytes.collect(() => store.stats().limitBytes);
  metrics.kv_memory_used_bytes.collect(() => store.stats().usedBytes);
  metrics.kv_entries.collect(() => store.stats().entries);
  metrics.kv_tombstones.collect(() => store.stats().tombstones);
  metrics.kv_entries_expiring.collect(() => store.stats().expiring);
  metrics.kv_evictions_total.with({ reason: "memory" }).collect(() => store.stats().evictedForMemory);
  metrics.kv_evictions_total.with({ reason: "entries" }).collect(() => store.stats().evictedForEntries);
  metrics.kv_expirations_total.collect(() => store.stats().expirations);
  const { kv_telemetry_seconds_total: cost } = metrics;
  cost.with({ signal: "metrics" }).collect(() => spent.metrics + renderSeconds());
  cost.with({ signal: "logs" }).collect(() => spent.logs);
  cost.with({ signal: "traces" }).collect(() => spent.traces);
  metrics.kv_logs_dropped_total.collect(() => log.dropped());
};
