// What the operator shows: the names that dashboards know, every series from the start, and no more of them than the catalogue says.
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { closedSeries, sampleBound, type MetricDef } from "#telemetry/catalogue";
import { createTelemetry } from "#telemetry/instruments";
import { operatorMetrics } from "../../operator/metrics.ts";
import { expectGolden } from "../support/golden.ts";

const defs: readonly (readonly [string, MetricDef])[] = Object.entries(operatorMetrics);
const samplesOf = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const isOfResource = ([, def]: readonly [string, MetricDef]) => def.labels?.["kvresponder"] !== undefined;

test("names, types and labels are a contract", () => {
  const lines = defs.map(([name, { type, labels }]) => `${name} ${type} {${Object.keys(labels ?? {}).join(",")}}\n`);
  expectGolden(resolve(import.meta.dirname, "../golden/metrics/operator.output.txt"), lines.toSorted().join(""));
});

test("every series whose labels are known exists before the first reconcile", async () => {
  const lines = samplesOf(await createTelemetry(operatorMetrics, { processMetrics: false }).render());
  for (const [name, def] of defs) {
    for (const labels of closedSeries(def) ?? []) {
      const inner = Object.entries(labels).map(([k, v]) => `${k}="${v}"`);
      expect(lines).toContain(`${name}${def.type === "histogram" ? "_count" : ""}${inner.length > 0 ? `{${inner.join(",")}}` : ""} 0`);
    }
  }
});

test("without resources it is at most 500 samples, process and Node included; each resource may add 34, of which 14 are there at a time", async () => {
  const own = defs.filter((entry) => !isOfResource(entry)).reduce((n, [, def]) => n + sampleBound(def), 0);
  const ofProcess = samplesOf(await createTelemetry({}).render()).length;
  expect(own + ofProcess).toBeLessThanOrEqual(500);
  expect(defs.filter(isOfResource).reduce((n, [, def]) => n + sampleBound(def), 0)).toBeLessThanOrEqual(34 * 1_000);
});

test("a resource is named by resource_namespace and kvresponder, so that the scrape's own namespace label stays free", () => {
  for (const [name, { labels = {} }] of defs) {
    expect(Object.keys(labels), name).not.toContain("namespace");
    expect("kvresponder" in labels, name).toBe("resource_namespace" in labels);
  }
});
