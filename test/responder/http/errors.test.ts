import { afterEach, describe, expect, test } from "vitest";
import { createTokenAuth } from "../../../responder/auth/auth.ts";
import { noReplication, type Replication } from "../../../responder/replication/port.ts";
import { errors, problemBody, type ErrorCode } from "../../../responder/http/errors.ts";
import { commonErrors, operations } from "../../../responder/http/operations.ts";
import { putOutcome, type Store } from "../../../responder/store/types.ts";
import { openApi, type Api, type Options } from "./harness.ts";

let api: Api | undefined;
afterEach(() => api?.close());

const json = { "content-type": "application/json" };
const stored = (outcome: number) => (store: Store) => Object.assign(Object.create(store) as Store, { put: () => outcome });
const tokens = () => {
  const auth = createTokenAuth({ monotonic: () => 0 });
  auth.setTokens([Buffer.from("0123456789abcdef")]);
  return auth;
};
/** A peer that has nothing, and whose time is over at once. */
const deaf: Replication = { ...noReplication, peers: () => 1, wait: (_position, _wanted, _timeoutMs, done) => (done({ acknowledged: 0, of: 1, met: false }), () => {}) };
const put = (headers: Record<string, string>) => `PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\n${Object.entries(headers).map(([n, v]) => `${n}: ${v}\r\n`).join("")}Content-Length: 1\r\n\r\n1`;
const post = (path: string, body: string, headers: Record<string, string> = json) =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\n${Object.entries(headers).map(([n, v]) => `${n}: ${v}\r\n`).join("")}Content-Length: ${body.length}\r\n\r\n${body}`;
const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;

interface Way {
  readonly options?: Options;
  /** What is sent before, and answered otherwise. */
  readonly first?: readonly string[];
  readonly bytes: string;
}

/** For each code a request that meets it; a code without one does not compile. */
const ways: Record<ErrorCode, Way> = {
  bad_request: { bytes: "NONSENSE\r\n\r\n" },
  invalid_key: { bytes: get("/v1/kv/%zz") },
  invalid_ttl: { bytes: put({ "KV-TTL": "0" }) },
  invalid_content_type: { bytes: put({ "Content-Type": "x".repeat(256) }) },
  invalid_precondition: { bytes: put({ "If-Match": "x" }) },
  invalid_ack: { bytes: put({ "KV-Ack": "some" }) },
  invalid_min_version: { bytes: "GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nKV-Min-Version: 1\r\n\r\n" },
  invalid_body: { bytes: post("/v1/batch", "{") },
  invalid_prefix: { bytes: "DELETE /v1/kv HTTP/1.1\r\nHost: x\r\n\r\n" },
  invalid_cursor: { bytes: get("/v1/kv?cursor=x") },
  invalid_limit: { bytes: get("/v1/kv?limit=x") },
  invalid_query: { bytes: get("/v1/kv?x=x") },
  unauthorized: { options: { auth: tokens() }, bytes: get("/v1/kv") },
  not_found: { bytes: get("/") },
  key_not_found: { bytes: get("/v1/kv/a") },
  method_not_allowed: { bytes: "PATCH /v1/kv/a HTTP/1.1\r\nHost: x\r\n\r\n" },
  request_timeout: { options: { limits: { headMs: 50, requestMs: 60 } }, bytes: "GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n" },
  not_an_integer: { first: [put({})], bytes: post("/v1/kv/b/incr", ""), options: { store: (store) => (store.put(Buffer.from("b"), 0, 1, Buffer.from("x"), 0, 1, 0), store) } },
  overflow: { first: [post("/v1/kv/n/incr", '{"by":1}')], bytes: post("/v1/kv/n/incr", '{"by":"9223372036854775807"}') },
  precondition_failed: { bytes: put({ "If-Match": "*" }) },
  value_too_large: { options: { maxValueBytes: 10 }, bytes: "PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n01234567890" },
  batch_too_large: { bytes: `POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: ${2 ** 20 + 1}\r\n\r\n` },
  batch_full: {
    options: { maxValueBytes: 2 ** 20, store: (store) => (store.put(Buffer.from("b"), 0, 1, Buffer.alloc(2 ** 20, "x"), 0, 2 ** 20, 0), store) },
    bytes: post("/v1/batch", JSON.stringify({ operations: Array.from({ length: 5 }, () => ({ op: "get", key: "b" })) })),
  },
  unsupported_media_type: { bytes: post("/v1/batch", "{}", {}) },
  too_many_failures: { options: { auth: tokens() }, first: Array.from({ length: 10 }, (_, i) => `GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong-wrong-wrong-${i}\r\n\r\n`), bytes: "GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer wrong-wrong-wrong\r\n\r\n" },
  headers_too_large: { bytes: `GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(9000)}\r\n\r\n` },
  internal: { options: { store: (store) => Object.assign(Object.create(store) as Store, { scan: () => { throw new Error("broken"); } }) }, bytes: get("/v1/kv") },
  busy: { options: { budgetBytes: 0 }, bytes: post("/v1/batch", "{}") },
  not_acknowledged: { options: { replication: () => deaf }, bytes: put({ "KV-Ack": "all" }) },
  version_not_reached: { bytes: `GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nKV-Min-Version: ${"0".repeat(24)}\r\n\r\n` },
  out_of_memory: { options: { store: stored(putOutcome.full) }, bytes: put({}) },
};

describe("each code can be met", () => {
  test.each(Object.entries(ways))("%s", async (code, { options, first = [], bytes }) => {
    api = await openApi(options);
    for (const before of first) await (await api.raw(before.replace("Host: x\r\n", "Host: x\r\nConnection: close\r\n"))).closed;
    const { closed } = await api.raw(bytes.replace("Host: x\r\n", "Host: x\r\nConnection: close\r\n"));
    const text = await closed;
    expect(text).toContain(`"code":"${code}"`);
    const { status } = errors[code as ErrorCode];
    expect(text).toMatch(code === "batch_full" ? /^HTTP\/1\.1 200 / : new RegExp(`^HTTP/1\\.1 ${status} `));
    if (code !== "batch_full") expect(text.toLowerCase()).toContain("content-type: application/problem+json");
    if (code === "busy") expect(text.toLowerCase()).toContain("retry-after: 1");
  });
});

test("every code is told of somewhere: by an operation, by all of them, or by what has no operation", () => {
  const told = new Set<ErrorCode>([...commonErrors, ...operations.flatMap((o) => o.errors), "not_found", "method_not_allowed", "batch_full"]);
  expect(Object.keys(errors).filter((code) => !told.has(code as ErrorCode))).toEqual([]);
});

test("a problem is one line of JSON, with a detail when there is one", () => {
  expect(problemBody("busy")).toBe(`{"title":${JSON.stringify(errors.busy.title)},"status":503,"code":"busy"}\n`);
  expect(JSON.parse(problemBody("busy", "why"))).toEqual({ title: errors.busy.title, status: 503, code: "busy", detail: "why" });
  expect(JSON.parse(problemBody("not_acknowledged", "why", { value: "1" }))).toEqual({ title: errors.not_acknowledged.title, status: 504, code: "not_acknowledged", detail: "why", answer: { value: "1" } });
});
