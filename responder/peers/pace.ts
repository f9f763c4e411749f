// Decides how long to wait before DNS is asked again.

export interface Pace {
  /** Failed resolutions in a row. */
  readonly failures: number;
  /** An answer is awaited: a peer may be there whose record is not yet. */
  readonly eager: boolean;
  /** Of the last answer, in seconds. */
  readonly ttl: number;
}

const shortestMs = 1_000;
const longestMs = 10_000;
/** With the longest jitter: longestMs. */
const longestBackoffMs = 8_000;

const beforeJitter = ({ failures, eager, ttl }: Pace): number => {
  if (failures > 0) return Math.min(shortestMs * 2 ** (failures - 1), longestBackoffMs);
  return eager ? shortestMs : Math.min(Math.max(ttl * 1_000, shortestMs), longestMs);
};

/** Milliseconds. `random`: 0 <= x < 1; it spreads pods that were started together over 0.75 to 1.25 of the time. */
export const delayMs = (pace: Pace, random: number): number => beforeJitter(pace) * (0.75 + random / 2);
