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

/** More than anybody tells apart. */
const kindsMost = 64;

/**
 * A limit for each kind. The names of kinds come and go, as those of peers do: one that did not happen for a whole window gives its place to another.
 * When more than 64 happen within a window, those that are new share one limit, so that lines stay bounded whatever the kinds are called.
 */
export const createLimits = (clock: Pick<Clock, "monotonic">, most = 1): ((kind: string) => Limited) => {
  // in the order of their last use
  const limits = new Map<string, { readonly limited: Limited; readonly usedAt: number }>();
  const others = createLimited(clock, most);
  const makeRoom = (now: number): boolean => {
    for (const [oldest, { usedAt }] of limits) {
      if (limits.size < kindsMost) return true;
      if (now - usedAt < windowMs) return false;
      limits.delete(oldest);
    }
    return true;
  };
  return (kind) => {
    const now = clock.monotonic();
    const known = limits.get(kind);
    if (!known && !makeRoom(now)) return others;
    const limited = known?.limited ?? createLimited(clock, most);
    limits.delete(kind);
    limits.set(kind, { limited, usedAt: now });
    return limited;
  };
};
