// KV-Min-Version: a read is answered once this pod holds the key in that version or a later one, or with the news that it does not.
import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, test } from "vitest";
import { createVersionWaits, minVersionTimeoutMs, mostWaiting, parseMinVersion } from "../../../responder/http/min-version.ts";
import type { RecordKind, RemoteRecord, Store } from "../../../responder/store/types.ts";
import { formatVersion, type Version } from "../../../responder/store/version.ts";
import { createFakePeers, type FakePeers } from "../../support/fake-peers.ts";
import { manualTime, settle } from "../../support/manual-time.ts";
import { codeOf, openApi, type Answer, type Api } from "./harness.ts";

let api: Api;
afterEach(() => api.close());

const open = async () => {
  const time = manualTime();
  let peers: FakePeers | undefined;
  api = await openApi({ timers: time, replication: (store) => (peers = createFakePeers({ position: () => store.replica.changes, timers: time })) });
  if (!peers) throw new Error("nobody asked for peers");
  return { time, peers };
};

/** Later than all that the harness writes by itself. */
const from = (ms: number): Version => ({ ms: 1_700_000_000_000 + ms, counter: 0, node: 7 });
const record = (key: string, { ms, counter, node }: Version, kind: RecordKind = "value"): RemoteRecord => ({
  key: Buffer.from(key),
  keyFrom: 0,
  keyTo: key.length,
  ms,
  counter,
  node,
  kind,
  expiresAt: 0,
  contentType: undefined,
  value: Buffer.from("theirs"),
  valueFrom: 0,
  valueTo: kind === "value" ? 6 : 0,
});
const arrives = (store: Store, ...args: Parameters<typeof record>) => expect(store.replica.merge(record(...args))).toBe(1);
const read = (key: string, version: string | Version, method = "GET") => api.send(method, `/v1/kv/${key}`, { headers: { "kv-min-version": typeof version === "string" ? version : formatVersion(version) } });
const seen = ({ status, body }: Answer) => [status, body.toString()];

describe("is answered at once", () => {
  test.each(["GET", "HEAD"])("when the version is here, with an ETag's quotes or without: %s", async (method) => {
    const { peers } = await open();
    const { headers } = await api.send("PUT", "/v1/kv/a", { body: "mine" });
    const etag = String(headers.etag);
    for (const version of [etag, etag.slice(1, -1)]) expect(seen(await read("a", version, method))).toEqual([200, method === "GET" ? "mine" : ""]);
    expect(peers.fetched).toEqual([]);
  });

  test("when a later one is here", async () => {
    const { peers } = await open();
    const { headers } = await api.send("PUT", "/v1/kv/a", { body: "mine" });
    await api.send("PUT", "/v1/kv/a", { body: "later" });
    expect(seen(await read("a", String(headers.etag)))).toEqual([200, "later"]);
    expect(peers.fetched).toEqual([]);
  });

  test("with 404 when the key was deleted since, expired, or has made room", async () => {
    const { peers } = await open();
    const { headers: a } = await api.send("PUT", "/v1/kv/a", { body: "1" });
    await api.send("DELETE", "/v1/kv/a");
    const { headers: b } = await api.send("PUT", "/v1/kv/b", { body: "1", headers: { "kv-ttl": "1" } });
    arrives(api.store, "c", from(5_000), "evicted");
    api.advance(1_000);
    for (const [key, version] of [["a", String(a.etag)], ["b", String(b.etag)], ["c", from(5_000)]] as const) expect(codeOf(await read(key, version))).toBe("key_not_found");
    expect(peers.fetched).toEqual([]);
  });

  test("with 404 when all keys with its prefix were deleted since, and not when others were", async () => {
    const { peers, time } = await open();
    const { headers } = await api.send("PUT", "/v1/kv/aa", { body: "1" });
    await api.send("DELETE", "/v1/kv?prefix=a");
    expect(codeOf(await read("aa", String(headers.etag)))).toBe("key_not_found");
    expect(peers.fetched).toEqual([]);
    for (const [key, version] of [["b", String(headers.etag)], ["aa", from(5_000)]] as const) {
      const answer = read(key, version);
      await expect.poll(() => time.pending).toBe(2);
      time.advance(minVersionTimeoutMs);
      expect(codeOf(await answer)).toBe("version_not_reached");
    }
  });
});

describe("is waited for", () => {
  const begin = async (version: Version = from(5_000)) => {
    const { time, peers } = await open();
    const answer = read("a", version);
    await expect.poll(() => peers.fetched).toEqual(["a"]);
    return { time, peers, answer };
  };

  test("until it arrives", async () => {
    const { time, peers, answer } = await begin();
    arrives(api.store, "a", from(4_999));
    time.advance(500);
    await settle();
    expect(time.pending).toBe(2);
    arrives(api.store, "a", from(5_000));
    time.advance(5);
    expect(seen(await answer)).toEqual([200, "theirs"]);
    expect([peers.fetched, time.pending]).toEqual([["a"], 0]);
  });

  test("until it arrives as a deletion", async () => {
    const { time, answer } = await begin();
    arrives(api.store, "a", from(5_001), "deleted");
    time.advance(5);
    expect(codeOf(await answer)).toBe("key_not_found");
  });

  test("until all keys are deleted", async () => {
    const { time, answer } = await begin();
    api.store.replica.mergeRange(Buffer.alloc(0), from(6_000));
    time.advance(5);
    expect(codeOf(await answer)).toBe("key_not_found");
  });

  test("for a second, and then it is a 504", async () => {
    const { time, answer } = await begin();
    time.advance(minVersionTimeoutMs - 1);
    await settle();
    expect(time.pending).toBe(2);
    time.advance(1);
    const { status, headers, body } = await answer;
    expect([status, headers["content-type"]]).toEqual([504, "application/problem+json"]);
    expect(JSON.parse(body.toString())).toMatchObject({ code: "version_not_reached", detail: "it did not arrive within 1 s" });
    expect(time.pending).toBe(0);
    await expect.poll(() => api.series('kv_http_requests_total{method="GET",route="kv",code="504"}')).toBe(1);
    expect(await api.series('kv_operations_total{operation="get",result="error"}')).toBe(1);
  });

  test("and conditions are judged by what has arrived", async () => {
    const { time } = await open();
    const headers = { "kv-min-version": formatVersion(from(5_000)), "if-none-match": `"${formatVersion(from(5_000))}"` };
    const answer = api.send("GET", "/v1/kv/a", { headers });
    await expect.poll(() => time.pending).toBe(2);
    arrives(api.store, "a", from(5_000));
    time.advance(5);
    expect((await answer).status).toBe(304);
  });

  test("not for a client that has left", async () => {
    const { time } = await open();
    const { socket } = await api.raw(`GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nKV-Min-Version: ${formatVersion(from(1))}\r\n\r\n`);
    await expect.poll(() => time.pending).toBe(2);
    socket.destroy();
    await expect.poll(() => time.pending).toBe(0);
    await expect.poll(() => api.series('kv_http_requests_total{method="GET",route="kv",code="499"}')).toBe(1);
  });
});

test(`of more than ${mostWaiting} the next is told at once, and when one has its answer there is room again`, async () => {
  const { peers, time } = await open();
  const waits = createVersionWaits({ store: api.store, replication: peers, timers: time });
  const reach = (key: string) => waits.reach(Buffer.from(key), from(5_000), new EventEmitter() as ServerResponse);
  const first = Array.from({ length: mostWaiting }, (_, i) => reach(`k${i}`));
  expect(await reach("another")).toBe("crowded");
  // one timer looks after all of them, and each has a deadline
  expect(time.pending).toBe(mostWaiting + 1);
  arrives(api.store, "k0", from(5_000));
  time.advance(5);
  expect(await first[0]).toBe("held");
  const last = reach("last");
  time.advance(minVersionTimeoutMs);
  expect(new Set(await Promise.all([...first.slice(1), last]))).toEqual(new Set(["late"]));
  expect([time.pending, peers.fetched.includes("another")]).toEqual([0, false]);
});

describe("what is no version", () => {
  const version = formatVersion(from(1));
  test.each(["", "x", version.slice(1), `${version}0`, version.toUpperCase(), `"${version}`, `${version}"`, `W/"${version}"`, `"${version}", "${version}"`, "*"])("%j is refused", async (text) => {
    await open();
    expect(parseMinVersion(text)).toBeUndefined();
    for (const method of ["GET", "HEAD"]) expect((await read("a", text, method)).status).toBe(400);
    expect(codeOf(await read("a", text))).toBe("invalid_min_version");
  });
});
