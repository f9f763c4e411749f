import { createTraceSampler } from "#telemetry/trace-sampler";
import fc from "fast-check";
import { expect, test } from "vitest";

const caller = (sampled: boolean) => ({ traceId: "a".repeat(32), spanId: "b".repeat(16), sampled });

const sampler = (ratio: number, random = Math.random) => {
  let now = 0;
  let throttled = 0;
  const made = createTraceSampler({ ratio, random, now: () => now, onThrottled: () => void throttled++ });
  return { ...made, pass: (ms: number) => void (now += ms), throttled: () => throttled };
};

const taken = (times: number, take: () => boolean) => Array.from({ length: times }, take).filter(Boolean).length;

test("nothing at 0, everything at 1", () => {
  expect(taken(1_000, sampler(0).samples)).toBe(0);
  expect(taken(1_000, sampler(1).samples)).toBe(1_000);
});

test("the ratio is kept, whatever it is, and can be changed", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 - 2 }), fc.constantFrom(0.001, 0.01, 0.1, 0.5, 0.9), (seed, ratio) => {
      // a plain generator of the seed, so that a failure can be played again
      let state = seed;
      const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
      const times = 200_000;
      const made = sampler(0, random);
      made.setRatio(ratio);
      const deviation = Math.sqrt(times * ratio * (1 - ratio));
      expect(Math.abs(taken(times, () => made.samples()) - times * ratio)).toBeLessThan(6 * deviation);
    }),
    { numRuns: 20 },
  );
});

test("who began the trace decides, up to a hundred a second", () => {
  const made = sampler(0);
  expect(made.samples(caller(false))).toBe(false);
  expect(taken(500, () => made.samples(caller(true)))).toBe(100);
  expect(made.throttled()).toBe(400);
  made.pass(500);
  expect(taken(500, () => made.samples(caller(true)))).toBe(50);
});

test("a caller that does not want a trace gets none at any ratio", () => {
  expect(taken(1_000, () => sampler(1).samples(caller(false)))).toBe(0);
});

test("failures share the hundred with those that ask", () => {
  const made = sampler(0);
  expect(taken(60, () => made.samples(caller(true)))).toBe(60);
  expect(taken(60, made.samplesLate)).toBe(40);
  expect(made.throttled()).toBe(20);
});
