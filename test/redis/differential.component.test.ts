// Random command sequences, played on ours and on a real Redis: every reply is the same. FC_SEED repeats a run, FC_RUNS makes it longer.
import fc from "fast-check";
import { expect, test } from "vitest";
import { play, type Tally } from "./play.ts";
import { families, sequences } from "./sequences.ts";
import { supported } from "./supported.ts";
import { besideRedis } from "./targets.ts";

const seed = Number(process.env.FC_SEED ?? 1);
const runs = Number(process.env.FC_RUNS ?? 350);
/** Commands, in the usual number of runs. */
const enough = 20_000;

/** In the table, but tested elsewhere: AUTH needs a token; the others are not in the Redis that we compare with, or differ on purpose. */
const elsewhere = new Set(["auth", "client|setinfo", "client|no-touch", "config|set"]);

test("every command of the table is among the random ones, or is known to be tested elsewhere", () => {
  expect(supported.filter((name) => !(name in families) && !elsewhere.has(name))).toEqual([]);
});

besideRedis((servers) => {
  test("every reply is the same", { timeout: 60_000 + runs * 200 }, async () => {
    const names = new Set(supported);
    const tally: Tally = new Map(supported.map((name) => [name, { sent: 0, done: 0 }]));
    let commands = 0;
    await fc.assert(
      fc.asyncProperty(sequences((name) => names.has(name), 40), async (sequence) => {
        commands += await play(servers(), sequence, tally);
      }),
      { seed, numRuns: runs },
    );
    if (process.env.FC_RUNS === undefined) {
      expect(commands).toBeGreaterThanOrEqual(enough);
      expect([...tally].filter(([name, { done }]) => done === 0 && !elsewhere.has(name))).toEqual([]);
    }
  });
});
