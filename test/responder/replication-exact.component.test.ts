// Holds replication to what is exact in docs/performance.md: nothing stays different, nothing comes back, no write waits, and a frozen peer costs bits.
import { expect, test } from "vitest";
import { inWords, met } from "../bench/harness/goal.ts";
import { compareHealing } from "../bench/replication/convergence.ts";
import { compareFrozen } from "../bench/replication/frozen.ts";
import { backlogBytes, backlogGoal } from "../bench/replication/ways-compared.ts";

const limitMs = 240_000;

test("a million records that a frozen peer has not got take less than a mebibyte", { timeout: limitMs }, async () => {
  const backlog = await backlogBytes();
  expect(backlog.owed).toBeGreaterThan(900_000);
  const goal = backlogGoal(backlog);
  expect(met(goal), inWords(goal)).toBe(true);
});

test("every write is answered while a peer is frozen", { timeout: limitMs }, async () => {
  const { frozen } = await compareFrozen(1, 2);
  expect(frozen.map(({ sets, setsAnswered }) => sets - setsAnswered)).toEqual([0]);
});

test("after a cut with conflicting writes all pods answer alike, and nothing deleted is back", { timeout: limitMs }, async () => {
  const healings = await compareHealing(1, 5);
  for (const healing of healings) expect({ ...healing, isFromConflicts: healing.conflicts > 1_000 }).toMatchObject({ different: 0, resurrected: 0, isFromConflicts: true });
});
