// Spans on their way out: too many of them, a collector that is away or silent, and the last ones before the end.
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { reservePort } from "../cluster/ports.ts";
import { startJaeger, type Jaeger } from "../support/jaeger.ts";
import { startResponder } from "./process.ts";
import { asPod } from "./replication/pod.ts";
import { arrived, caller, runtimeFile, soon, tenant } from "./traced.ts";

const dir = mkdtempSync(join(tmpdir(), "kvr-trace-export-"));
let jaeger: Jaeger;
beforeAll(async () => {
  jaeger = await startJaeger();
}, 600_000);
afterAll(async () => {
  await jaeger?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const droppedSpans = async (pod: { readonly management: string }, reason = "export_failed"): Promise<number> =>
  (await (await fetch(`${pod.management}/metrics`)).text())
    .split("\n")
    .filter((line) => line.startsWith(`kv_spans_dropped_total{reason="${reason}"} `))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0);

test("callers who ask for more spans than are made for them get some, and the rest is counted", async () => {
  await using responder = await startResponder({ ...tenant, KVR_TRACE_ENDPOINT: jaeger.otlpUrl, KVR_RUNTIME_FILE: runtimeFile(dir, 0) });
  const from = caller(true);
  const requests = 1_000;
  const client = new Client(responder.api, { pipelining: 100 });
  const get = async () => (await client.request({ method: "GET", path: "/v1/kv/a", headers: from.headers })).body.dump();
  await Promise.all(Array.from({ length: requests }, get));
  await client.close();
  const dropped = await droppedSpans(responder, "throttled");
  expect(dropped).toBeGreaterThan(0);
  expect((await arrived(jaeger, from.trace, requests - dropped)).spans.length).toBeGreaterThan(0);
});

test("without a collector requests are answered, what is lost is counted, and one line says so", async () => {
  const nobody = await reservePort();
  await using process = await startResponder({ ...tenant, KVR_TRACE_ENDPOINT: `http://127.0.0.1:${nobody.port}`, KVR_RUNTIME_FILE: runtimeFile(dir, 1) });
  const pod = asPod("alone", process);
  for (let round = 1; round <= 2; round++) {
    const before = await droppedSpans(pod);
    for (let i = 0; i < 20; i++) await pod.put(`canary-key-${i}`, "canary-value");
    await expect.poll(() => droppedSpans(pod), soon).toBeGreaterThanOrEqual(before + 20);
  }
  expect(pod.lines.filter(({ level }) => level === "warn")).toHaveLength(1);
  expect(JSON.stringify(pod.lines)).not.toContain("canary");
  nobody.release();
});

test("the spans of the last requests before SIGTERM arrive", async () => {
  await using responder = await startResponder({ ...tenant, KVR_POD: "going", KVR_TRACE_ENDPOINT: jaeger.otlpUrl, KVR_RUNTIME_FILE: runtimeFile(dir, 0) });
  const from = caller(true);
  // a connection that stays would hold up the end until the next batch leaves by itself
  const client = new Client(responder.api);
  expect((await client.request({ method: "PUT", path: "/v1/kv/last", body: "1", headers: from.headers })).statusCode).toBe(201);
  await client.close();
  responder.signal("SIGTERM");
  expect(await responder.ended).toBe(0);
  expect((await arrived(jaeger, from.trace, 1)).spans[0]).toMatchObject({ name: "PUT /v1/kv/{key}", parent: from.span, resource: { "k8s.pod.name": "going" } });
});

test("a collector that never answers does not hold up the end", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await new Promise((listening) => silent.once("listening", listening));
  try {
    await using responder = await startResponder({ ...tenant, KVR_DRAIN_SECONDS: "1", KVR_TRACE_ENDPOINT: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`, KVR_RUNTIME_FILE: runtimeFile(dir, 1) });
    expect((await fetch(`${responder.api}/v1/kv/last`, { method: "PUT", body: "1" })).status).toBe(201);
    responder.signal("SIGTERM");
    expect(await responder.ended).toBe(0);
    const given = responder.lines.find(({ msg }) => msg === "spans not sent before the end");
    expect(given).toMatchObject({ level: "warn", spans: 1 });
    // the kubelet kills five seconds after the drain and the hand-over to peers
    expect(given?.["limitMs"]).toBeLessThan(5_000);
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});
