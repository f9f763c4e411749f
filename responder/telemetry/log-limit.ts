// What may happen again and again is told once in a while, with how often it happened since.
import type { Clock } from "#lib/clock";

/** Calls `tell` or not; `times` counts those that were not told before it, itself included. */
export type Limited = (tell: (times: number) => void) => void;

const everyMs = 60_000;

export const createLimited = (clock: Pick<Clock, "monotonic">): Limited => {
  let times = 0;
  let toldAt = -Infinity;
  return (tell) => {
    times++;
    const now = clock.monotonic();
    if (now - toldAt < everyMs) return;
    toldAt = now;
    tell(times);
    times = 0;
  };
};
