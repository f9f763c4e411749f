// What kvr advises is what docs/status-conditions.md says, and every reason of the code has its row there.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { hintsModule, hintsOf } from "../../../operator/hints-table.ts";

const read = (path: string): string => readFileSync(resolve(import.meta.dirname, "../../..", path), "utf8");

test("rows with something to do are taken, links as their text", () => {
  const page = "## Ready\n| reason | status | meaning | what to do |\n|---|---|---|---|\n| `A` | False | x | read [the page](a.md#b) |\n| `B` | True | x | nothing; it is off |\n## Stalled\n| `A` | True | x | as for Ready |\n| `C` | True | x | wait |\n";
  expect(hintsOf(page)).toEqual({ Ready: { A: "read the page" }, Stalled: { C: "wait" } });
});

test("the hints are fresh: make generate", () => expect(read("operator/cli/status/hints.ts")).toBe(hintsModule(read("docs/status-conditions.md"))));
