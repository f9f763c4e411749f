// Nobody outside can make a series: whatever is asked of a pod, in either protocol, its metrics have the series that they began with.
import { once } from "node:events";
import { connect } from "node:net";
import { closedSeries } from "#telemetry/catalogue";
import { responderMetrics } from "#contract/metrics";
import fc from "fast-check";
import { expect, test } from "vitest";
import { startResponder, type ResponderProcess } from "../process.ts";

/** In everything that a client chooses freely. */
const canary = "canary7f3a";

/** The series of the catalogue, without their values. */
const seriesOf = (text: string): string[] =>
  text
    .split("\n")
    .filter((line) => line.startsWith("kv_"))
    .map((line) => line.slice(0, line.lastIndexOf(" ")))
    .toSorted();

const scrape = async ({ management }: ResponderProcess, accept = "text/plain") => (await fetch(`${management}/metrics`, { headers: { accept } })).text();

/** Says it and hangs up when nothing more comes. */
const say = async (port: number, bytes: Buffer): Promise<void> => {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => void socket.once("close", () => resolve()));
  await once(socket, "connect");
  socket.resume();
  socket.end(bytes);
  await closed;
};

const word = fc.stringMatching(/^[A-Za-z0-9_-]{1,12}$/);
const method = fc.oneof(fc.constantFrom("GET", "HEAD", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "TRACE", "get", "PROPFIND", "__proto__"), word);
const path = fc.oneof(
  fc.constantFrom("/v1/kv", "/v1/keys", "/v1/batch", "/metrics", "/livez", "/readyz?verbose", "/info", "/openapi.json", "/v1/kv/", "*", "http://x/v1/kv/a"),
  fc.tuple(fc.constantFrom("/v1/kv/", "/v1/keys?prefix=", "/v2/kv/", "/metrics/", "//", "/"), word, fc.constantFrom("", "/incr", ":incr", "?tenant=b", "%00")).map((parts) => parts.join("")),
);
const header = fc.oneof(
  fc.tuple(fc.constantFrom("X-Tenant", "X-Scope-OrgID", "tenant", "kvresponder", "X-Forwarded-For", "Host", "User-Agent", "Authorization", "Content-Type", "X-KV-TTL", "If-Match", "Accept"), word),
  fc.tuple(fc.constant("traceparent"), fc.constant("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")),
  fc.tuple(fc.constantFrom("Content-Length", "Transfer-Encoding", "Expect"), fc.constantFrom("0", "3", "999999999999", "chunked", "100-continue", "x")),
  fc.tuple(word, word),
);
const http = fc
  .record({ method, path, query: fc.constantFrom("", "", `?c=${canary}`), headers: fc.array(header, { maxLength: 4 }), body: fc.constantFrom(undefined, undefined, "abc", "{}", '{"operations":[{"op":"get","key":"a"}]}', "\0") })
  .map(({ method: verb, path: target, query, headers, body }) => {
    const length = body === undefined ? [] : [`Content-Length: ${body.length}`];
    return Buffer.from([`${verb} ${target}${query} HTTP/1.1`, "Host: x", "Connection: close", `X-Mark: ${canary}`, ...length, ...headers.map(([name, value]) => `${name}: ${value}`), "", body ?? ""].join("\r\n"), "latin1");
  });
const command = fc
  .tuple(fc.oneof(fc.constantFrom("GET", "SET", "DEL", "INCR", "EXPIRE", "SCAN", "MULTI", "EXEC", "AUTH", "HELLO", "CLIENT", "INFO", "FLUSHALL", "__proto__", "constructor"), word), fc.array(fc.oneof(fc.constant(canary), word, fc.constantFrom("EX", "10", "0")), { maxLength: 4 }))
  .map((parts) => parts.flat())
  .map((parts) => Buffer.from(`*${parts.length}\r\n${parts.map((part) => `$${part.length}\r\n${part}\r\n`).join("")}`));
const deed = fc.oneof(
  http.map((bytes) => ({ protocol: "api" as const, bytes })),
  fc.array(command, { minLength: 1, maxLength: 3 }).map((all) => ({ protocol: "resp" as const, bytes: Buffer.concat(all) })),
  fc.tuple(fc.constantFrom("api" as const, "resp" as const, "management" as const), fc.uint8Array({ minLength: 1, maxLength: 60 })).map(([protocol, bytes]) => ({ protocol, bytes: Buffer.from(bytes) })),
  http.map((bytes) => ({ protocol: "management" as const, bytes })),
);

test("no sequence of requests and commands makes or loses a series, and nothing of theirs is shown", { timeout: 180_000 }, async () => {
  await using responder = await startResponder({ KVR_TENANT: "acme", KVR_RESP_PORT: "0" });
  const before = seriesOf(await scrape(responder));
  expect(before).toHaveLength(new Set(before).size);
  expect(before.length).toBeGreaterThan(Object.values(responderMetrics).reduce((n, def) => n + (closedSeries(def)?.length ?? 0), 0));
  await fc.assert(
    fc.asyncProperty(fc.array(deed, { minLength: 1, maxLength: 6 }), async (deeds) => {
      await Promise.all(deeds.map(({ protocol, bytes }) => say(responder.ports[protocol], bytes)));
      const text = await scrape(responder);
      expect(seriesOf(text)).toEqual(before);
      expect(text).not.toContain(canary);
    }),
    { numRuns: Number(process.env["FC_RUNS"] ?? 150) },
  );
  expect(await scrape(responder, "application/openmetrics-text")).not.toContain(canary);
  // it was not all refused at the door
  const moved = (await scrape(responder)).split("\n").filter((line) => /^kv_(http_requests|resp_commands|operations)_total\{/.test(line) && !line.endsWith(" 0"));
  expect(moved.length).toBeGreaterThan(15);
  for (const name of ["kv_connections_accepted_total", "kv_network_receive_bytes_total", "kv_network_transmit_bytes_total"]) {
    for (const protocol of ["http", "resp"]) expect(await scrape(responder)).toMatch(new RegExp(`^${name}\\{protocol="${protocol}"\\} [1-9]`, "m"));
  }
});
