// Thousands of schedules of faults against the very code of store, membership, links and merge, on virtual time.
import fc from "fast-check";
import { expect, test } from "vitest";
import { schedules } from "./schedule.ts";
import { simulate } from "./simulate.ts";

const runs = Number(process.env["SIM_RUNS"] ?? 2_000);
const seed = process.env["FC_SEED"];

test(`${runs} schedules: all pods end alike, nothing goes back, nothing deleted returns`, { timeout: 3_600_000 }, () => {
  let operations = 0;
  let evicting = 0;
  fc.assert(
    fc.property(schedules, (schedule) => {
      const outcome = simulate(schedule);
      operations += outcome.operations;
      if (outcome.evicted) evicting++;
    }),
    { numRuns: runs, ...(seed !== undefined && { seed: Number(seed) }) },
  );
  console.log(`${runs} schedules, ${operations} operations and looks, ${evicting} schedules with evictions or forgotten deletions`);
  expect(operations).toBeGreaterThan(runs);
});
