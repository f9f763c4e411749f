// Plays schedules until one fails: exits 0 when it was caught and says after how many, 1 when all passed.
import fc from "fast-check";
import { schedulesOf } from "../simulation/schedule.ts";
import { mutants } from "./mutants.ts";
import { simulate } from "../simulation/simulate.ts";

const [runs = "500"] = process.argv.slice(2);
const mutant = mutants[Number(process.env["MUTANT"])];
const result = fc.check(
  fc.property(schedulesOf(mutant?.profile), (schedule) => void simulate(schedule)),
  { numRuns: Number(runs), seed: 1, path: String(mutant?.passOver ?? 0), endOnFailure: true },
);
console.log(JSON.stringify({ caught: result.failed, runs: result.numRuns, why: result.failed ? String((result as { errorInstance?: Error }).errorInstance?.message ?? "").slice(0, 200) : "" }));
process.exitCode = result.failed ? 0 : 1;
