// What people read when the API server refuses their KVResponder: invalid/X.input.yaml beside X.output.txt, in kubectl's words.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseResource } from "#crds/parse";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { Cluster } from "../cluster/index.ts";
import { expectGolden, goldenCases, orphans } from "../support/golden.ts";
import { startWithCrd } from "./installed.ts";

const folder = join(import.meta.dirname, "invalid");
const suffixes = [".input.yaml", ".output.txt"] as const;

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startWithCrd();
});
afterAll(() => cluster?.stop());

/** kubectl's error, without the command that we gave; several problems come in no fixed order. */
const refusal = async (yaml: string): Promise<string> => {
  const args = ["create", "--dry-run=server", "-f", "-"];
  const text = await cluster.kubectl(...args, { input: yaml }).then(
    () => "accepted",
    (error: Error) => error.message.replace(`kubectl ${args.join(" ")}: `, ""),
  );
  const [head = "", ...problems] = text.split("\n");
  return `${[head, ...problems.toSorted()].join("\n")}\n`;
};

/** What a message may not be: an expression to decipher, or the machinery that found the problem. */
const unreadable = /\[a-z|\^\(|in body should match|no such key|evaluating rule|self\./;

describe("a refusal says what is wrong in words", () => {
  test.concurrent.each(goldenCases(folder, ...suffixes))("$name", async ({ input, output }) => {
    const yaml = readFileSync(input, "utf8");
    const said = await refusal(yaml);
    expect(said).not.toBe("accepted\n");
    expect(said).not.toMatch(unreadable);
    expectGolden(output, said);
  });
});

test.each(goldenCases(folder, ...suffixes))("kvr names the same fields for $name", ({ input, output }) => {
  const parsed = parseResource(parse(readFileSync(input, "utf8")));
  const ours = parsed.ok ? [] : parsed.problems.map((problem) => problem.split(":", 1)[0] ?? "");
  const theirs = [...readFileSync(output, "utf8").matchAll(/(?:^\* |is invalid: |unknown field ")((?:metadata|spec)\.[\w.]+(?:\[[^\]]+\])?)/gm)].map(([, field]) => field);
  expect([...new Set(ours)].toSorted()).toEqual([...new Set(theirs)].toSorted());
});

test("no output without its input", () => expect(orphans(folder, ...suffixes)).toEqual([]));
