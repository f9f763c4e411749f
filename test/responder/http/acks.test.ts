// KV-Ack: a write is answered when as many peers have it as its client wants, or with how many have.
import { once } from "node:events";
import { afterEach, describe, expect, test } from "vitest";
import { ackTimeoutMs } from "../../../responder/http/acks.ts";
import { createFakePeers, type FakePeers, type FakePeersOptions } from "../../support/fake-peers.ts";
import { manualTime, settle } from "../../support/manual-time.ts";
import { codeOf, openApi, type Api, type Options } from "./harness.ts";

let api: Api;
afterEach(() => api.close());

const json = { "content-type": "application/json" };
const open = async ({ level, peers: count, ...options }: Options & Pick<FakePeersOptions, "level" | "peers"> = {}) => {
  const time = manualTime();
  let peers: FakePeers | undefined;
  api = await openApi({
    ...options,
    timers: time,
    replication: (store) => (peers = createFakePeers({ position: () => store.replica.changes, timers: time, ...(level && { level }), ...(count === undefined ? {} : { peers: count }) })),
  });
  if (!peers) throw new Error("nobody asked for peers");
  return { time, peers };
};
const waits = (peers: FakePeers, n = 1) => expect.poll(() => peers.waiting).toBe(n);

/** Each of them writes, to a server that has "n" as a counter and "a" as an entry. */
const writes: Readonly<Record<string, readonly [method: string, path: string, body?: string]>> = {
  PUT: ["PUT", "/v1/kv/a", "2"],
  DELETE: ["DELETE", "/v1/kv/a"],
  "DELETE of what is absent here": ["DELETE", "/v1/kv/none"],
  incr: ["POST", "/v1/kv/n/incr"],
  batch: ["POST", "/v1/batch", '{"operations":[{"op":"get","key":"a"},{"op":"put","key":"b","value":"1"},{"op":"put","key":"c","value":"1"}]}'],
  "DELETE of a prefix": ["DELETE", "/v1/kv?prefix=a"],
};
const begin = async () => {
  await api.send("PUT", "/v1/kv/a", { body: "1", headers: { "kv-ack": "local" } });
  await api.send("PUT", "/v1/kv/n", { body: "41", headers: { "kv-ack": "local" } });
};
const send = ([method, path, body = ""]: readonly [string, string, string?], level?: string) => api.send(method, path, { body, headers: { ...(path === "/v1/batch" ? json : {}), ...(level === undefined ? {} : { "kv-ack": level }) } });

describe.each(Object.entries(writes))("%s", (name, write) => {
  const status = { PUT: 204, DELETE: 204, "DELETE of what is absent here": 404 }[name] ?? 200;

  test("with KV-Ack: all is answered once every peer has it", async () => {
    const { peers } = await open();
    await begin();
    // what they have of before does not count
    peers.acknowledge(2);
    const answer = send(write, "all");
    await waits(peers);
    peers.acknowledge(1);
    await settle();
    expect(peers.waiting).toBe(1);
    peers.acknowledge(2);
    expect([(await answer).status, (await answer).headers["kv-acked"]]).toEqual([status, "2/2"]);
  });

  test("in vain is a 504 that says so, and is done", async () => {
    const { peers, time } = await open();
    await begin();
    const [before, plain] = [api.store.replica.changes, ["PUT", "incr"].includes(name)];
    const answer = send(write, "all");
    await waits(peers);
    peers.acknowledge(1);
    time.advance(ackTimeoutMs - 1);
    await settle();
    expect(peers.waiting).toBe(1);
    time.advance(1);
    const { status, headers, body } = await answer;
    expect([status, headers["content-type"], headers["kv-acked"]]).toEqual([504, "application/problem+json", "1/2"]);
    expect(JSON.parse(body.toString())).toMatchObject({ code: "not_acknowledged", detail: "written here, acknowledged by 1 of 2 peers" });
    expect(api.store.replica.changes).toBeGreaterThan(before);
    expect(headers.etag).toBe(plain ? (await api.send("HEAD", write[1].replace("/incr", ""))).headers.etag : undefined);
    expect(time.pending).toBe(0);
  });

  test("waits as the cache says when it does not say itself", async () => {
    const { peers } = await open({ level: "one" });
    await begin();
    const answer = send(write);
    await waits(peers);
    peers.acknowledge(1);
    expect((await answer).headers["kv-acked"]).toBe("1/2");
    peers.setLevel("local");
    expect((await send(writes["PUT"]!)).headers["kv-acked"]).toBeUndefined();
  });

  test("with KV-Ack: local does not wait", async () => {
    await open({ level: "all" });
    await begin();
    const answer = await send(write, "local");
    expect([answer.status, answer.headers["kv-acked"]]).toEqual([status, undefined]);
  });

  test.each(["ALL", "2", "", "one, all"])("with KV-Ack: %j is refused, and not done", async (level) => {
    await open();
    await begin();
    const before = api.store.replica.changes;
    expect(codeOf(await send(write, level))).toBe("invalid_ack");
    expect(api.store.replica.changes).toBe(before);
  });
});

describe("what a body would have told", () => {
  const told = async (write: keyof typeof writes) => {
    const { peers, time } = await open({ level: "one" });
    await begin();
    const answer = send(writes[write]!);
    await waits(peers);
    time.advance(ackTimeoutMs);
    return (JSON.parse((await answer).body.toString()) as { answer: unknown }).answer;
  };
  const version = expect.stringMatching(/^[0-9a-f]{24}$/);

  test("is in the problem: a sum", async () => expect(await told("incr")).toEqual({ value: "42" }));
  test("is in the problem: a count", async () => expect(await told("DELETE of a prefix")).toEqual({ deleted: 1 }));
  test("is in the problem: results", async () =>
    expect(await told("batch")).toEqual({ results: [expect.objectContaining({ status: 200, value: "1" }), { status: 201, version }, { status: 201, version }] }));
  test("is not there when there is none", async () => expect(await told("PUT")).toBeUndefined());
});

describe("what writes nothing does not wait", () => {
  const batch = (...operations: object[]) => ["POST", "/v1/batch", JSON.stringify({ operations })] as const;
  test.each([
    ["a batch that only reads", batch({ op: "get", key: "a" }, { op: "get", key: "none" }), {}, 200],
    ["a batch that was refused", batch({ op: "put", key: "a", value: "2", ifNoneMatch: "*" }, { op: "delete", key: "a", ifMatch: '"x"' }, { op: "put", key: "b", value: "x".repeat(1001) }), {}, 200],
    ["a PUT whose condition fails", ["PUT", "/v1/kv/a", "2"], { "if-none-match": "*" }, 412],
    ["a DELETE whose condition fails", ["DELETE", "/v1/kv/a"], { "if-match": '"x"' }, 412],
    ["an incr of what is no number", ["POST", "/v1/kv/a/incr"], {}, 409],
    ["a GET", ["GET", "/v1/kv/a"], { "kv-ack": "all" }, 200],
  ] as const)("%s", async (_, [method, path, body], headers, status) => {
    await open({ level: "all" });
    await api.send("PUT", "/v1/kv/a", { body: "x", headers: { "kv-ack": "local" } });
    const answer = await api.send(method, path, { body: body ?? "", headers: { ...json, ...headers } });
    expect([answer.status, answer.headers["kv-acked"]]).toEqual([status, undefined]);
  });
});

test("a batch with one delete of what is absent waits, once", async () => {
  const { peers } = await open({ level: "one" });
  const answer = send(["POST", "/v1/batch", '{"operations":[{"op":"get","key":"a"},{"op":"delete","key":"b"}]}']);
  await waits(peers);
  peers.acknowledge(2);
  expect([(await answer).status, (await answer).headers["kv-acked"]]).toEqual([200, "2/2"]);
});

test("of a pod that is alone every level is met", async () => {
  api = await openApi();
  for (const level of ["one", "all"]) expect((await send(writes["PUT"]!, level)).headers["kv-acked"]).toBe("0/0");
});

test("a client that has left is not waited for", async () => {
  const { peers, time } = await open({ level: "all" });
  const { socket } = await api.raw("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1");
  await waits(peers);
  socket.destroy();
  await waits(peers, 0);
  expect(time.pending).toBe(0);
  await expect.poll(() => api.series('kv_http_requests_total{method="PUT",route="kv",code="499"}')).toBe(1);
  expect(await api.series("kv_http_requests_in_flight")).toBe(0);
});

test("requests behind it on the same connection wait for it", async () => {
  const { peers } = await open({ level: "one" });
  const { closed } = await api.raw("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1GET /v1/kv/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  await waits(peers);
  peers.acknowledge(1);
  expect((await closed).match(/HTTP\/1\.1 \d+|KV-Acked: 1\/2/gi)).toEqual(["HTTP/1.1 201", expect.stringMatching(/kv-acked/i), "HTTP/1.1 200"]);
});

test("it is counted as an error, and logged, without key and value", async () => {
  const { peers, time } = await open({ level: "one" });
  const answer = api.send("PUT", "/v1/kv/tell-nobody", { body: "secret" });
  await waits(peers);
  time.advance(ackTimeoutMs);
  await answer;
  await expect.poll(() => api.series('kv_http_requests_total{method="PUT",route="kv",code="504"}')).toBe(1);
  expect(await api.series('kv_operations_total{operation="put",result="error"}')).toBe(1);
  expect(api.lines.at(-1)).toMatchObject({ level: "warn", message: "request", fields: { status: 504, route: "kv" } });
  expect(JSON.stringify(api.lines)).not.toMatch(/tell-nobody|secret/);
});

describe("a drain", () => {
  const waiting = async () => {
    const { peers } = await open({ level: "one" });
    const { socket, closed } = await api.raw("PUT /v1/kv/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\n1");
    await waits(peers);
    return { peers, socket, closed };
  };

  test("waits for what waits for peers, and answers it", async () => {
    const { peers, closed } = await waiting();
    const idle = await api.raw("GET /v1/kv/a HTTP/1.1\r\nHost: x\r\n\r\n");
    await once(idle.socket, "data");
    const drained = api.server.drain(2_000);
    await idle.closed;
    expect(peers.waiting).toBe(1);
    peers.acknowledge(1);
    const heard = await closed;
    expect(heard).toMatch(/^HTTP\/1\.1 201 /);
    expect(heard.toLowerCase()).toContain("connection: close");
    expect(await drained).toBe(0);
  });

  test("cuts it at its end, and counts it", async () => {
    const { peers, socket } = await waiting();
    const cut = once(socket, "close");
    expect(await api.server.drain(50)).toBe(1);
    await cut;
    await waits(peers, 0);
  });
});
