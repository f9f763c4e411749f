import { responderMetrics } from "#contract/metrics";
import { createTelemetry } from "#telemetry/instruments";
import { expect, test } from "vitest";
import { createRecorder } from "../../../responder/http/exchange.ts";
import { createCapture } from "./harness.ts";

const open = () => {
  let time = 1000;
  const { log, lines } = createCapture();
  const telemetry = createTelemetry(responderMetrics, { processMetrics: false });
  const recorder = createRecorder({ metrics: telemetry.metrics, log, clock: { monotonic: () => time } });
  const run = (durationMs: number, status: number, method = "GET", path = "/v1/kv/a") => {
    const exchange = recorder.begin(method, path);
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
    ["error", 503, 1],
  ]);
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
