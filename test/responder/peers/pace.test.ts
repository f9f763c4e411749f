import fc from "fast-check";
import { expect, test } from "vitest";
import { delayMs } from "../../../responder/peers/pace.ts";

const middle = 0.5;
const calm = { failures: 0, eager: false, ttl: 5 };

test.each([
  ["the TTL", { ...calm, ttl: 5 }, 5_000],
  ["at least a second", { ...calm, ttl: 0 }, 1_000],
  ["at most ten", { ...calm, ttl: 86_400 }, 10_000],
  ["every second while an answer is awaited", { ...calm, eager: true, ttl: 30 }, 1_000],
  ["a second after the first failure", { ...calm, failures: 1 }, 1_000],
  ["twice as long after each further one", { ...calm, failures: 3 }, 4_000],
  ["a failure counts more than haste", { ...calm, failures: 3, eager: true }, 4_000],
])("%s", (_, pace, ms) => expect(delayMs(pace, middle)).toBe(ms));

const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

test("jitter stays between 0.75 and 1.25 of the time, uses both ends, and a failing server is asked at least every 10 s", () => {
  const pace = fc.record({ failures: fc.nat(5_000), eager: fc.boolean(), ttl: fc.nat(2 ** 31 - 1) });
  fc.assert(
    fc.property(pace, random, (pace, random) => {
      const without = delayMs(pace, middle);
      const delay = delayMs(pace, random);
      expect(delay).toBeGreaterThanOrEqual(0.75 * without);
      // not below: the last doubles before 1 round up to the end
      expect(delay).toBeLessThanOrEqual(1.25 * without);
      expect(delay).toBeGreaterThanOrEqual(750);
      expect(delay).toBeLessThanOrEqual(pace.failures > 0 ? 10_000 : 12_500);
      expect(delayMs(pace, 0)).toBe(0.75 * without);
      expect(delayMs(pace, 1 - Number.EPSILON)).toBeCloseTo(1.25 * without, 3);
    }),
  );
});
