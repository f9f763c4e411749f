// Durations: the syntax that Go, Prometheus and we all read the same way.
import { durationPattern, isDuration, parseDuration } from "#crds/duration";
import fc from "fast-check";
import { expect, test } from "vitest";

test.each([
  ["1ms", 1],
  ["0s", 0],
  ["90s", 90_000],
  ["10m", 600_000],
  ["1h30m", 5_400_000],
  ["1h2m3s4ms", 3_723_004],
  ["999999h", 3_599_996_400_000],
])("%s is %d ms", (text, expected) => expect(parseDuration(text)).toBe(expected));

// each of these means something to Go or to Prometheus, but not to both
test.each(["", "1", "0", "s", "1d", "1w", "1.5h", "-1s", "+1s", "1us", "1µs", "30m1h", "1s1s", "1s ", " 1s", "1S", "1000000s", "1s\n"])("%j is no duration", (text) => {
  expect(isDuration(text)).toBe(false);
  expect(() => parseDuration(text)).toThrow(RangeError);
});

test("the parts of a duration add up", () =>
  fc.assert(
    fc.property(fc.nat(999_999), fc.nat(999_999), fc.nat(999_999), fc.nat(999_999), (h, m, s, ms) => {
      expect(parseDuration(`${h}h${m}m${s}s${ms}ms`)).toBe(((h * 60 + m) * 60 + s) * 1000 + ms);
    }),
  ));

test("the longest one is far inside what Go can hold: 2^63 nanoseconds", () => {
  const longest = "999999h999999m999999s999999ms";
  expect(new RegExp(durationPattern).test(longest)).toBe(true);
  expect(BigInt(parseDuration(longest)) * 1_000_000n).toBeLessThan(2n ** 63n);
});
