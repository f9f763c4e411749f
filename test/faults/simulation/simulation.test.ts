// A first look, in seconds: schedules of faults against the very code of store, membership, links and merge, on virtual time.
import { test } from "vitest";
import { playSchedules } from "./play.ts";

test("all pods end alike, nothing goes back, nothing deleted returns", { timeout: 600_000 }, () => playSchedules({ runs: 150, seed: 1 }));
