// docs/metrics.md is what the catalogues say, and a reader finds every metric in it once.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { responderMetrics } from "#contract/metrics";
import { expect, test } from "vitest";
import { metricsPage } from "../../operator/metrics-page.ts";
import { operatorMetrics } from "../../operator/metrics.ts";

const page = metricsPage();

test("the page is the generated one", () => expect(readFileSync(resolve(import.meta.dirname, "../../docs/metrics.md"), "utf8")).toBe(page));

test("every metric has one row, of five cells", () => {
  const rows = page.split("\n").filter((line) => line.startsWith("| `"));
  expect(rows.map((row) => /`(\w+)`/.exec(row)?.[1])).toEqual([...Object.keys(responderMetrics), ...Object.keys(operatorMetrics)]);
  for (const row of rows) expect(row.split("|"), row).toHaveLength(7);
});
