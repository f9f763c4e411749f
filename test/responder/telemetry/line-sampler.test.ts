import { createLineSampler } from "#telemetry/line-sampler";
import { expect, test } from "vitest";

const open = () => {
  let now = 0;
  const { next } = createLineSampler(() => now);
  return { next, pass: (ms: number) => void (now += ms), many: (times: number, sample: number) => Array.from({ length: times }, () => next(sample)).filter((stands) => stands > 0) };
};

test("the first, and then one in so many, which stands for those since the last", () => {
  expect(open().many(301, 100)).toEqual([1, 100, 100, 100]);
});

test("at most a hundred a second; the lines stand for all the same", () => {
  const { many, pass } = open();
  const lines = many(100_000, 10);
  expect(lines).toHaveLength(100);
  pass(1_000);
  const later = many(1_000, 10);
  expect([...lines, ...later].reduce((sum, n) => sum + n)).toBeGreaterThan(100_000);
  expect(later).toHaveLength(100);
});

test("1 is each, however many", () => {
  expect(open().many(5_000, 1)).toEqual(Array.from({ length: 5_000 }, () => 1));
});

test("another sample takes effect at once", () => {
  const { many } = open();
  many(1, 1_000_000);
  expect(many(50, 1_000_000)).toEqual([]);
  expect(many(3, 1)).toEqual([51, 1, 1]);
  expect(many(30, 10)).toEqual([10, 10, 10]);
  expect(many(5, 1_000)).toEqual([]);
});
