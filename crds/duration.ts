// Durations as users write them ("90s", "10m", "1h30m"): the subset of Go's syntax that Prometheus and Kubernetes both accept.

const unit: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** Largest unit first, each at most once. It also matches the empty text, which is no duration. */
export const durationPattern = "^(\\d{1,6}h)?(\\d{1,6}m)?(\\d{1,6}s)?(\\d{1,6}ms)?$";

const expression = new RegExp(durationPattern);

export const isDuration = (text: string): boolean => text !== "" && expression.test(text);

/** Milliseconds. Throws RangeError when the text is not a duration. */
export const parseDuration = (text: string): number => {
  if (!isDuration(text)) throw new RangeError(`not a duration: ${JSON.stringify(text)}`);
  let total = 0;
  for (const [, digits = "", name = ""] of text.matchAll(/(\d+)(ms|s|m|h)/g)) total += Number(digits) * (unit[name] ?? 0);
  return total;
};
