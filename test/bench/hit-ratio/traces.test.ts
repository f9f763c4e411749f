// The traces are what they say they are, and the same every time.
import { expect, test } from "vitest";
import { seeded, zipf } from "./random.ts";
import { recordedTrace, scannedTrace, shiftingTrace, syntheticTraces } from "./traces.ts";

const scale = { keys: 1000, requests: 20_000, seed: 7 };
const part = (requests: Uint32Array, accept: (key: number) => boolean) => requests.filter(accept).length / requests.length;

test("the same seed gives the same trace, another seed another", () => {
  expect(syntheticTraces(scale)).toEqual(syntheticTraces(scale));
  expect(syntheticTraces(scale)).not.toEqual(syntheticTraces({ ...scale, seed: 8 }));
});

test("ranks are as frequent as Zipf's law has them", () => {
  const [count, draws] = [100, 200_000];
  const next = zipf(count, 1, seeded(1));
  const seen = new Float64Array(count);
  for (let i = 0; i < draws; i++) seen[next()]! += 1 / draws;
  const sum = Array.from({ length: count }, (_, rank) => 1 / (rank + 1)).reduce((a, b) => a + b);
  for (const rank of [0, 1, 9, 99]) expect(seen[rank]).toBeCloseTo(1 / (rank + 1) / sum, 2);
});

test("one request in five belongs to the scan, whose keys nobody else asks for", () => {
  expect(part(scannedTrace(scale).requests, (key) => key >= scale.keys)).toBeCloseTo(0.2, 1);
});

test("the hottest key changes with the phases", () => {
  const { requests } = shiftingTrace(scale);
  const hottest = (from: number) => {
    const counts = new Map<number, number>();
    for (const key of requests.subarray(from, from + scale.requests / 10)) counts.set(key, (counts.get(key) ?? 0) + 1);
    return [...counts].toSorted((a, b) => b[1] - a[1])[0]?.[0];
  };
  expect([hottest(0), hottest(scale.requests / 2), hottest((scale.requests * 9) / 10)]).toEqual([0, 5, 9]);
});

test("the recorded trace is whole", () => {
  const { keys, requests } = recordedTrace();
  expect([keys, requests.length, new Set(requests).size]).toEqual([82_416, 500_000, 82_416]);
});
