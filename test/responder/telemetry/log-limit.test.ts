import { createLimited, createLimits } from "#telemetry/log-limit";
import { expect, test } from "vitest";

test("the first time is told, then once a minute, with how often it happened", () => {
  let now = 5;
  const told: number[] = [];
  const limited = createLimited({ monotonic: () => now });
  const happens = () => limited((times) => told.push(times));
  happens();
  happens();
  happens();
  expect(told).toEqual([1]);
  now += 59_999;
  happens();
  expect(told).toEqual([1]);
  now += 1;
  happens();
  expect(told).toEqual([1, 4]);
});

test("a few lines a minute, where more may be told", () => {
  const told: number[] = [];
  const limited = createLimited({ monotonic: () => 0 }, 2);
  for (let i = 0; i < 5; i++) limited((times) => told.push(times));
  expect(told).toEqual([1, 1]);
});

test("each kind has its own limit, and kinds without end share one", () => {
  const limit = createLimits({ monotonic: () => 0 });
  const told: string[] = [];
  for (let i = 0; i < 500; i++) limit(`kind ${i}`)(() => told.push(`kind ${i}`));
  limit("kind 0")(() => told.push("again"));
  expect(told).toHaveLength(65);
  expect(told).not.toContain("again");
});
