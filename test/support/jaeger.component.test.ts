// Spans go in as the responder sends them and come out as the tests read them.
import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startJaeger, type Jaeger } from "./jaeger.ts";
import { drawTrace, type Trace } from "./traces.ts";

let jaeger: Jaeger;
beforeAll(async () => {
  jaeger = await startJaeger();
}, 600_000);
afterAll(() => jaeger?.[Symbol.asyncDispose]());

const [traceId, parent, child] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex"), randomBytes(8).toString("hex")];
const nowNs = BigInt(Date.now()) * 1_000_000n;

test("a trace that was posted as OTLP is found by its id and by its service, with parents, attributes and resource", async () => {
  expect(await jaeger.trace(traceId)).toBeUndefined();
  const span = (spanId: string, name: string, more: object) => ({ traceId, spanId, name, startTimeUnixNano: String(nowNs), endTimeUnixNano: String(nowNs + 2_000_000n), ...more });
  const spans = [
    span(parent, "PUT", { kind: 2, parentSpanId: "00f067aa0ba902b7", attributes: [{ key: "http.response.status_code", value: { intValue: 201 } }] }),
    span(child, "replicate", { kind: 4, parentSpanId: parent, startTimeUnixNano: String(nowNs + 1_000_000n) }),
  ];
  const resource = { attributes: [{ key: "service.name", value: { stringValue: "a" } }, { key: "tenant.id", value: { stringValue: "acme" } }] };
  const posted = await fetch(`${jaeger.otlpUrl}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ resource, scopeSpans: [{ spans }] }] }),
  });
  expect(posted.status).toBe(200);

  // spans of one request are stored, and indexed, one after the other
  await expect.poll(async () => (await jaeger.trace(traceId))?.spans.length, { timeout: 10_000 }).toBe(2);
  await expect.poll(async () => (await jaeger.traces({ service: "a", operation: "replicate" })).length, { timeout: 10_000 }).toBe(1);
  const trace = await jaeger.trace(traceId);
  const [put, replicate] = trace?.spans.toSorted((a, b) => a.startUs - b.startUs) ?? [];
  expect(put).toMatchObject({ id: parent, parent: "00f067aa0ba902b7", name: "PUT", kind: "server", service: "a", durationUs: 2_000, attributes: { "http.response.status_code": 201 } });
  expect(put?.resource).toEqual({ "service.name": "a", "tenant.id": "acme" });
  expect(replicate).toMatchObject({ id: child, parent, kind: "producer" });
  expect(drawTrace(trace!, ({ name }) => name)).toEqual(["PUT", "  replicate"]);
  // Jaeger tells the spans of a trace in any order
  const inOrder = ({ id, spans: told }: Trace) => ({ id, spans: told.toSorted((a, b) => a.startUs - b.startUs) });
  expect((await jaeger.traces({ service: "a", operation: "replicate" })).map(inOrder)).toEqual([inOrder(trace!)]);
  expect(await jaeger.traces({ service: "b" })).toEqual([]);
});
