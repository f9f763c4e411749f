// What ends a connection at once, and what is never answered.
import { expect, test } from "vitest";
import { frame, frameType } from "../../../responder/replication/frames.ts";
import { refusals, writeHello, writeRefusal } from "../../../responder/replication/handshake.ts";
import { Writer } from "../../../responder/replication/wire.ts";
import { createFuzzedPod, identityOf, realm } from "./fuzzed-pod.ts";
import { startOfTime } from "./replica.ts";

const hello = (given: Partial<typeof realm> = {}, uid = "far") => writeHello({ ...realm, ...given }, identityOf(uid, 1), Buffer.alloc(16));
const version = () => new Writer().version({ ms: startOfTime, counter: 0, node: 5 });

test.each(Object.entries(frameType).filter(([name]) => name !== "hello"))("%s before a hello ends the connection, unanswered", (_, type) => {
  const pod = createFuzzedPod();
  const end = pod.connect();
  end.handlers.onData(frame(type, version().raw(Buffer.from("key")).take()));
  expect([end.isClosed, end.wrote, pod.counted.protocol, pod.store.stats().tombstones]).toEqual([true, 0, 1, 0]);
});

test("a proof that proves nothing is refused, and so is another hello, and silence", () => {
  const pod = createFuzzedPod();
  const guess = pod.connect();
  guess.handlers.onData(Buffer.concat([frame(frameType.hello, hello()), frame(frameType.proof, Buffer.alloc(32))]));
  expect([guess.isClosed, guess.take().map(({ type, payload }) => [type, payload[0]])]).toEqual([
    true,
    [
      [frameType.challenge, 1],
      [frameType.refused, refusals.indexOf("proof")],
    ],
  ]);
  const twice = pod.connect();
  twice.handlers.onData(Buffer.concat([frame(frameType.hello, hello()), frame(frameType.hello, hello())]));
  expect(twice.isClosed).toBe(true);
  const silent = pod.connect();
  pod.time.advance(2_999);
  expect(silent.isClosed).toBe(false);
  pod.time.advance(1);
  expect([silent.isClosed, silent.wrote, pod.replication.members.length]).toEqual([true, 0, 0]);
});

test("another tenant and another cluster are told so, without a proof that could be tried on", () => {
  for (const [why, given] of [
    ["tenant", { tenant: "other" }],
    ["cluster", { cluster: "n/other" }],
  ] as const) {
    const pod = createFuzzedPod();
    const end = pod.connect();
    end.handlers.onData(frame(frameType.hello, hello(given)));
    const [answer, ...more] = end.take();
    expect([answer?.type, answer?.payload, more, end.isClosed, pod.counted.refused]).toEqual([frameType.refused, writeRefusal(why), [], true, 1]);
  }
});

const name = Buffer.from("key");
const valueWith = (contentType: string, keyBytes = name.length) =>
  version().u48(0).u16(keyBytes).u8(contentType.length).raw(name).raw(Buffer.from(contentType, "latin1")).raw(Buffer.from("value")).take();

test.each<[string, number, Buffer]>([
  ["a content type that would begin another header field", frameType.value, valueWith("text/plain\r\nSet-Cookie: a=b")],
  ["a key longer than its frame", frameType.value, valueWith("", 400)],
  ["a deletion without a key", frameType.deleted, version().take()],
  ["a prefix longer than any key", frameType.range, version().raw(Buffer.alloc(513)).take()],
  ["a heartbeat that ends early", frameType.heartbeat, Buffer.of(1, 0)],
  ["a summary that goes on", frameType.summary, Buffer.alloc(23)],
  ["a list that ends within a version", frameType.bucket, Buffer.alloc(30)],
])("%s ends the connection of a peer, and leaves the store as it is", (_, type, payload) => {
  const pod = createFuzzedPod();
  pod.put(Buffer.from("held"), Buffer.from("v"));
  const before = pod.digests();
  const end = pod.join(true);
  // a bucket is looked at by who was asked for one
  if (type === frameType.bucket) end.handlers.onData(frame(frameType.summary, Buffer.alloc(22)));
  end.handlers.onData(frame(type, payload));
  expect([end.isClosed, pod.counted.protocol, pod.digests().equals(before), pod.store.replica.ranges.length]).toEqual([true, 1, true, 0]);
});

test("a record of the future is not taken, and its number is told", () => {
  const pod = createFuzzedPod();
  const end = pod.join(true);
  const future = (ms: number) => new Writer().version({ ms, counter: 0, node: 5 }).raw(name).take();
  const now = pod.time.wall();
  end.handlers.onData(Buffer.concat([frame(frameType.deleted, future(now + 500)), frame(frameType.deleted, future(now + 501)), frame(frameType.range, future(now + 501))]));
  expect(end.take().map(({ type, payload }) => [type, payload.readUIntBE(0, 6)])).toEqual([
    [frameType.ahead, 2],
    [frameType.ahead, 3],
    [frameType.ack, 3],
  ]);
  expect([end.isClosed, pod.counted.ahead, pod.store.stats().tombstones, pod.store.replica.latestMs]).toEqual([false, 2, 1, now + 500]);
});

test("a record that finds no room is not taken either: its acknowledgement must count for no write", () => {
  const pod = createFuzzedPod(2 ** 20);
  const end = pod.join(true);
  const large = version().u48(0).u16(name.length).u8(0).raw(name).raw(Buffer.alloc(2 ** 20)).take();
  end.handlers.onData(Buffer.concat([frame(frameType.value, valueWith("text/plain")), frame(frameType.value, large.fill(9, 11, 12))]));
  expect(end.take().map(({ type, payload }) => [type, payload.readUIntBE(0, 6)])).toEqual([
    [frameType.notTaken, 2],
    [frameType.ack, 2],
  ]);
  expect(pod.shown(name)).toBeUndefined();
});

test("who is dialled and acknowledges what was never sent is left", () => {
  const pod = createFuzzedPod();
  pod.time.advance(1);
  const end = pod.answer()!;
  pod.put(name, Buffer.from("v"));
  pod.endTurn();
  expect(end.take().filter(({ type }) => type === frameType.value).length).toBe(1);
  const ack = (number: number) => frame(frameType.ack, new Writer().u48(number).take());
  end.handlers.onData(ack(1));
  expect([end.isClosed, pod.replication.queued]).toEqual([false, 0]);
  end.handlers.onData(ack(2));
  expect([end.isClosed, pod.counted.protocol]).toEqual([true, 1]);
});

test("a word of a later version is passed over", () => {
  const pod = createFuzzedPod();
  const end = pod.join(true);
  for (let type = 0; type < 256; type++) if (!Object.values<number>(frameType).includes(type)) end.handlers.onData(frame(type, Buffer.alloc(9)));
  expect([end.isClosed, pod.counted.protocol]).toEqual([false, 0]);
});
