// docs/status-conditions.md and crds/conditions.ts name the same conditions and reasons, in the same order.
import { readFileSync } from "node:fs";
import { conditionReasons } from "#crds/conditions";
import { expect, test } from "vitest";

interface Row {
  readonly reason: string;
  readonly status: string;
  readonly cells: readonly string[];
}

/** "## Type", prose, then a table of reasons. */
const documented = (markdown: string): Record<string, Row[]> =>
  Object.fromEntries(
    markdown
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const rows = [...section.matchAll(/^\| `(\w+)` \| (\w+) \| (.+) \| (.+) \|$/gm)].map(([, reason = "", status = "", meaning = "", advice = ""]) => ({ reason, status, cells: [meaning, advice] }));
        return [section.split("\n", 1)[0] ?? "", rows];
      }),
  );

const doc = documented(readFileSync("docs/status-conditions.md", "utf8"));

test("every condition has its section, and there is no other", () => expect(Object.keys(doc)).toEqual(Object.keys(conditionReasons)));

test.each(Object.entries(conditionReasons))("every reason of %s is explained, and no other", (type, reasons) => {
  expect(doc[type]?.map((row) => row.reason)).toEqual(reasons);
  for (const { status, cells } of doc[type] ?? []) {
    expect(["True", "False", "Unknown"]).toContain(status);
    for (const cell of cells) expect(cell.trim()).not.toBe("");
  }
});

test("no line of a table is left out by its form", () => {
  const lines = readFileSync("docs/status-conditions.md", "utf8").match(/^\| `/gm)?.length;
  expect(Object.values(doc).flat()).toHaveLength(lines ?? 0);
});
