// Bytes that two readers of HTTP may read differently. Whatever node:http refuses or reads in another way, the fast path must not answer.
import { afterAll, beforeAll, expect, test } from "vitest";
import { openFast } from "./fast-path-harness.ts";
import { openApi, type Api } from "./harness.ts";
import { asOperation, readByNode } from "./node-reading.ts";

const host = "Host: x\r\n";
const put = (headers: string, body = "") => `PUT /v1/kv/a HTTP/1.1\r\n${host}${headers}\r\n${body}`;
const get = (headers: string) => `GET /v1/kv/a HTTP/1.1\r\n${host}${headers}\r\n`;
/** A request that a cheat would like to hide in another one's body. */
const hidden = `PUT /v1/kv/hidden HTTP/1.1\r\n${host}Content-Length: 1\r\n\r\n!`;
const chunked = `1\r\na\r\n0\r\n\r\n`;

/** "fast": the fast path answers it to the end. Everything else leaves for node:http. */
const cases: readonly (readonly [name: string, bytes: string, by?: "fast"])[] = [
  ["length and chunks", put("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", chunked + hidden)],
  ["chunks and length", put("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", chunked + hidden)],
  ["chunks", put("Transfer-Encoding: chunked\r\n", chunked)],
  ["chunks, then a request", put("Transfer-Encoding: chunked\r\n", chunked + hidden)],
  ["chunks with an extension", put("Transfer-Encoding: chunked\r\n", `1;a=b\r\na\r\n0\r\n\r\n`)],
  ["chunks with a long extension", put("Transfer-Encoding: chunked\r\n", `1;${"a".repeat(20_000)}\r\na\r\n0\r\n\r\n`)],
  ["chunks with trailers", put("Transfer-Encoding: chunked\r\n", `1\r\na\r\n0\r\nContent-Length: 5\r\n\r\n`)],
  ["a chunk size with a sign", put("Transfer-Encoding: chunked\r\n", `+1\r\na\r\n0\r\n\r\n`)],
  ["a chunk size with 0x", put("Transfer-Encoding: chunked\r\n", `0x1\r\na\r\n0\r\n\r\n`)],
  ["a chunk ended by LF", put("Transfer-Encoding: chunked\r\n", `1\na\n0\n\n`)],
  ["xchunked", put("Transfer-Encoding: xchunked\r\nContent-Length: 1\r\n", `a${hidden}`)],
  ["chunked, identity", put("Transfer-Encoding: chunked, identity\r\n", chunked)],
  ["identity", put("Transfer-Encoding: identity\r\nContent-Length: 1\r\n", "a")],
  ["a space before the colon of the encoding", put("Transfer-Encoding : chunked\r\nContent-Length: 1\r\n", `a${hidden}`)],
  ["a tab before the encoding", put("Transfer-Encoding:\tchunked\r\n", chunked)],
  ["a vertical tab before the encoding", put("Transfer-Encoding: \x0bchunked\r\nContent-Length: 1\r\n", `a${hidden}`)],
  ["a folded encoding", put("Content-Length: 1\r\nX: y\r\n Transfer-Encoding: chunked\r\n", `a${hidden}`)],
  ["an encoding in a value's line", put("X: y\nTransfer-Encoding: chunked\r\nContent-Length: 1\r\n", `a${hidden}`)],
  ["an encoding after a bare CR", put("X: y\rTransfer-Encoding: chunked\r\nContent-Length: 1\r\n", `a${hidden}`)],
  ["an underscore for the hyphen", put("Transfer_Encoding: chunked\r\nContent-Length: 1\r\n", `a${hidden}`)],
  ["two lengths that agree", put("Content-Length: 1\r\nContent-Length: 1\r\n", `a${hidden}`)],
  ["two lengths that differ", put("Content-Length: 1\r\nContent-Length: 9\r\n", `a${hidden}`)],
  ["two lengths in one line", put("Content-Length: 1, 1\r\n", `a${hidden}`)],
  ["a length with a plus", put("Content-Length: +1\r\n", `a${hidden}`)],
  ["a length with a minus", put("Content-Length: -1\r\n", `a${hidden}`)],
  ["a length in hexadecimal", put("Content-Length: 0x1\r\n", `a${hidden}`)],
  ["a length with a space inside", put("Content-Length: 1 1\r\n", `a${hidden}`)],
  ["a length with a leading zero", put("Content-Length: 01\r\n", `a${hidden}`)],
  ["a length with a fraction", put("Content-Length: 1.0\r\n", `a${hidden}`)],
  ["a length of 2^64 + 1", put("Content-Length: 18446744073709551617\r\n", `a${hidden}`)],
  ["a length after a tab", put("Content-Length:\t1\r\n", `a${hidden}`)],
  ["an empty length", put("Content-Length:\r\n", `a${hidden}`)],
  ["a length that is none", put("Content-Length: a\r\n", `a${hidden}`)],
  ["a space before the colon of the length", put("Content-Length : 1\r\n", `a${hidden}`)],
  ["a length with a NUL", put("Content-Length: 1\0\r\n", `a${hidden}`)],
  ["no length at all", put("", hidden)],
  ["GET with a body", get("Content-Length: 5\r\n") + "hello" + hidden],
  ["GET with an empty body", get("Content-Length: 0\r\n") + hidden, "fast"],
  ["DELETE with a body that is a request", `DELETE /v1/kv/a HTTP/1.1\r\n${host}Content-Length: ${hidden.length}\r\n\r\n${hidden}`],
  ["bare LF everywhere", `PUT /v1/kv/a HTTP/1.1\nHost: x\nContent-Length: 1\n\na`],
  ["bare LF after the request line", `PUT /v1/kv/a HTTP/1.1\nHost: x\r\nContent-Length: 1\r\n\r\na`],
  ["bare LF at the end of the head", `GET /v1/kv/a HTTP/1.1\r\n${host}\n${hidden}`],
  ["bare CR at the end of the head", `GET /v1/kv/a HTTP/1.1\r\n${host}\r${hidden}`],
  ["CR CR LF", `GET /v1/kv/a HTTP/1.1\r\n${host}A: b\r\r\n\r\n${hidden}`],
  ["NUL in a name", get("A\0B: c\r\n") + hidden],
  ["NUL in a value", get("A: \0\r\n") + hidden],
  ["NUL in the target", `GET /v1/kv/a\0b HTTP/1.1\r\n${host}\r\n`],
  ["a folded value", get("A: b\r\n c\r\n") + hidden],
  ["a first line that is folded", `GET /v1/kv/a HTTP/1.1\r\n ${host}\r\n`],
  ["an empty name", get(": b\r\n") + hidden],
  ["a line without a colon", get("Content-Length\r\n") + hidden],
  ["the absolute form", `GET http://y/v1/kv/a HTTP/1.1\r\n${host}\r\n`],
  ["the absolute form with another host", `GET http://evil/v1/kv/a HTTP/1.1\r\n${host}\r\n${hidden}`],
  ["the authority form", `GET x:80 HTTP/1.1\r\n${host}\r\n`],
  ["the asterisk form", `OPTIONS * HTTP/1.1\r\n${host}\r\n`],
  ["HTTP/1.0", `GET /v1/kv/a HTTP/1.0\r\n${host}\r\n${hidden}`],
  ["HTTP/1.0 and keep-alive", `GET /v1/kv/a HTTP/1.0\r\n${host}Connection: keep-alive\r\n\r\n${hidden}`],
  ["HTTP/0.9", `GET /v1/kv/a\r\n`],
  ["HTTP/2", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`],
  ["HTTP/1.2", `GET /v1/kv/a HTTP/1.2\r\n${host}\r\n`],
  ["http/1.1", `GET /v1/kv/a http/1.1\r\n${host}\r\n`],
  ["no Host", `GET /v1/kv/a HTTP/1.1\r\n\r\n`],
  ["two Hosts", get("Host: y\r\n")],
  ["a Host with a path", `GET /v1/kv/a HTTP/1.1\r\nHost: x/y\r\n\r\n`],
  ["a Host with a user", `GET /v1/kv/a HTTP/1.1\r\nHost: x@y\r\n\r\n`],
  ["Connection names a header that matters", put("Connection: close, Content-Length\r\nContent-Length: 1\r\n", "a")],
  ["Connection: Transfer-Encoding", put("Connection: Transfer-Encoding\r\nContent-Length: 1\r\n", `a${hidden}`)],
  ["Connection: keep-alive, close", get("Connection: keep-alive, close\r\n") + hidden],
  ["Connection: close, then keep-alive", get("Connection: close\r\nConnection: keep-alive\r\n") + hidden],
  ["Connection: close, then a request", get("Connection: close\r\n") + hidden, "fast"],
  ["Upgrade: h2c", get("Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n")],
  ["Upgrade without Connection", get("Upgrade: websocket\r\n") + hidden],
  ["Expect without a body", get("Expect: 100-continue\r\n")],
  ["Expect of something else", put("Expect: 200-ok\r\nContent-Length: 1\r\n", "a")],
  ["two requests in one write", put("Content-Length: 1\r\n", "a") + hidden, "fast"],
  ["a body that looks like a request", put(`Content-Length: ${hidden.length}\r\n`, hidden), "fast"],
  ["a body that ends in CRLF, then a request", put("Content-Length: 3\r\n", `a\r\n${hidden}`), "fast"],
  ["an empty line before a request", `\r\n${hidden}`],
  ["empty lines between requests", `${put("Content-Length: 1\r\n", "a")}\r\n\r\n${hidden}`],
  ["a body longer than its length", put("Content-Length: 1\r\n", `aaa${hidden}`)],
  ["a body shorter than its length", put("Content-Length: 100\r\n", "a")],
  ["8 KiB of one header", get(`A: ${"b".repeat(8200)}\r\n`) + hidden],
  ["a hundred headers", get("A: b\r\n".repeat(100)) + hidden],
  ["spaces in the target", `GET /v1/kv/a b HTTP/1.1\r\n${host}\r\n`],
  ["a tab for the space", `GET\t/v1/kv/a\tHTTP/1.1\r\n${host}\r\n`],
  ["a space after the version", `GET /v1/kv/a HTTP/1.1 \r\n${host}\r\n`],
  ["a request line in the key", `GET /v1/kv/a%20HTTP/1.1%0d%0aHost:%20y HTTP/1.1\r\n${host}\r\n`],
  ["an escaped CRLF in the key", `GET /v1/kv/a%0d%0ab HTTP/1.1\r\n${host}\r\n`, "fast"],
  ["dots in the path", `GET /v1/kv/../kv/a HTTP/1.1\r\n${host}\r\n`],
  ["a method override", put("X-HTTP-Method-Override: DELETE\r\nContent-Length: 1\r\n", "a"), "fast"],
];

const limits = { headMs: 300, requestMs: 300, checkMs: 20 };
let fast: Api;
let general: Api;
beforeAll(async () => void ([fast, general] = await Promise.all([openApi({ limits }), openApi({ limits, fast: false })])));
afterAll(async () => void (await Promise.all([fast.close(), general.close()])));

/** Everything that the server says until it closes, or has nothing more to say; without what differs from second to second. */
const hear = async (api: Api, bytes: string): Promise<string> => {
  const { socket, closed } = await api.raw(bytes);
  let heard = "";
  socket.on("data", (chunk: Buffer) => (heard += chunk.toString("latin1")));
  // asks for the end when it may: a connection that is closed already never hears it
  const silent = setInterval(() => socket.write(`GET /v1/kv/end HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`), 60);
  const text = await closed;
  clearInterval(silent);
  return text.replaceAll(/^Date: .*\r\n/gim, "").replaceAll(/[0-9a-f]{24}/g, "version").split(/(?=HTTP\/1\.1 \d{3} )/).map((answer) => answer.split("\r\n").toSorted((a, b) => a.toLowerCase().localeCompare(b.toLowerCase())).join("\n").toLowerCase()).join("\n----\n");
};

test("the list is long enough", () => expect(cases.length).toBeGreaterThanOrEqual(40));

for (const [name, bytes, by] of cases) test(name, async () => {
  const { connect, operations } = openFast();
  const alone = connect();
  alone.say(bytes);
  const kept = alone.handedOver() === undefined;
  if (by === "fast") expect(kept).toBe(true);

  // what the fast path answered, node:http reads too, and the same: as many requests, with the same bodies
  const reading = await readByNode(bytes);
  const read = reading.requests.map(asOperation);
  expect(read.slice(0, operations.length)).toEqual(operations);
  if (by === "fast") expect(read).toEqual(operations);

  fast.store.clear();
  general.store.clear();
  const [ours, theirs] = await Promise.all([hear(fast, bytes), hear(general, bytes)]);
  expect(ours).toBe(theirs);
  const entries = (api: Api) => {
    const found: string[] = [];
    let cursor = 0;
    do
      cursor = api.store.scan(cursor, (slot) => {
        const [key, value] = [Buffer.alloc(api.store.keyBytes(slot)), Buffer.alloc(api.store.valueBytes(slot))];
        api.store.copyKey(slot, key, 0);
        api.store.copyValue(slot, value, 0);
        found.push(`${key.toString("latin1")}=${value.toString("latin1")}`);
      });
    while (cursor !== 0);
    return found.toSorted();
  };
  expect(entries(fast)).toEqual(entries(general));
});
