// Bounds how often something is done: so many times at once, and so many a second from then on.

export interface TokenBucket {
  /** Whether it may be done once more now. */
  take(): boolean;
}

/** Starts full. `now`: monotonic milliseconds, read with each call. */
export const createTokenBucket = (now: () => number, perSecond: number, burst = perSecond): TokenBucket => {
  let tokens = burst;
  let filledAt = now();
  return {
    take: () => {
      const at = now();
      tokens = Math.min(burst, tokens + ((at - filledAt) * perSecond) / 1_000);
      filledAt = at;
      if (tokens < 1) return false;
      tokens--;
      return true;
    },
  };
};
