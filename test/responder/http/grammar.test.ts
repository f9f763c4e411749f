import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createHead, createHeadParser, field, foreign, isPlainHost, more } from "../../../responder/http/grammar.ts";
import { decodeKey } from "../../../responder/http/target.ts";

const parse = createHeadParser({ headBytes: 8192, headers: 64 });
const head = createHead();
const run = (text: string) => {
  const bytes = Buffer.from(text, "latin1");
  return parse(bytes, 0, bytes.length, head);
};
const value = (text: string, index: number) => (head.from[index] as number) < 0 ? undefined : text.slice(head.from[index], head.to[index]);
const get = (lines: string, target = "/v1/kv/a") => `GET ${target} HTTP/1.1\r\n${lines}\r\n`;
const host = "Host: x\r\n";

test("a head is read into ranges, to its last byte", () => {
  const text = `PUT /v1/kv/a%2Fb HTTP/1.1\r\nhOST:  cache:8080 \r\nContent-Length: 12\r\nIF-MATCH: "1"\r\nkv-ttl: 5\r\nContent-Type: a b\r\nAuthorization: Bearer t\r\nConnection: Close\r\nX-Else:\r\n\r\n`;
  expect(run(`${text}body`)).toBe(text.length);
  expect([head.method, head.key.toString("latin1", head.keyFrom, head.keyTo), head.contentLength, head.close]).toEqual(["PUT", "a/b", 12, true]);
  expect([field.host, field.ifMatch, field.ifNoneMatch, field.ttl, field.contentType, field.authorization].map((f) => value(text, f))).toEqual(["cache:8080", '"1"', undefined, "5", "a b", "Bearer t"]);
});

test("nothing stays of the head before", () => {
  run(`PUT /v1/kv/%61 HTTP/1.1\r\n${host}Content-Length: 12\r\nKV-TTL: 5\r\nConnection: close\r\n\r\n`);
  const text = get(host);
  expect(run(text)).toBe(text.length);
  expect([head.method, head.key.toString("latin1", head.keyFrom, head.keyTo), head.contentLength, head.close, value(text, field.ttl)]).toEqual(["GET", "a", 0, false, undefined]);
});

describe("foreign", () => {
  test.each([
    ["another method", `POST /v1/kv/a HTTP/1.1\r\n${host}\r\n`],
    ["a method in lower case", `get /v1/kv/a HTTP/1.1\r\n${host}\r\n`],
    ["a line before the head", `\r\n${get(host)}`],
    ["HTTP/1.0", `GET /v1/kv/a HTTP/1.0\r\n${host}\r\n`],
    ["HTTP/1.10", `GET /v1/kv/a HTTP/1.10\r\n${host}\r\n`],
    ["no version", `GET /v1/kv/a\r\n${host}\r\n`],
    ["two spaces", `GET  /v1/kv/a HTTP/1.1\r\n${host}\r\n`],
    ["two spaces after the target", `GET /v1/kv/a  HTTP/1.1\r\n${host}\r\n`],
    ["the absolute form", `GET http://x/v1/kv/a HTTP/1.1\r\n${host}\r\n`],
    ["another path", get(host, "/v1/kw/a")],
    ["a path in another spelling", get(host, "/v1/%6bv/a")],
    ["no key", get(host, "/v1/kv/")],
    ["two segments", get(host, "/v1/kv/a/incr")],
    ["a query", get(host, "/v1/kv/a?b=c")],
    ["a fragment", get(host, "/v1/kv/a#b")],
    ["an escape that is none", get(host, "/v1/kv/%zz")],
    ["an escape that ends early", get(host, "/v1/kv/%4")],
    ["a byte beyond ASCII in the target", get(host, "/v1/kv/\xe9")],
    ["a NUL in the target", get(host, "/v1/kv/\0")],
    ["a tab in the target", get(host, "/v1/kv/a\tb")],
    ["a key of 513 bytes", get(host, `/v1/kv/${"k".repeat(513)}`)],
    ["a key of 513 escaped bytes", get(host, `/v1/kv/${"%6b".repeat(513)}`)],
    ["no Host", get("")],
    ["an empty Host", get("Host:\r\n")],
    ["Host twice", get(host + host)],
    ["Host twice in another case", get(`${host}hOsT: x\r\n`)],
    ["a space before the colon", get(`${host}A : b\r\n`)],
    ["an empty name", get(`${host}: b\r\n`)],
    ["no colon", get(`${host}A\r\n`)],
    ["a name with an underscore", get(`${host}a_b: c\r\n`)],
    ["a folded line", get(`${host}A: b\r\n c\r\n`)],
    ["a line that begins with a tab", get(`${host}\tA: b\r\n`)],
    ["a bare LF", `GET /v1/kv/a HTTP/1.1\nHost: x\n\n`],
    ["a bare LF in a header", get(`Host: x\nA: b\r\n`)],
    ["a bare CR in a value", get(`${host}A: b\rc\r\n`)],
    ["a CR too many", get(`${host}A: b\r\r\n`)],
    ["a NUL in a value", get(`${host}A: \0\r\n`)],
    ["a tab in a value", get(`${host}A: b\tc\r\n`)],
    ["DEL in a value", get(`${host}A: \x7f\r\n`)],
    ["a byte beyond ASCII in a value", get(`${host}A: \xe9\r\n`)],
    ["Transfer-Encoding", get(`${host}Transfer-Encoding: identity\r\n`)],
    ["transfer-encoding", get(`${host}transfer-ENCODING:chunked\r\n`)],
    ["Expect", get(`${host}Expect: 100-continue\r\n`)],
    ["Upgrade", get(`${host}Upgrade: h2c\r\n`)],
    ["TE", get(`${host}TE: trailers\r\n`)],
    ["Trailer", get(`${host}Trailer: a\r\n`)],
    ["Proxy-Connection", get(`${host}Proxy-Connection: close\r\n`)],
    ["Connection twice", get(`${host}Connection: close\r\nConnection: close\r\n`)],
    ["Connection with two tokens", get(`${host}Connection: keep-alive, close\r\n`)],
    ["Connection: upgrade", get(`${host}Connection: upgrade\r\n`)],
    ["an empty Connection", get(`${host}Connection:\r\n`)],
    ["a header of ours that is not known yet", get(`${host}KV-Lease: 1\r\n`)],
    ["a wait for peers", get(`${host}KV-Ack: local\r\n`)],
    ["a wait for a version", get(`${host}kv-min-version: 018bcfe56800000000000001\r\n`)],
    ["GET with a body", get(`${host}Content-Length: 1\r\n`)],
    ["PUT without a length", `PUT /v1/kv/a HTTP/1.1\r\n${host}\r\n`],
    ...["+1", "-1", "0x1", "1 1", "1,1", "01", "1.0", "1e1", "", " ", "1000000000", "a"].map((n) => [`Content-Length: ${n}`, `PUT /v1/kv/a HTTP/1.1\r\n${host}Content-Length: ${n}\r\n\r\n`]),
    ["Content-Length twice", `PUT /v1/kv/a HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`],
    ["65 headers", get(host + "A: b\r\n".repeat(64))],
    ["more than 8 KiB", get(`${host}A: ${"b".repeat(8192)}\r\n`)],
    ["8 KiB without an end", `GET /v1/kv/a HTTP/1.1\r\nA: ${"b".repeat(8192)}`],
  ] as [string, string][])("%s", (_, text) => expect(run(text)).toBe(foreign));
});

describe("accepted", () => {
  test.each([
    ["64 headers", get(host + "A: b\r\n".repeat(63))],
    ["no space after the colon", get("Host:x\r\n")],
    ["spaces around a value", get("Host:   x   \r\n")],
    ["an empty value of a header that means nothing", get(`${host}A:\r\n`)],
    ["every character that a segment may have", get(host, "/v1/kv/-._~!$&'()*+,;=:@aZ09")],
    ["a key of 512 escaped bytes", get(host, `/v1/kv/${"%6b".repeat(512)}`)],
    ["GET with an empty body", get(`${host}Content-Length: 0\r\n`)],
    ["keep-alive in any case", get(`${host}Connection: KEEP-alive\r\n`)],
    ["a header that means nothing, twice", get(`${host}Accept: a\r\nAccept: b\r\n`)],
    ["a trace", get(`${host}traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\r\n`)],
  ])("%s", (_, text) => expect(run(text)).toBe(text.length));
});

test("every part of an accepted head asks for more, wherever it ends", () => {
  const text = `PUT /v1/kv/a%20b HTTP/1.1\r\nHost: x\r\nAccept: */*\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\n`;
  for (let end = 1; end < text.length; end++) expect(run(text.slice(0, end)), `after ${end} bytes`).toBe(more);
});

test("bytes beyond what has arrived are not looked at", () => {
  const text = get(host);
  const bytes = Buffer.from(text + text, "latin1");
  for (let end = 1; end < text.length; end++) expect(parse(bytes, 0, end, head)).toBe(more);
  expect(parse(bytes, text.length, bytes.length, head)).toBe(bytes.length);
});

test("an escaped key has the bytes that the general routes give it", () => {
  const piece = fc.oneof(fc.constantFrom("a", "%41", "%2f", "%2F", "%00", "%ff", "%", "%g0", "~", ".", "%25"), fc.string({ maxLength: 2 }));
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const key = pieces.join("");
      if (run(get(host, `/v1/kv/${key}`)) <= 0) return;
      const decoded = decodeKey(key);
      expect("key" in decoded && decoded.key.equals(head.key.subarray(head.keyFrom, head.keyTo))).toBe(true);
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ["x", true],
  ["Cache.Example:8080", true],
  ["kv_a-b.ns.svc.cluster.local:80", true],
  ["127.0.0.1:60123", true],
  ["[::1]:8080", true],
  ["a b", false],
  ["a:b", false],
  ["a:123456", false],
  ["a:99999", false],
  ["a/b", false],
  ["a@b", false],
  ["a?b", false],
  ["a#b", false],
  ["a\\b", false],
  ["1.2.3.400", false],
  ["0x7f.1", false],
  ["::1", false],
  ["%61", false],
  ["", false],
])("host %j is plain: %s", (text, plain) => expect(isPlainHost(text)).toBe(plain));
