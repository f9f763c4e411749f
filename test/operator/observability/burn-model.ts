// When a burn-rate alert must fire, reckoned apart from PromQL: minute by minute, of the share of operations that fail.
export interface Burn {
  /** Minutes. */
  readonly long: number;
  readonly short: number;
  readonly bound: number;
  readonly for: number;
}

export interface Verdict {
  /** The first minute at which it fires. */
  readonly from: number;
  /** The share of the long window at a minute, as `humanizePercentage` writes it. */
  readonly valueAt: (minute: number) => string;
}

/** Four digits, trailing zeros dropped: Go's %.4g. */
const percentage = (share: number): string => `${Number((share * 100).toPrecision(4))}%`;

/**
 * A rate over 5 minutes knows five samples, so it is the mean of the last four minutes. While it knows fewer it is extrapolated by half a minute only, which weighs the first minutes less.
 * `failing(m)` is the share that fails in the minute that ends at m. Samples begin at minute 0.
 */
export const reckon = (failing: (minute: number) => number, burn: Burn, minutes: number): Verdict => {
  const rates: { readonly all: number; readonly failed: number }[] = [];
  for (let m = 1; m <= minutes; m++) {
    const known = Array.from({ length: Math.min(4, m) }, (_, ago) => failing(m - ago));
    const all = m < 4 ? (m + 0.5) / 5 : 1;
    rates.push({ all, failed: (all * known.reduce((a, b) => a + b, 0)) / known.length });
  }
  const share = (minute: number, window: number): number => {
    // the ratio of the shortest window is one of rates, not of sums of them
    const within = window === 5 ? rates.slice(minute - 1, minute) : rates.slice(Math.max(0, minute - window), minute);
    return within.reduce((sum, { failed }) => sum + failed, 0) / within.reduce((sum, { all }) => sum + all, 0);
  };
  let since = Number.NaN;
  for (let m = 1; m <= minutes; m++) {
    if (!(share(m, burn.long) > burn.bound && share(m, burn.short) > burn.bound)) since = Number.NaN;
    else if (Number.isNaN(since)) since = m;
    if (m - since >= burn.for) return { from: m, valueAt: (minute) => percentage(share(minute, burn.long)) };
  }
  throw new Error(`it does not fire in ${minutes} minutes`);
};
