// The work queue, after client-go's util/workqueue: at most once queued, never worked on twice at once, no add lost, oldest first.
import type { Clock, Timers } from "#lib/clock";
import type { QueueHooks, WorkQueue } from "./types.ts";

export interface QueueOptions {
  readonly clock: Clock;
  readonly timers: Pick<Timers, "after">;
  /**
   * Backoff of the first failure in milliseconds, doubled by each further one. Default 200: a failed reconcile costs the API server a write or more,
   * so client-go's 5 ms would be seven of them in the first second.
   */
  readonly baseDelayMs?: number;
  /** Default 300,000: no event tells that a quota was raised or a permission given, and a person should not wait longer than that. */
  readonly maxDelayMs?: number;
  readonly hooks?: QueueHooks;
}

export const createQueue = ({ clock, timers, baseDelayMs = 200, maxDelayMs = 300_000, hooks = {} }: QueueOptions): WorkQueue => {
  /** Key -> when it was queued. A Map keeps the order of insertion, so its first key is the oldest. */
  const waiting = new Map<string, number>();
  /** Key -> when work on it began, and whether it was added again since. */
  const processing = new Map<string, { since: number; dirty: boolean }>();
  const delayed = new Map<string, { at: number; cancel: () => void }>();
  const failures = new Map<string, number>();
  const takers: ((key: string | undefined) => void)[] = [];
  let down = false;

  const take = (key: string, queuedAt: number): string => {
    processing.set(key, { since: clock.monotonic(), dirty: false });
    hooks.waited?.((clock.monotonic() - queuedAt) / 1000);
    return key;
  };

  const enqueue = (key: string): void => {
    hooks.added?.();
    const taker = takers.shift();
    if (taker) {
      taker(take(key, clock.monotonic()));
      return;
    }
    waiting.set(key, clock.monotonic());
    hooks.depth?.(waiting.size);
  };

  const add = (key: string): void => {
    // the look that was to come later comes now
    delayed.get(key)?.cancel();
    delayed.delete(key);
    if (down || waiting.has(key)) return;
    const current = processing.get(key);
    if (current) current.dirty = true;
    else enqueue(key);
  };

  const addAfter = (key: string, ms: number): void => {
    if (down) return;
    if (ms <= 0) return add(key);
    const at = clock.monotonic() + ms;
    const pending = delayed.get(key);
    if (pending && pending.at <= at) return;
    pending?.cancel();
    delayed.set(key, { at, cancel: timers.after(ms, () => add(key)) });
  };

  return {
    add,
    addAfter,

    addRateLimited(key, atLeastMs = 0) {
      if (down) return;
      const before = failures.get(key) ?? 0;
      failures.set(key, before + 1);
      hooks.retried?.();
      addAfter(key, Math.max(atLeastMs, Math.min(maxDelayMs, baseDelayMs * 2 ** before)));
    },

    forget: (key) => void failures.delete(key),
    failures: (key) => failures.get(key) ?? 0,

    get() {
      if (down) return Promise.resolve(undefined);
      const [oldest] = waiting;
      if (!oldest) return new Promise((resolve) => takers.push(resolve));
      const [key, queuedAt] = oldest;
      waiting.delete(key);
      hooks.depth?.(waiting.size);
      return Promise.resolve(take(key, queuedAt));
    },

    done(key) {
      const current = processing.get(key);
      if (!current) return;
      processing.delete(key);
      hooks.worked?.((clock.monotonic() - current.since) / 1000);
      if (current.dirty && !down) enqueue(key);
    },

    shutdown() {
      down = true;
      for (const { cancel } of delayed.values()) cancel();
      delayed.clear();
      waiting.clear();
      hooks.depth?.(0);
      for (const end of takers.splice(0)) end(undefined);
    },

    get depth() {
      return waiting.size;
    },

    unfinished() {
      const now = clock.monotonic();
      const ages = [...processing.values()].map(({ since }) => (now - since) / 1_000);
      return { seconds: ages.reduce((sum, age) => sum + age, 0), longestSeconds: Math.max(0, ...ages) };
    },
  };
};
