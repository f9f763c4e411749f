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

test("each kind has its own limit, and kinds without end at one time share one", () => {
  const limit = createLimits({ monotonic: () => 0 });
  const told: string[] = [];
  for (let i = 0; i < 500; i++) limit(`kind ${i}`)(() => told.push(`kind ${i}`));
  limit("kind 0")(() => told.push("again"));
  expect(told).toHaveLength(65);
  expect(told).not.toContain("again");
});

test("over a long life kinds come and go without end, and each has a limit of its own while it is in use", () => {
  let now = 0;
  const limit = createLimits({ monotonic: () => now });
  const told: string[] = [];
  const happens = (kind: string) => limit(kind)((times) => told.push(`${kind} ${times}`));
  for (let i = 0; i < 500; i++, now += 60_000) {
    happens(`gone ${i}`);
    happens(`gone ${i}`);
    happens("always there");
  }
  expect(told.filter((line) => line.startsWith("gone"))).toEqual(Array.from({ length: 500 }, (_, i) => `gone ${i} 1`));
  expect(told.filter((line) => line.startsWith("always"))).toEqual(Array.from({ length: 500 }, () => "always there 1"));
});

test("what goes on keeps its limit while others come and go", () => {
  let now = 0;
  const limit = createLimits({ monotonic: () => now });
  const told: number[] = [];
  let passing = 0;
  for (let i = 0; i < 500; i++, now += 1_000) {
    limit("goes on")((times) => told.push(times));
    limit(`passing ${i}`)(() => passing++);
  }
  expect(passing).toBe(500);
  // once a minute, and nothing is missing in the counts
  expect(told).toEqual([1, 60, 60, 60, 60, 60, 60, 60, 60]);
});
