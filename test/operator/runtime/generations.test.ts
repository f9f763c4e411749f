// How long a change of a spec waits for its answer.
import { expect, test } from "vitest";
import { createGenerations } from "../../../operator/runtime/generations.ts";
import { manualTime } from "../../support/manual-time.ts";

const a = { namespace: "team", name: "a" };
const at = (generation: number, observedGeneration?: number, more: object = {}) => ({ metadata: { ...a, generation, ...more }, ...(observedGeneration !== undefined && { status: { observedGeneration } }) });

const setUp = () => {
  const time = manualTime();
  const lags: number[] = [];
  return { time, lags, generations: createGenerations(time, (seconds) => lags.push(seconds)) };
};

test("from the first event of a generation to the status that observed it, once", () => {
  const { time, lags, generations } = setUp();
  generations.seen(at(1));
  time.advance(1_000);
  generations.seen(at(1));
  time.advance(500);
  generations.answered(a, 1);
  generations.answered(a, 1);
  expect(lags).toEqual([1.5]);
});

test("what was answered before this operator saw it is no lag", () => {
  const { lags, generations } = setUp();
  generations.seen(at(4, 4));
  generations.answered(a, 4);
  expect(lags).toEqual([]);
});

test("a change during a reconcile waits for the next answer, from when it was seen", () => {
  const { time, lags, generations } = setUp();
  generations.seen(at(2, 1));
  time.advance(1_000);
  generations.seen(at(3, 1));
  time.advance(1_000);
  generations.answered(a, 2);
  expect(lags).toEqual([2]);
  time.advance(1_000);
  generations.answered(a, 3);
  expect(lags).toEqual([2, 2]);
});

test("a status that skips generations answers them all; more than eight are not kept", () => {
  const { lags, generations } = setUp();
  for (let generation = 1; generation <= 20; generation++) generations.seen(at(generation));
  generations.answered(a, 20);
  expect(lags).toHaveLength(8);
});

test("a deletion waits for no answer, and nothing is kept of what is gone", () => {
  const { lags, generations } = setUp();
  generations.seen(at(2, 1, { deletionTimestamp: "2026-01-01T00:00:00Z" }));
  generations.answered(a, 2);
  generations.seen(at(3, 1));
  generations.forget(a);
  generations.answered(a, 3);
  expect(lags).toEqual([]);
});
