// The clock that is read once for many operations.
import { expect, test } from "vitest";
import { createTurnClock } from "#lib/turn-clock";

const manual = (wall: number) => {
  const at = { wall, monotonic: 5.5 };
  return { at, clock: { wall: () => at.wall, monotonic: () => at.monotonic } };
};

test("follows the monotonic clock from the wall time of the start, whatever becomes of the wall", () => {
  const { at, clock } = manual(1_000);
  const turn = createTurnClock(clock);
  at.monotonic += 40;
  at.wall = 17;
  expect(turn.now()).toBe(1_000);
  expect(turn.tick()).toBe(1_040);
  expect(turn.now()).toBe(1_040);
});

test("a clock that was ahead and is corrected stands still until time has come up, and never goes back", () => {
  const { at, clock } = manual(11_000);
  const turn = createTurnClock(clock);
  at.monotonic += 100;
  at.wall = 1_100;
  expect(turn.tick()).toBe(11_100);
  turn.correct();
  at.monotonic += 9_000;
  at.wall += 9_000;
  expect(turn.tick()).toBe(11_100);
  at.monotonic += 1_500;
  expect(turn.tick()).toBe(11_600);
});

test("a clock that was behind and is corrected goes on from the true time", () => {
  const { at, clock } = manual(1_000);
  const turn = createTurnClock(clock);
  at.wall = 60_000;
  expect(turn.tick()).toBe(1_000);
  turn.correct();
  at.monotonic += 10;
  expect(turn.tick()).toBe(60_010);
});
