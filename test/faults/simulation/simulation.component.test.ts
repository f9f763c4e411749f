// Hundreds of schedules of faults against the very code of store, membership, links and merge, on virtual time; `make soak` plays thousands of others, SIM_MINUTES=20 as many as there is time for.
import { test } from "vitest";
import { playSchedules } from "./play.ts";

test("all pods end alike, nothing goes back, nothing deleted returns", { timeout: 7_200_000 }, () => playSchedules({ runs: 500, seed: 2 }));
