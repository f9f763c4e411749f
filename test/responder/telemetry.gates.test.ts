// Holds what all telemetry together costs a GET: a part of the GET, because microseconds are not the same from one hour of a shared machine to the next.
import { test } from "vitest";
import { cpuRounds, expectGoals } from "../bench/harness/gate.ts";
import { compareTelemetry, overheadGate } from "../bench/telemetry/compare.ts";

test("metrics, logs and traces together cost a GET next to nothing", { timeout: 600_000 }, () =>
  expectGoals(async () => {
    const results = await compareTelemetry({ parts: ["all"], textbooks: [], rounds: 9, warmUps: 3, seconds: 1, judgedBy: ["cpu"] });
    return { goals: [overheadGate(results)], rounds: cpuRounds([...results.nothing, ...results.parts]) };
  }),
);
