// Waiting that can be called off.
import type { Timers } from "#lib/clock";

/** Resolves after `ms` or as soon as the signal fires. */
export const sleep = (timers: Pick<Timers, "after">, ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const wake = (): void => {
      cancel();
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const cancel = timers.after(ms, wake);
    signal.addEventListener("abort", wake);
  });
