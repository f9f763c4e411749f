// What the cache itself says in the log: that it begins to evict, or to refuse writes, and that this is over. Looked at from time to time, so that no write pays for it.
import type { Clock, Timers } from "#lib/clock";
import type { Log } from "#telemetry/logger";
import type { Store } from "./store/types.ts";

export interface StoreReport {
  readonly store: Pick<Store, "stats">;
  readonly log: Pick<Log, "info" | "warn">;
  readonly clock: Pick<Clock, "monotonic">;
  readonly timers: Pick<Timers, "every">;
}

const lookMs = 5_000;
/** It is over when it did not happen for so long: what comes and goes is one line a minute at most. */
const quietMs = 60_000;

interface Episode {
  /** So many in all, since the start of the process. */
  readonly total: () => number;
  readonly began: (entries: number) => void;
  readonly ended: (entries: number, durationMs: number) => void;
}

const follow = ({ total, began, ended }: Episode, clock: StoreReport["clock"]): (() => void) => {
  let seen = total();
  let episode: { readonly before: number; readonly beganAt: number; lastAt: number } | undefined;
  return () => {
    const now = clock.monotonic();
    const before = seen;
    seen = total();
    if (seen > before) {
      if (episode) episode.lastAt = now;
      else {
        episode = { before, beganAt: now, lastAt: now };
        began(seen - before);
      }
    } else if (episode && now - episode.lastAt >= quietMs) {
      ended(seen - episode.before, Math.round(episode.lastAt - episode.beganAt));
      episode = undefined;
    }
  };
};

export const reportStore = ({ store, log, clock, timers }: StoreReport): void => {
  const memory = () => {
    const { entries, usedBytes, limitBytes } = store.stats();
    return { entries, usedBytes, limitBytes };
  };
  const evictions = follow(
    {
      total: () => store.stats().evictedForMemory + store.stats().evictedForEntries,
      began: (evicted) => log.info({ evicted, ...memory() }, "evictions began"),
      ended: (evicted, durationMs) => log.info({ evicted, durationMs, ...memory() }, "evictions ended"),
    },
    clock,
  );
  const refusals = follow(
    {
      total: () => store.stats().refusedPuts,
      began: (refused) => log.warn({ refused, ...memory() }, "memory is full, writes are refused"),
      ended: (refused, durationMs) => log.info({ refused, durationMs, ...memory() }, "writes are accepted again"),
    },
    clock,
  );
  timers.every(lookMs, () => {
    evictions();
    refusals();
  });
};
