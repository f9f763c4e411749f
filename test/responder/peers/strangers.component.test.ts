// Who is not a peer, by mistake or on purpose: is refused, is counted, changes nothing and costs little. The secret itself is never seen.
import { readFileSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { deriveKey } from "#lib/peer-secret";
import { frame, frameType, headerBytes, maxFrameBytes } from "../../../responder/replication/frames.ts";
import { startMesh, type Mesh } from "../replication/mesh.ts";
import type { Held, Pod } from "../replication/pod.ts";
import { callAsStranger, helloFrame, helloOf, introduce, type Stranger } from "./stranger.ts";

const realm = { tenant: "acme", cluster: "team-a/cache" };
const env = { KVR_TENANT: "acme", KVR_NAMESPACE: "team-a", KVR_NAME: "cache" };

const dir = mkdtempSync(join(tmpdir(), "kvr-strangers-"));
writeFileSync(join(dir, "secret"), "another secret of another tenant");
writeFileSync(join(dir, "runtime.json"), '{"logLevel":"trace"}');
let mesh: Mesh;
let a: Pod;
let before: Map<string, Held>;
beforeAll(async () => {
  mesh = await startMesh("abc", { env, absent: ["c"] });
  a = mesh.pod("a");
  await a.run(Array.from({ length: 500 }, (_, i) => ({ op: "put", key: `key-${i}`, value: "1" })), { "kv-ack": "all" });
  before = await a.contents();
});
afterAll(async () => {
  await mesh?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});

const refusals = (pod: Pod, reason: string) => pod.series(`kv_replication_refusals_total{reason="${reason}"}`);
const key = () => deriveKey(Buffer.from(mesh.secret), "peer proof", 32);
const residentBytes = ({ pid }: Pod): number => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) * 1024;
const isUnchanged = async () => {
  expect(await a.contents()).toEqual(before);
  expect((await a.replication()).connected).toBe(1);
};

/** A head that announces so many bytes. */
const announces = (length: number, type: number): Buffer => {
  const head = Buffer.alloc(headerBytes);
  head.writeUInt32BE(length);
  head[4] = type;
  return head;
};
const ofVersion = (version: number, more = Buffer.alloc(0)): Buffer => {
  const hello = Buffer.concat([helloOf(realm), more]);
  hello[0] = version;
  return frame(frameType.hello, hello);
};

describe("before it has shown who it is", () => {
  const strangers: readonly (readonly [name: string, reason: string, bytes: Buffer])[] = [
    ["another tenant", "tenant", helloFrame({ ...realm, tenant: "rival" })],
    ["another cache of the tenant", "cluster", helloFrame({ ...realm, cluster: "team-a/other" })],
    ["another protocol version", "version", ofVersion(0)],
    ["a later protocol version, whose first message is longer", "version", ofVersion(2, Buffer.from("what we cannot know"))],
    ["an HTTP client", "protocol", Buffer.from("GET / HTTP/1.1\r\nHost: kv\r\n\r\n")],
    ["noise", "protocol", Buffer.alloc(4_096, 0xd7)],
    ["a frame of nothing", "protocol", Buffer.alloc(16)],
    ["a frame larger than a handshake needs", "protocol", announces(1_025, frameType.hello)],
    ["a hello that is cut short", "protocol", frame(frameType.hello, helloOf(realm).subarray(0, 30))],
    ["a hello with something behind it", "protocol", frame(frameType.hello, Buffer.concat([helloOf(realm), Buffer.alloc(3)]))],
    ["a record instead of a hello", "protocol", frame(frameType.value, Buffer.alloc(60, 1))],
    ["a proof instead of a hello", "protocol", frame(frameType.proof, Buffer.alloc(32))],
    ["a second hello", "protocol", Buffer.concat([helloFrame(realm), helloFrame(realm)])],
  ];

  test.each(strangers)("%s is refused as %s", async (_, reason, bytes) => {
    const count = await refusals(a, reason);
    using stranger = await callAsStranger(mesh.peersPort("a"));
    stranger.send(bytes);
    expect(await stranger.closed).toBe(reason === "protocol" ? undefined : reason);
    await expect.poll(() => refusals(a, reason)).toBe(count + 1);
    await isUnchanged();
  });

  test("who does not know the secret is refused, also with what a peer once showed", async () => {
    const count = await refusals(a, "proof");
    const record: Buffer[] = [];
    mesh.lane("b", "a").record = record;
    mesh.reset("a", "b");
    await expect.poll(async () => record.length > 0 && (await a.replication()).connected, { timeout: 15_000 }).toBe(1);
    await expect.poll(() => mesh.pod("b").said("link is up").length, { timeout: 15_000 }).toBeGreaterThan(1);
    mesh.lane("b", "a").record = undefined;
    // of one who knows the secret, as they were on the wire; b's answers to a took the same way
    const heard = (type: number): Buffer => {
      const piece = record.find((each) => each[4] === type) ?? Buffer.alloc(0);
      return piece.subarray(0, 4 + piece.readUInt32BE());
    };
    using replayed = await callAsStranger(mesh.peersPort("a"));
    replayed.send(Buffer.concat([heard(frameType.hello), heard(frameType.proof)]));
    expect(await replayed.closed).toBe("proof");

    using guessing = await callAsStranger(mesh.peersPort("a"));
    await introduce(guessing, realm, deriveKey(Buffer.from("another secret of another tenant"), "peer proof", 32));
    expect(await guessing.closed).toBe("proof");
    await expect.poll(() => refusals(a, "proof")).toBe(count + 2);
    await isUnchanged();
  });

  test("who says nothing, or half, is closed after a while; a crowd of them costs little and does not stay", async () => {
    const resident = residentBytes(a);
    // in turn: nothing, the half of a hello, the first bytes of the largest handshake frame
    const says = [Buffer.alloc(0), helloFrame(realm).subarray(0, 40), Buffer.concat([announces(1_024, frameType.hello), Buffer.alloc(1_000)])];
    const crowd = await Promise.all(Array.from({ length: 150 }, () => callAsStranger(mesh.peersPort("a")).catch(() => undefined)));
    const there = crowd.filter((stranger) => stranger !== undefined);
    for (const [i, stranger] of there.entries()) stranger.send(says[i % says.length] ?? Buffer.alloc(0));
    await Promise.all(there.map(({ closed }) => closed));
    expect(residentBytes(a) - resident).toBeLessThan(32 * 2 ** 20);
    await isUnchanged();
  });
});

describe("after it has shown that it knows the secret", () => {
  const met = async (): Promise<Stranger> => {
    const peer = await callAsStranger(mesh.peersPort("a"));
    await introduce(peer, realm, key());
    await peer.next(frameType.ready);
    return peer;
  };
  /** Its heartbeats are none, so the pod looks in vain for it at the address that it gave. */
  const broken: readonly (readonly [name: string, bytes: Buffer])[] = [
    ["a frame larger than the largest value", announces(maxFrameBytes + 1, frameType.value)],
    ["a record that is too short", frame(frameType.value, Buffer.alloc(12))],
    ["a record whose key is longer than itself", frame(frameType.value, Buffer.concat([Buffer.alloc(18), Buffer.from([0xff, 0xff, 0]), Buffer.alloc(20)]))],
    ["a record without a key", frame(frameType.value, Buffer.concat([Buffer.alloc(18), Buffer.from([0, 0, 0]), Buffer.alloc(20)]))],
    ["a key of 513 bytes", frame(frameType.deleted, Buffer.alloc(12 + 513))],
    ["a heartbeat cut short", frame(frameType.heartbeat, Buffer.alloc(9))],
  ];

  test.each(broken)("%s ends its connection, and changes nothing", async (_, bytes) => {
    const count = await refusals(a, "protocol");
    using peer = await met();
    peer.send(bytes);
    expect(await peer.closed).toBe(undefined);
    await expect.poll(() => refusals(a, "protocol")).toBe(count + 1);
    expect(await a.contents()).toEqual(before);
  });

  test("a frame type that is not known yet is passed over, and the connection lives on", async () => {
    const count = await refusals(a, "protocol");
    using peer = await met();
    peer.send(frame(99, Buffer.from("what we cannot know")));
    // of the epoch, so that nothing changes; its acknowledgement shows that what came before was read
    peer.send(frame(frameType.deleted, Buffer.concat([Buffer.alloc(12), Buffer.from("old")])));
    expect((await peer.next(frameType.ack)).readUIntBE(0, 6)).toBe(1);
    expect(await refusals(a, "protocol")).toBe(count);
  });
});

describe("a responder that does not belong to them", () => {
  test.each([
    ["tenant", { KVR_TENANT: "rival" }],
    ["cluster", { KVR_NAME: "other" }],
    ["proof", { KVR_PEER_SECRET_FILE: join(dir, "secret") }],
  ])("by its %s: both count it, neither learns anything", async (reason, own) => {
    const count = await refusals(a, reason);
    const c = await mesh.start("c", own);
    await c.put("theirs", "1");
    await a.put("ours", "1");
    await expect.poll(() => refusals(a, reason), { timeout: 15_000 }).toBeGreaterThan(count);
    await expect.poll(() => refusals(c, reason), { timeout: 15_000 }).toBeGreaterThan(0);
    await expect.poll(async () => (await c.readiness()).status, { timeout: 15_000 }).toBe(200);
    expect([(await c.replication()).connected, (await c.replication()).warmup]).toEqual([0, "alone"]);
    expect([...(await c.contents()).keys()]).toEqual(["theirs"]);
    expect(await a.get("theirs")).toBe(undefined);
    await mesh.kill("c");
  });
});

test("the secret is neither on the wire nor in a log, nor is what is made from it", async () => {
  const record: Buffer[] = [];
  const lanes = [mesh.lane("a", "b"), mesh.lane("b", "a"), mesh.lane("a", "c"), mesh.lane("c", "a")];
  for (const lane of lanes) lane.record = record;
  const c = await mesh.start("c", { KVR_RUNTIME_FILE: join(dir, "runtime.json") });
  await expect.poll(() => c.said("log level changed").length, { timeout: 10_000 }).toBe(1);
  mesh.reset("a", "b");
  await mesh.settled();
  await c.put("seen", "a value that is seen on the wire");
  await expect.poll(() => a.get("seen"), { timeout: 15_000 }).toBeDefined();
  for (const lane of lanes) lane.record = undefined;

  const wire = Buffer.concat(record);
  expect(wire.indexOf("a value that is seen on the wire")).toBeGreaterThan(0);
  const secret = Buffer.from(mesh.secret);
  const logs = mesh.pods.map(({ lines }) => JSON.stringify(lines)).join("");
  for (const hidden of [secret, key(), deriveKey(secret, "hash seed", 8)]) {
    for (const text of [hidden, hidden.toString("hex"), hidden.toString("base64").replace(/=+$/, ""), hidden.toString("base64url")]) expect(wire.indexOf(text)).toBe(-1);
    for (const text of [hidden.toString("latin1"), hidden.toString("hex"), hidden.toString("base64").replace(/=+$/, "")]) expect(logs).not.toContain(text);
  }
});
