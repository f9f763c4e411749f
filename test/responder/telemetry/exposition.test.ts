// The two formats, and which of them a scraper gets.
import { defineCatalogue } from "#telemetry/catalogue";
import { endOf, writeFamilies, type Format, type ShownFamily } from "#telemetry/exposition";
import { preferredFormat } from "#telemetry/exposition-format";
import { createTelemetry } from "#telemetry/instruments";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

/** As Prometheus 3 and 2 send it. */
const prometheus3 =
  "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2";
const prometheus2 = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
const prometheus3Text = "text/plain;version=0.0.4;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,*/*;q=0.4";

describe("the format by Accept", () => {
  test.each([
    [prometheus3, "openMetrics"],
    [prometheus2, "openMetrics"],
    [prometheus3Text, "text"],
    ["application/openmetrics-text", "openMetrics"],
    ['Application/OpenMetrics-Text; Version="1.0.0"; Q=0.1', "openMetrics"],
    ["application/openmetrics-text;q=0.5,text/plain;q=0.5", "openMetrics"],
    ["application/openmetrics-text;q=0.4,text/plain;q=0.5", "text"],
    ["application/openmetrics-text;q=0.4,*/*;q=0.5", "text"],
    // who names the type of text means it, whatever else may come
    ["application/openmetrics-text;q=0.4,text/plain;q=0.3,*/*;q=0.5", "openMetrics"],
    ["application/openmetrics-text;version=0.0.1", "text"],
    ["application/openmetrics-text;version=2.0.0,text/plain;q=0.1", "text"],
    ["application/openmetrics-text;q=0", "text"],
    ["application/openmetrics-text;q=2", "text"],
    ["application/openmetrics-text;q=", "text"],
    ["*/*", "text"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "text"],
    ["application/json", "text"],
    ["", "text"],
    [undefined, "text"],
  ] as const)("%s: %s", (accept, format) => expect(preferredFormat(accept)).toBe(format));

  test("nothing that is sent makes it fail", () => {
    const part = fc.oneof(fc.string(), fc.constantFrom("application/openmetrics-text", ";", ",", "q=", "version=1.0.0", "*/*", "="));
    fc.assert(fc.property(fc.array(part).map((parts) => parts.join("")), (accept) => ["text", "openMetrics"].includes(preferredFormat(accept))));
  });
});

const family = (given: Partial<ShownFamily>): ShownFamily => ({ name: "jobs_total", help: "Jobs.", type: "counter", values: [{ value: 1 }], ...given });
const writeExposition = (families: readonly ShownFamily[], format: Format) => writeFamilies(families, format) + endOf(format);
const both = (given: Partial<ShownFamily>) => [writeExposition([family(given)], "text"), writeExposition([family(given)], "openMetrics")];

describe("writing", () => {
  test("a counter's family has no suffix in OpenMetrics, and its samples always do", () => {
    expect(both({})).toEqual(["# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total 1\n", "# HELP jobs Jobs.\n# TYPE jobs counter\njobs_total 1\n# EOF\n"]);
    expect(both({ name: "jobs" })[1]).toBe("# HELP jobs Jobs.\n# TYPE jobs counter\njobs_total 1\n# EOF\n");
    // a gauge keeps its name, whatever it is
    expect(both({ type: "gauge" })[1]).toContain("# TYPE jobs_total gauge\njobs_total 1\n");
  });

  test("a name or a value can end neither the line nor the label", () => {
    const [text, open] = both({ help: 'a "b" \\ c\nd', values: [{ labels: { of: 'a"b\\c\nd' }, value: 1 }] });
    expect(text).toBe(`# HELP jobs_total a "b" \\\\ c\\nd\n# TYPE jobs_total counter\njobs_total{of="a\\"b\\\\c\\nd"} 1\n`);
    expect(open).toContain(`# HELP jobs a \\"b\\" \\\\ c\\nd\n`);
    expect(open).toContain(`jobs_total{of="a\\"b\\\\c\\nd"} 1\n`);
  });

  test("numbers are as the formats spell them; bounds are floats in OpenMetrics", () => {
    const values = [1, 0.0001, 1e21, Infinity, -Infinity, Number.NaN].map((value) => ({ labels: { le: value }, value }));
    const [text, open] = both({ type: "gauge", values });
    expect(text).toContain('{le="1"} 1\n');
    for (const line of ['{le="0.0001"} 0.0001', '{le="1e+21"} 1e+21', '{le="+Inf"} +Inf', '{le="-Inf"} -Inf', '{le="NaN"} NaN']) for (const written of [text, open]) expect(written).toContain(`${line}\n`);
    expect(open).toContain('{le="1.0"} 1\n');
  });
});

describe("exemplars", () => {
  const catalogue = defineCatalogue({ wait_seconds: { type: "histogram", help: "Wait.", labels: { kind: ["a", "b"] }, buckets: [0.1, 1] } });
  const trace = (n: number) => String(n).repeat(32);
  const span = (n: number) => String(n).repeat(16);
  const lines = (text: string) => text.split("\n").filter((line) => line.includes(" # "));

  test("the last one of each bucket is shown, in OpenMetrics alone, and counts nothing", async () => {
    const { metrics, render } = createTelemetry(catalogue, { processMetrics: false });
    const a = metrics.wait_seconds.with({ kind: "a" });
    a.observe(0.05);
    a.exemplify(0.05, trace(1), span(1), 1_700_000_000_123);
    a.exemplify(0.1, trace(2), span(2), 1_700_000_001_000);
    a.exemplify(5, trace(3), span(3), 1_700_000_002_000.6);
    expect(lines(await render("openMetrics"))).toEqual([
      `wait_seconds_bucket{kind="a",le="0.1"} 1 # {trace_id="${trace(2)}",span_id="${span(2)}"} 0.1 1700000001.000`,
      `wait_seconds_bucket{kind="a",le="+Inf"} 1 # {trace_id="${trace(3)}",span_id="${span(3)}"} 5 1700000002.001`,
    ]);
    expect(lines(await render())).toEqual([]);
  });

  test("a value that was observed many times at once is one observation each", async () => {
    const { metrics, render } = createTelemetry(catalogue, { processMetrics: false });
    metrics.wait_seconds.with({ kind: "b" }).observeMany(0.5, 3);
    const text = await render();
    for (const line of ['_bucket{kind="b",le="0.1"} 0', '_bucket{kind="b",le="1"} 3', '_sum{kind="b"} 1.5', '_count{kind="b"} 3']) expect(text).toContain(`wait_seconds${line}\n`);
  });
});

test("one registry can be rendered both ways, as often as one likes", async () => {
  const { metrics, render } = createTelemetry(defineCatalogue({ ticks_total: { type: "counter", help: "Ticks." } }));
  metrics.ticks_total.inc();
  const withoutEnd = (text: string) => text.replace("# EOF\n", "").split("\n").filter((line) => line.startsWith("ticks")).join();
  for (let round = 0; round < 2; round++) {
    expect(withoutEnd(await render("openMetrics"))).toBe("ticks_total 1");
    expect(withoutEnd(await render("text"))).toBe("ticks_total 1");
    expect(await render("openMetrics")).toContain("# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total ");
  }
});
