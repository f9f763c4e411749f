// What may happen again and again is told a few times a minute at most, with how often it happened.
import type { Clock } from "#lib/clock";

/** Calls `tell` or not; `times` counts what happened since the last line, this one included. */
export type Limited = (tell: (times: number) => void) => void;

const windowMs = 60_000;

/** `most` lines a minute. */
export const createLimited = (clock: Pick<Clock, "monotonic">, most = 1): Limited => {
  let times = 0;
  let told = 0;
  let since = -Infinity;
  return (tell) => {
    times++;
    const now = clock.monotonic();
    if (now - since >= windowMs) {
      since = now;
      told = 0;
    }
    if (told === most) return;
    told++;
    const all = times;
    times = 0;
    tell(all);
  };
};

/** More than anybody tells apart; what is beyond them shares one limit. */
const kindsMost = 64;

/** A limit for each kind. */
export const createLimits = (clock: Pick<Clock, "monotonic">, most = 1): ((kind: string) => Limited) => {
  const limits = new Map<string, Limited>();
  return (kind) => {
    const key = limits.has(kind) || limits.size < kindsMost ? kind : "";
    const limited = limits.get(key) ?? createLimited(clock, most);
    limits.set(key, limited);
    return limited;
  };
};
