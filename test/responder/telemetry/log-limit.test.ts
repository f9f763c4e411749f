import { createLimited } from "#telemetry/log-limit";
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
