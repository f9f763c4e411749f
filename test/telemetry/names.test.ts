// Goldens of what both programs show: every name, type and label. Dashboards and alerts of others hang on them, so a change is a decision.
import { join } from "node:path";
import { responderMetrics } from "#contract/metrics";
import type { Catalogue, LabelValues } from "#telemetry/catalogue";
import { createTelemetry } from "#telemetry/instruments";
import { expect, test } from "vitest";
import { operatorMetrics } from "../../operator/metrics.ts";
import { expectGolden } from "../support/golden.ts";

const valuesOf = (values: LabelValues) => ("open" in values ? "*" : values.join("|"));
const labelsOf = (catalogue: Catalogue, name: string) => Object.entries(catalogue[name]?.labels ?? {}).map(([label, values]) => ` ${label}=${valuesOf(values)}`);
const boundsOf = (catalogue: Catalogue, name: string) => (catalogue[name]?.buckets ? ` le=${catalogue[name].buckets.join("|")}|+Inf` : "");

/** A line for each family of the exposition. */
const shown = async (catalogue: Catalogue): Promise<string> => {
  const text = await createTelemetry(catalogue).render();
  const families = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type]) => `${name} ${type}${labelsOf(catalogue, name).join("")}${boundsOf(catalogue, name)}\n`);
  return families.toSorted().join("");
};

const programs: readonly (readonly [string, Catalogue])[] = [
  ["responder", responderMetrics],
  ["operator", operatorMetrics],
];

test.each(programs)("what the %s shows is what it showed before", async (program, catalogue) => expectGolden(join(import.meta.dirname, `${program}-names.output.txt`), await shown(catalogue)));

test.each(programs)("every family of the %s says what it means, and has its own name in OpenMetrics too", async (_, catalogue) => {
  const text = await createTelemetry(catalogue).render("openMetrics");
  const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name);
  expect(new Set(names).size).toBe(names.length);
  expect([...text.matchAll(/^# HELP (\S+) \S.*\.$/gm)].map(([, name]) => name)).toEqual(expect.arrayContaining(Object.keys(catalogue).map((name) => (catalogue[name]?.type === "counter" ? name.replace(/_total$/, "") : name))));
});
