// What is read from the parts at each scrape, and what never changes.
import type { ResponderConfig } from "#contract/env";
import type { responderMetrics } from "#contract/metrics";
import { version } from "#lib/version";
import type { Instruments } from "#telemetry/instruments";
import type { Logger } from "#telemetry/logger";
import type { Store } from "./store/types.ts";

export const observe = (metrics: Instruments<typeof responderMetrics>, { tenant }: ResponderConfig, store: Store, log: Logger): void => {
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
  metrics.kv_logs_dropped_total.collect(() => log.dropped());
};
