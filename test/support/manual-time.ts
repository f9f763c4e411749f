// A clock and timers that move only when told to.
import type { Clock, Timers } from "#lib/clock";

export interface ManualTime extends Clock, Timers {
  /** Moves on, running what falls due in order, each at its own time. */
  advance(ms: number): void;
  /** Like advance, but lets pending promises settle before each timer and at the end. */
  advanceAsync(ms: number): Promise<void>;
  /** Timers that wait. */
  readonly pending: number;
}

interface Timer {
  readonly run: () => void;
  readonly period?: number;
  due: number;
}

/** Lets everything that is ready happen, promise chains of any sensible length included. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(() => setImmediate(resolve)));

export const manualTime = (wallAtStart = Date.UTC(2026, 0, 1)): ManualTime => {
  let now = 0;
  const timers = new Set<Timer>();
  const add = (timer: Timer): (() => void) => {
    timers.add(timer);
    return () => void timers.delete(timer);
  };
  /** The earliest due by then; of equals the one set first. */
  const next = (until: number): Timer | undefined => [...timers].filter((t) => t.due <= until).sort((a, b) => a.due - b.due)[0];
  const fire = (timer: Timer): void => {
    now = Math.max(now, timer.due);
    if (timer.period === undefined) timers.delete(timer);
    else timer.due += timer.period;
    timer.run();
  };
  return {
    monotonic: () => now,
    wall: () => wallAtStart + now,
    after: (ms, run) => add({ run, due: now + ms }),
    every: (ms, run) => add({ run, due: now + ms, period: ms }),
    get pending() {
      return timers.size;
    },
    advance(ms) {
      const until = now + ms;
      for (let timer = next(until); timer; timer = next(until)) fire(timer);
      now = until;
    },
    async advanceAsync(ms) {
      const until = now + ms;
      await settle();
      for (let timer = next(until); timer; timer = next(until)) {
        fire(timer);
        await settle();
      }
      now = until;
      await settle();
    },
  };
};

/** Says nothing. */
export const silentLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
