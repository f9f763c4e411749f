// A peer that was written from docs/replication-protocol.md alone, and a real responder: what the page says is enough, and true.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { refusals } from "../../../responder/replication/handshake.ts";
import { reservePort } from "../../cluster/ports.ts";
import { startResponder } from "../process.ts";
import { createSpecPeer, type SpecPeer, type SpecPeerOptions } from "./spec-peer.ts";
import { types, u32, u8 } from "./spec-wire.ts";

const dir = mkdtempSync(join(tmpdir(), "kvr-spec-"));
afterAll(() => rmSync(dir, { recursive: true }));
const secret = "a secret for tests, 0123456789abcdef";
writeFileSync(join(dir, "secret"), `${secret}\n`);

/** The responder knows the peer's address and dials it; the peer dials whoever calls. */
const startPair = async ({ uid, entries = {}, env = {} }: { uid: string; entries?: Record<string, string>; env?: Record<string, string> }) => {
  const peer = await createSpecPeer({ uid, secret });
  for (const [key, value] of Object.entries(entries)) await peer.write(key, value, { isSilent: true });
  const { port, release } = await reservePort();
  const responder = await startResponder({
    KVR_REPLICATION: "Peers",
    KVR_PEERS: `127.0.0.1:${peer.port}`,
    KVR_PEERS_PORT: String(port),
    KVR_PEER_SECRET_FILE: join(dir, "secret"),
    KVR_POD_UID: "m",
    ...env,
  });
  await expect.poll(() => peer.phaseOfPeer === 1 && peer.isReady, { timeout: 20_000 }).toBe(true);
  return {
    peer,
    responder,
    port,
    url: (key: string) => `${responder.api}/v1/kv/${key}`,
    [Symbol.asyncDispose]: async () => {
      await responder[Symbol.asyncDispose]();
      await peer[Symbol.asyncDispose]();
      release();
    },
  };
};

const etag = (version: Buffer) => `"${version.toString("hex")}"`;
const typesSeen = ({ seen }: SpecPeer) => seen.map(({ type }) => type);

test("fills a newcomer, which is ready then", async () => {
  await using pair = await startPair({ uid: "a", entries: { one: "1", two: "2" } });
  const { peer, responder, url } = pair;
  expect([await (await fetch(url("one"))).text(), await (await fetch(url("two"))).text()]).toEqual(["1", "2"]);
  expect((await fetch(url("one"))).headers.get("etag")).toBe(etag(peer.records.get("one")!.version));
  expect(typesSeen(peer)).toContain(types.snapshotRequest);
  const info = (await (await fetch(`${responder.management}/info`)).json()) as { replication: unknown };
  expect(info.replication).toEqual({ mode: "Peers", expected: 1, connected: 1, warmup: "copied", clockAhead: false });
  expect((await fetch(`${responder.management}/readyz`)).status).toBe(200);
});

test("gets what is written, deleted and flushed at the responder, and its acknowledgement counts", async () => {
  await using pair = await startPair({ uid: "a" });
  const { peer, url, responder } = pair;
  const put = await fetch(url("greeting"), { method: "PUT", body: "hello", headers: { "kv-ack": "all", "kv-ttl": "60", "content-type": "text/plain" } });
  expect([put.status, put.headers.get("kv-acked")]).toEqual([201, "1/1"]);
  const record = peer.records.get("greeting")!;
  expect([record.kind, record.value, etag(record.version)]).toEqual(["value", "hello", put.headers.get("etag")]);
  expect(Math.abs(record.expiresAt - Date.now() - 60_000)).toBeLessThan(2_000);

  expect((await fetch(url("greeting"), { method: "DELETE", headers: { "kv-ack": "all" } })).status).toBe(204);
  expect(peer.records.get("greeting")?.kind).toBe("deleted");
  await fetch(url("a-1"), { method: "PUT", body: "1", headers: { "kv-ack": "all" } });
  expect((await fetch(`${responder.api}/v1/kv?prefix=a-`, { method: "DELETE", headers: { "kv-ack": "all" } })).status).toBe(200);
  expect([peer.records.has("a-1"), peer.ranges.map(({ prefix }) => prefix)]).toEqual([false, ["a-"]]);
  // the ranges of both have the same hash, and what is held the same root
  await expect.poll(() => peer.compare()).toBe("same");
});

test("writes what becomes readable over HTTP, unless something later is there", async () => {
  await using pair = await startPair({ uid: "a" });
  const { peer, url } = pair;
  const version = await peer.write("greeting", "from afar");
  const got = await fetch(url("greeting"));
  expect([await got.text(), got.headers.get("etag")]).toEqual(["from afar", etag(version)]);
  // what the responder writes after it is later, whatever the clocks say
  const put = await fetch(url("greeting"), { method: "PUT", body: "later", headers: { "kv-ack": "all" } });
  expect(String(put.headers.get("etag")) > etag(version)).toBe(true);
  await peer.write("greeting", "long ago", { ms: 1_000 });
  expect(await (await fetch(url("greeting"))).text()).toBe("later");
});

test("is asked for a key, and asks", async () => {
  await using pair = await startPair({ uid: "a" });
  const { peer, url } = pair;
  const version = await peer.write("rare", "here it is", { isSilent: true });
  expect(await (await fetch(url("rare"), { headers: { "kv-min-version": version.toString("hex") } })).text()).toBe("here it is");
  peer.records.clear();
  peer.ask(types.fetch, Buffer.from("rare"));
  await expect.poll(() => peer.records.get("rare")?.value).toBe("here it is");
});

test("keeps the heartbeat: both see each other, and who does not stay in time is told", async () => {
  await using pair = await startPair({ uid: "a" });
  const { peer, url } = pair;
  await expect.poll(() => typesSeen(peer).filter((type) => type === types.heartbeatReply).length, { timeout: 5_000 }).toBeGreaterThan(1);
  await peer.write("future", "too early", { ms: Date.now() + 60_000 });
  const numbered = typesSeen(peer).filter((type) => type === types.ahead || type === types.ack);
  expect(numbered).toEqual([types.ahead, types.ack]);
  expect((await fetch(url("future"))).status).toBe(404);
});

test("hears of what was not taken, since its deletion may have been forgotten", async () => {
  await using pair = await startPair({ uid: "a", env: { KVR_TOMBSTONE_RETENTION: "1" } });
  const { peer, url, responder } = pair;
  const of = url("gone");
  await fetch(of, { method: "PUT", body: "1", headers: { "kv-ack": "all" } });
  const old = peer.records.get("gone")!;
  await fetch(of, { method: "DELETE", headers: { "kv-ack": "all" } });
  await expect.poll(async () => (await (await fetch(`${responder.management}/metrics`)).text()).includes("\nkv_tombstones 0\n"), { timeout: 10_000 }).toBe(true);
  await peer.write("gone", "back again", { ms: old.version.readUIntBE(0, 6) });
  expect(typesSeen(peer)).toContain(types.notTaken);
  expect((await fetch(of)).status).toBe(404);
});

describe("comparing", () => {
  test("as the one who begins: finds equal digests, then what each lacks", async () => {
    await using pair = await startPair({ uid: "a", entries: { both: "1" } });
    const { peer, url } = pair;
    await fetch(url("both-2"), { method: "PUT", body: "2", headers: { "kv-ack": "all" } });
    expect(await peer.compare()).toBe("same");
    await peer.write("only here", "x", { isSilent: true });
    peer.records.delete("both-2");
    expect(await peer.compare()).toBe("compared");
    expect(await (await fetch(url("only%20here"))).text()).toBe("x");
    await expect.poll(() => peer.records.get("both-2")?.value).toBe("2");
    expect(await peer.compare()).toBe("same");
  });

  test("as the one who is asked", async () => {
    await using pair = await startPair({ uid: "z" });
    const { peer, url } = pair;
    await fetch(url("lost"), { method: "PUT", body: "1", headers: { "kv-ack": "all" } });
    peer.records.delete("lost");
    await peer.write("only here", "x", { isSilent: true });
    await expect.poll(async () => (await fetch(url("only%20here"))).status, { timeout: 30_000 }).toBe(200);
    expect(peer.records.get("lost")?.value).toBe("1");
    expect(typesSeen(peer)).toEqual(expect.arrayContaining([types.summary, types.bucket]));
    await expect.poll(() => typesSeen(peer)).toContain(types.roundEnd);
  });
});

describe("is refused", () => {
  test.each<[string, Partial<SpecPeerOptions>]>([
    ["version", { protocol: 2 }],
    ["tenant", { tenant: "other" }],
    ["cluster", { cluster: "local/other" }],
    ["proof", { spoilProof: true }],
  ])("%s", async (name, options) => {
    await using pair = await startPair({ uid: "a" });
    await using stranger = await createSpecPeer({ uid: "s", secret, ...options });
    expect(refusals[(await stranger.dial(pair.port)) ?? -1]).toBe(name);
    const text = await (await fetch(`${pair.responder.management}/metrics`)).text();
    expect(text).toMatch(new RegExp(`^kv_replication_refusals_total\\{reason="${name}"\\} [1-9]`, "m"));
  });

  test("after it has left", async () => {
    await using pair = await startPair({ uid: "a" });
    pair.peer.ask(types.leave);
    await expect.poll(async () => refusals[(await pair.peer.dial(pair.port)) ?? -1]).toBe("left");
  });
});

test("what breaks the protocol ends the connection, and nothing else", async () => {
  await using pair = await startPair({ uid: "a" });
  const { peer, url, responder } = pair;
  peer.ask(types.heartbeat, u8(9));
  await expect.poll(async () => (await (await fetch(`${responder.management}/metrics`)).text()).includes('refusals_total{reason="protocol"} 1\n')).toBe(true);
  expect(await peer.dial(pair.port)).toBeUndefined();
  // an unknown type is for a later version
  peer.ask(200, u32(1));
  await peer.write("after", "1");
  expect(await (await fetch(url("after"))).text()).toBe("1");
});
