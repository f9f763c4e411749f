// Holds replication to 0.85 of docs/performance.md's goal for what a record costs against the usual way.
import { test } from "vitest";
import { expectGoals } from "../bench/harness/gate.ts";
import { compareWays, wayGoals } from "../bench/replication/ways-compared.ts";

test("a record costs a fraction of what a POST for each key costs", { timeout: 600_000 }, () =>
  expectGoals(async () => {
    const compared = await compareWays(5, 0.2);
    // the other goals are microseconds, which are the machine's
    const [cheaper] = wayGoals(compared);
    if (!cheaper) throw new Error("there is no goal");
    return { goals: [cheaper], rounds: compared.rounds.map((round) => JSON.stringify(round)) };
  }),
);
