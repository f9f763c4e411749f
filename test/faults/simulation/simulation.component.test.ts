// Thousands of schedules of faults against the very code of store, membership, links and merge, on virtual time; SIM_MINUTES=20 for a long run.
import { test } from "vitest";
import { playSchedules } from "./play.ts";

test("all pods end alike, nothing goes back, nothing deleted returns", { timeout: 7_200_000 }, () => playSchedules({ runs: 2_000, seed: 2 }));
