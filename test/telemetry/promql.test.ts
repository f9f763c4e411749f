// The builder: what it writes, what it escapes, and what does not compile.
import { responderMetrics } from "#contract/metrics";
import { defineCatalogue } from "#telemetry/catalogue";
import { processSeries, prometheusSeries } from "#telemetry/platform-series";
import { above, absent, and, below, changes, divide, equal, max, promql, quantile, rate, sum, times, type Vector } from "#telemetry/promql";
import { parser } from "@prometheus-io/lezer-promql";
import fc from "fast-check";
import { describe, expect, test } from "vitest";

const q = promql({ ...responderMetrics, ...processSeries, ...prometheusSeries }, { namespace: "team-a", kvresponder: "orders" });

/** The node names of the parse; lezer marks what it cannot read with ⚠. */
const nodes = (text: string): string[] => {
  const names: string[] = [];
  parser.parse(text).iterate({ enter: (node) => void names.push(node.type.isError ? "error" : node.name) });
  return names;
};
const hits = q.counter("kv_operations_total", { operation: "get", result: "hit" });
const lookups = q.counter("kv_operations_total", { operation: "get", result: ["hit", "miss"] });
const by = ["namespace", "kvresponder"] as const;

describe("what it writes", () => {
  test.each<[string, Vector<never>, string]>([
    ["a selector within its scope", hits, 'kv_operations_total{kvresponder="orders",namespace="team-a",operation="get",result="hit"}'],
    ["several values", lookups, 'kv_operations_total{kvresponder="orders",namespace="team-a",operation="get",result=~"hit|miss"}'],
    ["a regular expression", q.gauge("up", { pod: { regex: "$pod" } }), 'up{kvresponder="orders",namespace="team-a",pod=~"$pod"}'],
    ["a rate, summed", sum(rate(hits, "5m"), by), `sum by (namespace, kvresponder) (rate(${hits.text}[5m]))`],
    ["a sum over everything", sum(q.gauge("kv_entries"), []), 'sum(kv_entries{kvresponder="orders",namespace="team-a"})'],
    ["changes", max(changes(q.gauge("process_start_time_seconds"), "30m"), ["pod"]), 'max by (pod) (changes(process_start_time_seconds{kvresponder="orders",namespace="team-a"}[30m]))'],
    ["seconds as milliseconds", times(max(q.gauge("process_start_time_seconds"), ["pod"]), 1000), 'max by (pod) (process_start_time_seconds{kvresponder="orders",namespace="team-a"}) * 1000'],
    ["absence", absent(equal(q.gauge("up"), 1)), 'absent(up{kvresponder="orders",namespace="team-a"} == 1)'],
    [
      "a quantile",
      quantile(0.99, sum(rate(q.buckets("kv_http_request_duration_seconds", { route: "kv" }), "$__rate_interval"), ["le"])),
      'histogram_quantile(0.99, sum by (le) (rate(kv_http_request_duration_seconds_bucket{kvresponder="orders",namespace="team-a",route="kv"}[$__rate_interval])))',
    ],
    [
      "a mean",
      divide(sum(rate(q.total("kv_http_request_duration_seconds"), "5m"), []), sum(rate(q.observations("kv_http_request_duration_seconds"), "5m"), [])),
      'sum(rate(kv_http_request_duration_seconds_sum{kvresponder="orders",namespace="team-a"}[5m])) / sum(rate(kv_http_request_duration_seconds_count{kvresponder="orders",namespace="team-a"}[5m]))',
    ],
    [
      "operators with brackets where precedence would bite",
      and(below(divide(sum(hits, by), sum(lookups, by)), 0.5), above(sum(lookups, by), 1)),
      `((sum by (namespace, kvresponder) (${hits.text}) / sum by (namespace, kvresponder) (${lookups.text})) < 0.5) and (sum by (namespace, kvresponder) (${lookups.text}) > 1)`,
    ],
  ])("%s", (_, vector, text) => {
    expect(vector.text).toBe(text);
    expect(nodes(text.replaceAll("$__rate_interval", "5m"))).not.toContain("error");
  });

  test("a match cannot replace the scope", () => {
    expect(q.gauge("up", { namespace: "team-b" }).text).toBe('up{kvresponder="orders",namespace="team-a"}');
  });

  test("whatever a value holds, it stays one string of one selector", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom('"', "\\", "}", "\n", "\r", "{", "|", "$", "a") }), (a, b) => {
        const scoped = promql(prometheusSeries, { namespace: a, tenant: [b, "x"] });
        expect(nodes(scoped.gauge("up").text)).toEqual(nodes('up{namespace="a",tenant=~"b"}'));
      }),
      { numRuns: 500 },
    );
  });

  test("several values match literally", () => {
    expect(promql(prometheusSeries, { pod: ["a.b", "c|d"] }).gauge("up").text).toBe(String.raw`up{pod=~"a\\.b|c\\|d"}`);
  });
});

describe("what does not compile", () => {
  const labelled = defineCatalogue({ x_total: { type: "counter", help: "", labels: { colour: ["red", "blue"] } } });
  const x = promql(labelled, {});
  // never called: the type check is the test (tsc fails on an unused @ts-expect-error)
  const mistakes: (() => unknown)[] = [
    // @ts-expect-error an unknown metric
    () => q.counter("kv_operations"),
    // @ts-expect-error a gauge is no counter
    () => q.counter("kv_entries"),
    // @ts-expect-error a counter is no gauge
    () => q.gauge("kv_operations_total"),
    // @ts-expect-error a histogram has no series of its own name
    () => q.counter("kv_http_request_duration_seconds"),
    // @ts-expect-error an unknown label
    () => q.counter("kv_operations_total", { color: "get" }),
    // @ts-expect-error a value that the closed label does not have
    () => q.counter("kv_operations_total", { operation: "rename" }),
    // @ts-expect-error one of several values that the closed label does not have
    () => q.counter("kv_operations_total", { result: ["hit", "warm"] }),
    // @ts-expect-error the rate of a gauge
    () => rate(q.gauge("kv_entries"), "5m"),
    // @ts-expect-error the rate of a rate
    () => rate(sum(hits, ["pod"]), "5m"),
    // @ts-expect-error a window without a unit
    () => rate(hits, "5"),
    // @ts-expect-error a sum by a label that the metric does not have
    () => sum(hits, ["route"]),
    // @ts-expect-error a sum by a label that an inner sum took away
    () => sum(sum(hits, ["pod"]), ["namespace"]),
    // @ts-expect-error a quantile of something without buckets
    () => quantile(0.99, sum(hits, ["pod"])),
    // @ts-expect-error sides that never match
    () => divide(sum(hits, ["pod"]), sum(lookups, ["namespace"])),
    // @ts-expect-error a metric of another catalogue
    () => x.counter("kv_operations_total"),
    // @ts-expect-error a scope by a label that is on no target
    () => promql(labelled, { colour: "red" }),
  ];

  test("each of these is an error", () => expect(mistakes).toHaveLength(16));
});
