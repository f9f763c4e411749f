import { methods, responderMetrics, routes } from "#contract/metrics";
import { closedSeries, defineCatalogue, sampleBound } from "#telemetry/catalogue";
import { createTelemetry } from "#telemetry/instruments";
import { gcBuckets } from "#telemetry/platform-series";
import { expect, expectTypeOf, test } from "vitest";

const samplesOf = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const value = (text: string, series: string) => Number(samplesOf(text).find((line) => line.startsWith(`${series} `))?.slice(series.length + 1) ?? Number.NaN);

const catalogue = defineCatalogue({
  jobs_total: { type: "counter", help: "Jobs.", labels: { kind: ["a", "b"], result: ["ok", "error"] }, series: [{ kind: ["a"], result: ["ok", "error"] }, { kind: ["b"], result: ["ok"] }] },
  ticks_total: { type: "counter", help: "Ticks." },
  ready: { type: "gauge", help: "Ready.", labels: { resource: { open: true, bound: 10 }, kind: ["a", "b"] } },
  depth: { type: "gauge", help: "Depth." },
  wait_seconds: { type: "histogram", help: "Wait.", labels: { kind: ["a"] }, buckets: [0.1, 1] },
});

test("every series of the responder exists before the first request", async () => {
  const { render } = createTelemetry(responderMetrics, { processMetrics: false });
  const lines = samplesOf(await render());
  for (const [name, def] of Object.entries(responderMetrics)) {
    for (const labels of closedSeries(def) ?? []) {
      const inner = Object.entries(labels).map(([k, v]) => `${k}="${v}"`);
      const expected = def.type === "histogram" ? `${name}_count` : name;
      expect(lines).toContain(`${expected}${inner.length > 0 ? `{${inner.join(",")}}` : ""} 0`);
    }
  }
});

test("a responder shows at most 500 samples, process and Node included, whatever happens", async () => {
  const ours = Object.values(responderMetrics).reduce((n, def) => n + sampleBound(def), 0);
  const process = samplesOf(await createTelemetry({}).render());
  // four kinds of garbage collection, each from its first time on, and what is open by type: sockets, timers, lookups
  const growing = /^nodejs_(gc_duration_seconds|active_(resources|handles|requests)\{)/;
  const collections = 4 * (gcBuckets.length + 3);
  const types = 20;
  const steady = process.filter((line) => !growing.test(line)).length;
  expect(steady).toBeGreaterThan(20);
  expect(ours + steady + collections + types).toBeLessThanOrEqual(500);
});

test("the budget of the catalogue is what is shown", async () => {
  const telemetry = createTelemetry(responderMetrics, { processMetrics: false });
  telemetry.metrics.kv_info.set({ tenant: "t" }, 1);
  telemetry.metrics.kv_build_info.set({ version: "1", node: "v24" }, 1);
  const bound = Object.values(responderMetrics).reduce((n, def) => n + sampleBound(def), 0);
  expect(samplesOf(await telemetry.render())).toHaveLength(bound);
});

test("a fallback series exists for each route and method that the catalogue allows", () => {
  const all = closedSeries(responderMetrics.kv_http_requests_total) ?? [];
  for (const route of routes) {
    for (const method of methods) {
      // a method that the route lacks counts as "other"
      expect(all.some((s) => s.route === route && (s.method === method || s.method === "other") && s.code === "other"), `${route} ${method}`).toBe(true);
    }
  }
  expect(new Set(all.map((s) => JSON.stringify(s))).size).toBe(all.length);
});

test("no product of a catalogue names a value that its label does not have", () => {
  for (const [name, def] of Object.entries(responderMetrics)) {
    const labels: Readonly<Record<string, unknown>> = "labels" in def ? def.labels : {};
    for (const series of closedSeries(def) ?? []) {
      expect(Object.keys(series).sort(), name).toEqual(Object.keys(labels).sort());
      for (const [label, v] of Object.entries(series)) expect(labels[label], `${name}{${label}}`).toContain(v);
    }
  }
});

test("counters count, by handle and by label object, into the same series", async () => {
  const { metrics, render } = createTelemetry(catalogue, { processMetrics: false });
  const handle = metrics.jobs_total.with({ kind: "a", result: "ok" });
  handle.inc();
  handle.inc(2);
  metrics.jobs_total.inc({ result: "ok", kind: "a" }, 4);
  metrics.ticks_total.inc();
  const text = await render();
  expect(value(text, 'jobs_total{kind="a",result="ok"}')).toBe(7);
  expect(value(text, 'jobs_total{kind="a",result="error"}')).toBe(0);
  expect(value(text, "ticks_total")).toBe(1);
});

test("a combination that cannot happen is a type error, and a throw for those who cast", () => {
  const { metrics } = createTelemetry(catalogue, { processMetrics: false });
  expectTypeOf(metrics.jobs_total.inc).toBeCallableWith({ kind: "b", result: "ok" });
  // @ts-expect-error kind b has no result error
  expect(() => metrics.jobs_total.inc({ kind: "b", result: "error" })).toThrow("add it to the catalogue");
  // @ts-expect-error no such value
  expect(() => metrics.jobs_total.with({ kind: "c", result: "ok" })).toThrow("add it to the catalogue");
  // @ts-expect-error a metric without labels takes none
  expect(() => metrics.ticks_total.with({})).toThrow();
});

test("series with an open label come on use and go on removal", async () => {
  const { metrics, render } = createTelemetry(catalogue, { processMetrics: false });
  expect(samplesOf(await render()).some((line) => line.startsWith("ready{"))).toBe(false);
  metrics.ready.set({ resource: "x", kind: "a" }, 1);
  metrics.ready.set({ resource: "x", kind: "b" }, 1);
  metrics.ready.set({ resource: "y", kind: "a" }, 1);
  metrics.ready.remove({ resource: "x" });
  const left = samplesOf(await render()).filter((line) => line.startsWith("ready{"));
  expect(left).toEqual(['ready{resource="y",kind="a"} 1']);
  metrics.ready.remove({ kind: "b", resource: "y" });
  expect(await render()).toContain(left[0]);
  metrics.ready.remove({ kind: "a", resource: "y" });
  expect(await render()).not.toContain(left[0]);
  expect(() => metrics.jobs_total.remove({ kind: "a" })).toThrow("closed labels");
});

test("gauges go both ways, and a collected one is read at each scrape", async () => {
  const { metrics, render } = createTelemetry(catalogue, { processMetrics: false });
  metrics.depth.inc(3);
  metrics.depth.dec();
  expect(value(await render(), "depth")).toBe(2);
  let now = 10;
  metrics.depth.collect(() => now);
  expect(value(await render(), "depth")).toBe(10);
  now = 11;
  expect(value(await render(), "depth")).toBe(11);
});

test("histogram buckets are cumulative and a value on a bound belongs to that bucket", async () => {
  const { metrics, render } = createTelemetry(catalogue, { processMetrics: false });
  const wait = metrics.wait_seconds.with({ kind: "a" });
  for (const v of [0.05, 0.1, 0.5, 2]) wait.observe(v);
  const text = await render();
  expect(value(text, 'wait_seconds_bucket{kind="a",le="0.1"}')).toBe(2);
  expect(value(text, 'wait_seconds_bucket{kind="a",le="1"}')).toBe(3);
  expect(value(text, 'wait_seconds_bucket{kind="a",le="+Inf"}')).toBe(4);
  expect(value(text, 'wait_seconds_count{kind="a"}')).toBe(4);
  expect(value(text, 'wait_seconds_sum{kind="a"}')).toBeCloseTo(2.65);
});

test("label values are escaped as the text format asks", async () => {
  const { metrics, render } = createTelemetry(catalogue, { processMetrics: false });
  metrics.ready.set({ resource: 'a"b\\c\nd', kind: "a" }, 1);
  expect(await render()).toContain(String.raw`ready{resource="a\"b\\c\nd",kind="a"} 1`);
});
