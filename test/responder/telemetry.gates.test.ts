// Holds all telemetry together to 0.85 of its goal, 1.5 us of processor time a GET.
import { test } from "vitest";
import { cpuRounds, expectGoals } from "../bench/harness/gate.ts";
import { compareTelemetry, overheadGoal } from "../bench/telemetry/compare.ts";

test("metrics, logs and traces together cost a GET next to nothing", { timeout: 600_000 }, () =>
  expectGoals(async () => {
    const results = await compareTelemetry({ parts: ["all"], textbooks: [], rounds: 9, warmUps: 3, seconds: 1, judgedBy: ["cpu"] });
    return { goals: [overheadGoal(results)], rounds: cpuRounds([...results.nothing, ...results.parts]) };
  }),
);
