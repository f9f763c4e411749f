import { responderMetrics } from "#contract/metrics";
import { createTelemetry } from "#telemetry/instruments";
import { describe, expect, test } from "vitest";
import type { Exchange } from "../../../responder/http/exchange.ts";
import { testRecorder, type TestRecorderOptions } from "../../support/recorder.ts";
import { keepTraces } from "../../support/traces-kept.ts";
import { createCapture } from "./harness.ts";

const open = (options: Partial<TestRecorderOptions> = {}) => {
  let time = 1000;
  const { log, lines } = createCapture();
  const telemetry = createTelemetry(responderMetrics, { processMetrics: false });
  const recorder = testRecorder({ metrics: telemetry.metrics, log, clock: { monotonic: () => time, wall: () => 1e12 + time }, ...options });
  const run = (durationMs: number, status: number, method = "GET", path = "/v1/kv/a", { traceparent, fill }: { traceparent?: string; fill?: (exchange: Exchange) => void } = {}) => {
    const exchange = recorder.begin(method, path, traceparent);
    fill?.(exchange);
    time += durationMs;
    recorder.finish(exchange, status);
  };
  const nonZero = async () => (await telemetry.render()).split("\n").filter((l) => l.startsWith("kv_http_requests_total") && !l.endsWith(" 0"));
  return { recorder, run, lines, render: telemetry.render, nonZero };
};

test("slow and failed requests are always logged, fast and fine ones one in a hundred", () => {
  const { run, lines } = open();
  for (let i = 0; i < 200; i++) run(1, 200);
  expect(lines).toHaveLength(2);
  run(100, 200);
  expect(lines).toHaveLength(3);
  run(100.5, 404);
  run(1, 500);
  run(1, 503);
  expect(lines.slice(3).map((l) => [l.level, l.fields["status"], l.fields["durationMs"]])).toEqual([
    ["info", 404, 100.5],
    ["error", 500, 1],
    ["warn", 503, 1],
  ]);
});

test("a pod that is not ready does not fill its log with the answers to probes", () => {
  const { run, lines } = open({ logging: { sample: 1_000_000 } });
  run(1, 200);
  for (let i = 0; i < 50; i++) run(1, 503, "GET", "/readyz");
  expect(lines).toHaveLength(1);
  run(1, 500, "GET", "/metrics");
  run(200, 503, "GET", "/readyz");
  expect(lines.slice(1).map((l) => [l.level, l.fields["status"]])).toEqual([
    ["error", 500],
    ["info", 503],
  ]);
});

test("an outage writes a thousand lines a second, which stand for all that failed", () => {
  const { run, lines } = open();
  for (let i = 0; i < 20_000; i++) run(0, 503);
  expect(lines).toHaveLength(1_000);
  // the clock of the test goes on with the requests
  run(1_000, 503);
  run(0, 503);
  expect(lines.reduce((sum, l) => sum + Number(l.fields["sampleRate"]), 0)).toBe(20_002);
});

test("the duration lands in its bucket, in seconds", async () => {
  const { run, render } = open();
  run(2.5, 200);
  const text = await render();
  expect(text).toContain('kv_http_request_duration_seconds_bucket{route="kv",le="0.001"} 0');
  expect(text).toContain('kv_http_request_duration_seconds_bucket{route="kv",le="0.0025"} 1');
  expect(text).toContain('kv_http_request_duration_seconds_sum{route="kv"} 0.0025');
});

test.each([
  ["GET", "/v1/kv/a", 200, 'method="GET",route="kv",code="200"'],
  ["GET", "/v1/kv/a", 418, 'method="GET",route="kv",code="other"'],
  ["PROPFIND", "/v1/kv/a", 405, 'method="other",route="kv",code="405"'],
  ["PROPFIND", "/nothing", 404, 'method="other",route="other",code="404"'],
  ["__proto__", "/metrics", 500, 'method="other",route="metrics",code="other"'],
  ["GET", "/readyz", 503, 'method="GET",route="health",code="503"'],
])("%s %s answered %i counts as {%s}", async (method, path, status, labels) => {
  const { run, nonZero } = open();
  run(1, status, method, path);
  expect(await nonZero()).toEqual([`kv_http_requests_total{${labels}} 1`]);
});

test("a request that could not be read has no method, no route and no exchange", async () => {
  const { recorder, nonZero } = open();
  recorder.unreadable(431);
  expect(await nonZero()).toEqual(['kv_http_requests_total{method="other",route="other",code="431"} 1']);
});

test("which requests are logged is asked anew for each, and the line says how many it stands for", () => {
  const logging = { sample: 100, slowMs: 100 };
  const { run, lines } = open({ logging });
  run(1, 200);
  run(1, 200);
  expect(lines.map((l) => l.fields["sampleRate"])).toEqual([1]);
  logging.sample = 2;
  run(1, 200);
  run(1, 200);
  run(1, 200);
  expect(lines.map((l) => l.fields["sampleRate"])).toEqual([1, 2, 2]);
});

test("sample 1 logs each, and a slow one stands for itself whatever the sample", () => {
  const { run, lines } = open({ logging: { sample: 1, slowMs: 5 } });
  for (let i = 0; i < 10; i++) run(1, 200);
  expect(lines.map((l) => l.fields["sampleRate"])).toEqual(Array.from({ length: 10 }, () => 1));
  const rare = open({ logging: { sample: 1_000, slowMs: 5 } });
  rare.run(1, 200);
  rare.run(6, 200);
  rare.run(1, 200);
  expect(rare.lines.map((l) => [l.fields["durationMs"], l.fields["sampleRate"]])).toEqual([
    [1, 1],
    [6, 1],
  ]);
});

test("a line shows a hash of the key only where that is asked for", () => {
  const fill = (exchange: Exchange) => exchange.noteKey(Buffer.from("secret"), 0, 6);
  const without = open({ logging: { sample: 1 } });
  without.run(1, 200, "GET", "/v1/kv/secret", { fill });
  expect(without.lines[0]?.fields).not.toHaveProperty("keyHash");
  const hashed = open({ logging: { sample: 1, keyHash: true } });
  hashed.run(1, 200, "GET", "/v1/kv/secret", { fill });
  expect(hashed.lines[0]?.fields["keyHash"]).toBe("hash of 6 bytes");
});

test("an operation is timed once for each of its keys", async () => {
  const { run, render } = open();
  run(2, 200, "GET", "/v1/kv/a", { fill: (exchange) => void ((exchange.operation = "get"), (exchange.result = "hit")) });
  run(2, 200, "POST", "/v1/batch", { fill: (exchange) => [exchange.count("put", "ok"), exchange.count("put", "ok", 2), exchange.count("get", "miss")] });
  const text = await render();
  expect(text).toContain('kv_operation_duration_seconds_count{operation="get"} 2');
  expect(text).toContain('kv_operation_duration_seconds_count{operation="put"} 3');
  expect(text).toContain('kv_operations_total{operation="put",result="ok"} 3');
});

test("a deletion of all keys of a prefix counts each and is timed once", async () => {
  const { run, render } = open();
  run(2, 200, "DELETE", "/v1/kv", { fill: (exchange) => [(exchange.operation = "delete"), exchange.count("delete", "hit", 5_000)] });
  const text = await render();
  expect(text).toContain('kv_operations_total{operation="delete",result="hit"} 5000');
  expect(text).toContain('kv_operation_duration_seconds_count{operation="delete"} 1');
});

describe("traces", () => {
  const [traceId, spanId] = ["4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"];
  const sampled = { traceparent: `00-${traceId}-${spanId}-01` };

  test("a request whose caller traces is a child of the caller's span, with its route for its path", () => {
    const tracing = keepTraces();
    const { run, lines } = open({ tracing, logging: { sample: 1 } });
    run(3, 201, "PUT", "/v1/kv/secret", { ...sampled, fill: (exchange) => void ((exchange.operation = "put"), (exchange.result = "ok")) });
    const [span] = tracing.spans;
    expect(span).toMatchObject({ name: "PUT /v1/kv/{key}", kind: "server", parent: { traceId, spanId }, startedAt: 1000, endedAt: 1003, error: undefined });
    expect(span?.attributes).toEqual({
      "http.request.method": "PUT",
      "http.route": "/v1/kv/{key}",
      "http.response.status_code": 201,
      "url.scheme": "http",
      "kv.operation": "put",
      "kv.result": "ok",
    });
    expect(lines[0]?.fields).toMatchObject({ trace_id: traceId, span_id: span?.context.spanId, trace_flags: "01" });
    expect(JSON.stringify([tracing.spans, lines])).not.toContain("secret");
  });

  test("without tracing a line names the caller's span", () => {
    const { run, lines } = open({ logging: { sample: 1 } });
    run(1, 200, "GET", "/v1/kv/a", { traceparent: `00-${traceId}-${spanId}-00` });
    run(1, 200, "GET", "/v1/kv/a", { traceparent: "nonsense" });
    expect(lines[0]?.fields).toMatchObject({ trace_id: traceId, span_id: spanId, trace_flags: "00" });
    expect(lines[1]?.fields).not.toHaveProperty("trace_id");
  });

  test("what was slow or failed gets a span when it is over; what was fine does not", () => {
    const tracing = keepTraces();
    const { run, lines } = open({ tracing });
    run(1, 200);
    run(1, 404);
    expect(tracing.spans).toEqual([]);
    run(101, 200);
    run(1, 503, "GET", "/v1/kv/a", { traceparent: `00-${traceId}-${spanId}-00` });
    expect(tracing.spans).toMatchObject([{ startedAt: 1002, endedAt: 1103 }, { parent: { traceId }, error: "answered 503", attributes: { "error.type": "503" } }]);
    expect(lines.slice(-2).map((l) => l.fields["trace_id"])).toEqual(tracing.spans.map((span) => span.context.traceId));
    const busy = keepTraces({ late: false });
    open({ tracing: busy }).run(101, 500);
    expect(busy.spans).toEqual([]);
  });

  test("scrapes and probes have none", () => {
    const tracing = keepTraces({ every: 1 });
    const { run } = open({ tracing });
    for (const path of ["/metrics", "/livez", "/readyz", "/nothing"]) run(200, 503, "GET", path, sampled);
    expect(tracing.spans).toEqual([]);
    run(1, 200, "GET", "/v1/kv");
    expect(tracing.spans).toHaveLength(1);
  });
});
