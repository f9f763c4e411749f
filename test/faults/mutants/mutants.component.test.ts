// Each mistake is put into the code, and the simulation has to notice: how do we know that it would?
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { compileCache } from "../../support/compile-cache.ts";
import { mutants } from "./mutants.ts";

const run = promisify(execFile);
const file = (name: string) => resolve(import.meta.dirname, name);
/** Schedules until a mistake counts as not noticed; as the code is, each shows within a few after those that are passed over. */
const most = 3_000;
const atOnce = 2;

interface Found {
  readonly caught: boolean;
  readonly runs: number;
  readonly why: string;
}

const hunt = async (number: number): Promise<Found> => {
  const args = ["--import", file("load.child.ts"), file("hunt.child.ts"), String(most)];
  // exits 1 when it found nothing, and says so all the same
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, ...compileCache, MUTANT: String(number) }, maxBuffer: 2 ** 24 }).catch((err: { stdout?: string; stderr?: string }) => {
    if (!err.stdout) throw new Error(`the hunt itself failed: ${err.stderr ?? ""}`);
    return { stdout: err.stdout };
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Found;
};

test("every mutant is caught", { timeout: 3_600_000 }, async () => {
  const found: Found[] = [];
  const waiting = mutants.map((_, number) => number);
  const work = async () => {
    for (let number = waiting.shift(); number !== undefined; number = waiting.shift()) found[number] = await hunt(number);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  const rows = mutants.map(({ name }, i) => `${found[i]?.caught ? "caught" : "MISSED"} after ${String(found[i]?.runs).padStart(4)} schedules: ${name}${found[i]?.caught ? ` (${found[i].why})` : ""}`);
  const caught = found.filter((each) => each.caught).length;
  console.log([...rows, `${caught} of ${mutants.length} mutants caught`].join("\n"));
  expect(found.flatMap((each, i) => (each.caught ? [] : [mutants[i]?.name]))).toEqual([]);
});
