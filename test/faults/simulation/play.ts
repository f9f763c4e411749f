// Plays many schedules and says what they came to; a failing one is shrunk and printed, with the seed that replays it.
import fc from "fast-check";
import { expect } from "vitest";
import { schedulesOf } from "./schedule.ts";
import { simulate } from "./simulate.ts";

export interface Play {
  /** Schedules to be played. */
  readonly runs: number;
  /** Ends earlier, without failing, after so many minutes. */
  readonly minutes?: number;
  /** The same schedules every time, so that a red run tells of the code; long runs draw new ones. */
  readonly seed: number;
}

/** SIM_RUNS, SIM_MINUTES and FC_SEED of the environment come first. */
export const playSchedules = ({ runs: given, minutes: most, seed: start }: Play): void => {
  const { SIM_RUNS, SIM_MINUTES, FC_SEED } = process.env;
  const minutes = SIM_MINUTES === undefined ? most : Number(SIM_MINUTES);
  const runs = SIM_MINUTES === undefined ? Number(SIM_RUNS ?? given) : 1_000_000_000;
  const drawn = SIM_MINUTES === undefined ? start : undefined;
  const seed = FC_SEED === undefined ? drawn : Number(FC_SEED);
  let played = 0;
  let operations = 0;
  let forgetful = 0;
  let longest = 0;
  fc.assert(
    fc.property(schedulesOf(), (schedule) => {
      const outcome = simulate(schedule);
      played++;
      operations += outcome.operations;
      if (outcome.evicted) forgetful++;
      else longest = Math.max(longest, outcome.settledMs);
    }),
    { numRuns: runs, ...(seed !== undefined && { seed }), ...(minutes !== undefined && { interruptAfterTimeLimit: minutes * 60_000 }) },
  );
  console.log(`${played} schedules, ${operations} operations and looks; all alike at most ${longest / 1000} s (virtual) after the last fault; ${forgetful} with evictions or forgotten deletions`);
  expect(played).toBeGreaterThan(0);
  expect(forgetful).toBeGreaterThan(0);
};
