import { once } from "node:events";
import { Agent } from "node:http";
import { connect } from "node:net";
import { responderMetrics } from "#contract/metrics";
import { systemClock, systemTimers } from "#lib/clock";
import { createTelemetry } from "#telemetry/instruments";
import { Hono } from "hono";
import { afterEach, describe, expect, test } from "vitest";
import type { HonoEnv } from "../../../responder/http/env.ts";
import { testRecorder } from "../../support/recorder.ts";
import { createHttpServer } from "../../../responder/http/server.ts";
import { codeOf, createCapture, openApi, type Api, type Options } from "./harness.ts";

const open: Api[] = [];
const start = async (options: Options = {}) => {
  const api = await openApi(options);
  open.push(api);
  return api;
};
afterEach(async () => void (await Promise.all(open.splice(0).map((api) => api.close()))));

const stored = (api: Api, key: string): Buffer => {
  const slot = api.store.find(Buffer.from(key), 0, key.length);
  const value = Buffer.alloc(api.store.valueBytes(slot));
  api.store.copyValue(slot, value, 0);
  return value;
};

const kv = (method: string, code: number) => `kv_http_requests_total{method="${method}",route="kv",code="${code}"}`;

describe("one request, one count", () => {
  test("requests, operations, duration and gauge agree with what was answered", async () => {
    const api = await start();
    await api.send("PUT", "/v1/kv/a", { body: "1" });
    await api.send("PUT", "/v1/kv/a", { body: "1", headers: { "if-none-match": "*" } });
    await api.send("GET", "/v1/kv/a");
    await api.send("GET", "/v1/kv/none");
    await api.send("DELETE", "/v1/kv/a");
    await api.send("POST", "/v1/kv/a");
    await expect.poll(() => api.series('kv_http_requests_total{method="other",route="kv",code="405"}')).toBe(1);
    for (const [series, n] of [
      [kv("PUT", 201), 1],
      [kv("PUT", 412), 1],
      [kv("GET", 200), 1],
      [kv("GET", 404), 1],
      [kv("DELETE", 204), 1],
      ['kv_operations_total{operation="put",result="ok"}', 1],
      ['kv_operations_total{operation="put",result="conflict"}', 1],
      ['kv_operations_total{operation="get",result="hit"}', 1],
      ['kv_operations_total{operation="get",result="miss"}', 1],
      ['kv_operations_total{operation="delete",result="hit"}', 1],
      ['kv_http_request_duration_seconds_count{route="kv"}', 6],
      ["kv_http_requests_in_flight", 0],
      ['kv_connections{protocol="http"}', 1],
    ] as const) {
      expect(await api.series(series), series).toBe(n);
    }
  });

  test("a bug answers 500, counts as an error, and tells the log what the client must not see", async () => {
    const api = await start({
      store: (store) => ({
        ...store,
        find: () => {
          throw new Error("secret internals");
        },
      }),
    });
    const answer = await api.send("GET", "/v1/kv/a");
    expect([answer.status, codeOf(answer)]).toEqual([500, "internal"]);
    expect(answer.body.toString()).not.toContain("secret");
    await expect.poll(() => api.series('kv_operations_total{operation="get",result="error"}')).toBe(1);
    expect(await api.series(kv("GET", 500))).toBe(1);
    expect(api.lines.map((l) => [l.level, l.message])).toEqual([
      ["error", "request failed"],
      ["error", "request"],
    ]);
    expect(api.lines[0]?.fields["err"]).toEqual(new Error("secret internals"));
  });

  test("a client that leaves in the middle of its body is a 499 and writes nothing", async () => {
    const api = await start();
    const { socket } = await api.raw("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
    await expect.poll(() => api.series("kv_http_requests_in_flight")).toBe(1);
    socket.destroy();
    await expect.poll(() => api.series(kv("PUT", 499))).toBe(1);
    expect(await api.series("kv_http_requests_in_flight")).toBe(0);
    expect(api.store.stats().entries).toBe(0);
  });
});

describe("request lines", () => {
  test("fast and fine requests are logged one in a hundred, without key or value", async () => {
    const api = await start();
    for (let i = 0; i < 101; i++) await api.send("PUT", "/v1/kv/secret-key", { body: "secret-value" });
    await expect.poll(() => api.lines.length).toBe(2);
    expect(api.lines[0]).toEqual({ level: "info", message: "request", fields: { method: "PUT", route: "kv", status: 201, durationMs: expect.any(Number), bytes: 0, sampleRate: 1 } });
    expect(api.lines[1]?.fields["sampleRate"]).toBe(100);
    expect(JSON.stringify(api.lines)).not.toContain("secret");
  });
});

describe("limits", () => {
  test("a head that does not end is cut off and counted", async () => {
    const api = await start({ limits: { headMs: 100, requestMs: 100 } });
    const { closed } = await api.raw("GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nX-Slow: ");
    expect(await closed).toMatch(/^HTTP\/1\.1 408 [\s\S]*"request_timeout"/);
    expect(await api.series('kv_http_requests_total{method="other",route="other",code="408"}')).toBe(1);
  });

  test("a connection that never asks anything is closed without an answer or a count", async () => {
    const api = await start({ limits: { headMs: 100, requestMs: 100 } });
    const { closed } = await api.raw("");
    expect(await closed).toBe("");
    expect(await api.series('kv_http_requests_total{method="other",route="other",code="408"}')).toBe(0);
  });

  test("a body that does not end is cut off and counted once, as its own request", async () => {
    const api = await start({ limits: { headMs: 100, requestMs: 200 } });
    const { closed } = await api.raw("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf");
    expect(await closed).toMatch(/^HTTP\/1\.1 408 /);
    await expect.poll(() => api.series(kv("PUT", 408))).toBe(1);
    expect(await api.series(kv("PUT", 499))).toBe(0);
    expect(await api.series("kv_http_requests_in_flight")).toBe(0);
  });

  test("a head of more than 8 KiB, or of more than 64 headers, answers 431", async () => {
    const api = await start();
    const long = await api.raw(`GET / HTTP/1.1\r\nHost: x\r\nX: ${"a".repeat(8200)}\r\n\r\n`);
    expect(await long.closed).toMatch(/^HTTP\/1\.1 431 /);
    const headers = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`x-${i}`, "1"]));
    const many = await api.send("GET", "/v1/kv/a", { headers });
    expect([many.status, codeOf(many)]).toEqual([431, "headers_too_large"]);
  });

  test.each([
    ["nonsense", "hello\r\n\r\n"],
    ["no host", "GET /v1/kv/a HTTP/1.1\r\nConnection: close\r\n\r\n"],
    ["a length and chunks", "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"],
    ["a host that is none", "GET /v1/kv/a HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n"],
  ])("%s is a bad request", async (_, bytes) => {
    const api = await start();
    const { closed } = await api.raw(bytes);
    expect(await closed).toMatch(/^HTTP\/1\.1 400 [\s\S]*"bad_request"/);
    expect(api.store.stats().entries).toBe(0);
  });

  test("rubbish after a good request on the same connection still gets its answer", async () => {
    const api = await start();
    const { socket, closed } = await api.raw("GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n\r\n");
    await new Promise((resolve) => void socket.once("data", resolve));
    socket.write("rubbish\r\n\r\n");
    expect(await closed).toMatch(/^HTTP\/1\.1 404 [\s\S]*HTTP\/1\.1 400 /);
  });

  test("connections beyond the cap are closed at once and counted; room is found again", async () => {
    const api = await start({ limits: { connections: 2 } });
    const [first, second] = [await api.raw(""), await api.raw("")];
    await expect.poll(() => api.series('kv_connections{protocol="http"}')).toBe(2);
    const third = await api.raw("GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await third.closed).toBe("");
    expect(await api.series('kv_connections_rejected_total{protocol="http"}')).toBe(1);
    first.socket.destroy();
    await expect.poll(() => api.series('kv_connections{protocol="http"}')).toBe(1);
    expect((await api.send("GET", "/v1/kv/a")).status).toBe(404);
    second.socket.destroy();
  });

  test("a reader that has gone to sleep is dropped", async () => {
    const api = await start({ maxValueBytes: 4e7, budgetBytes: 1e8, limits: { stalledMs: 200 } });
    // larger than what the two kernels buffer
    api.store.put(Buffer.from("big"), 0, 3, Buffer.alloc(4e7), 0, 4e7, 0);
    const { socket } = await api.raw("");
    socket.pause();
    socket.write("GET /v1/kv/big HTTP/1.1\r\nHost: x\r\n\r\n");
    await expect.poll(() => api.series(kv("GET", 499)), { timeout: 5000 }).toBe(1);
    socket.destroy();
  });

  test("readers that have gone to sleep hold a bounded amount together; the one that waits longest is dropped and counted", async () => {
    const size = 2e7;
    const api = await start({ maxValueBytes: 4e7, budgetBytes: 1e8, limits: { outputBytes: 1.5 * size }, fast: false });
    const slowReaders = 'kv_slow_readers_closed_total{protocol="http"}';
    api.store.put(Buffer.from("big"), 0, 3, Buffer.alloc(size), 0, size, 0);
    const sleepers = [];
    for (const dropped of [0, 1]) {
      const { socket } = await api.raw("");
      sleepers.push(socket.pause());
      socket.write("GET /v1/kv/big HTTP/1.1\r\nHost: x\r\n\r\n");
      await expect.poll(() => api.series("kv_http_requests_in_flight")).toBe(1);
      await expect.poll(() => api.series(slowReaders)).toBe(dropped);
    }
    for (const socket of sleepers) socket.destroy();
  });
});

describe("drain", () => {
  test("a request under way is answered, with Connection: close; new connections are refused", async () => {
    const api = await start();
    const { socket, closed } = await api.raw("PUT /v1/kv/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    await expect.poll(() => api.series("kv_http_requests_in_flight")).toBe(1);
    const drained = api.server.drain(10_000);
    await expect(api.send("GET", "/v1/kv/a", { via: new Agent() })).rejects.toThrow("ECONNREFUSED");
    socket.write("def");
    expect(await closed).toMatch(/^HTTP\/1\.1 201 [\s\S]*connection: close/i);
    expect(await drained).toBe(0);
    expect(stored(api, "slow").toString()).toBe("abcdef");
  });

  test("an idle client hears of it with its next request, which is answered", async () => {
    const api = await start();
    const via = new Agent({ keepAlive: true, maxSockets: 1 });
    await api.send("PUT", "/v1/kv/a", { body: "1", via });
    const drained = api.server.drain(10_000);
    const answer = await api.send("GET", "/v1/kv/a", { via });
    expect([answer.status, answer.headers.connection]).toEqual([200, "close"]);
    expect(await drained).toBe(0);
  });

  test("a client that stays idle does not hold it up", async () => {
    const api = await start();
    const { closed } = await api.raw("");
    expect(await api.server.drain(200)).toBe(0);
    await closed;
  });

  test("what does not end is cut at the deadline, and told", async () => {
    const api = await start();
    const { closed } = await api.raw("PUT /v1/kv/slow HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\nabc");
    await expect.poll(() => api.series("kv_http_requests_in_flight")).toBe(1);
    expect(await api.server.drain(100)).toBe(1);
    expect(await closed).toBe("");
    await expect.poll(() => api.series(kv("PUT", 499))).toBe(1);
  });

  test("requests that arrive together in a drain are all answered, also by routes that answer at once", async () => {
    const app = new Hono<HonoEnv>().get("*", () => new Response("x"));
    const { metrics } = createTelemetry(responderMetrics, { processMetrics: false });
    const server = createHttpServer({ app, recorder: testRecorder({ metrics, log: createCapture().log, clock: systemClock }), timers: systemTimers });
    const { port } = await server.listen("127.0.0.1", 0);
    const socket = connect(port, "127.0.0.1");
    await once(socket, "connect");
    let heard = "";
    socket.on("data", (chunk: Buffer) => void (heard += chunk.toString()));
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(socket, "data");
    const drained = server.drain(10_000);
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3));
    await once(socket, "close");
    expect([heard.match(/200 OK/g)?.length, heard.match(/Connection: close/g)?.length, await drained]).toEqual([4, 1, 0]);
  });
});
