// Bytes of all kinds at both ends of the protocol: they are taken or end the connection, and nothing else happens.
import fc from "fast-check";
import { expect, test } from "vitest";
import { createDeframer, frame, frameType, headerBytes, maxHandshakeBytes } from "../../../responder/replication/frames.ts";
import { writeHello } from "../../../responder/replication/handshake.ts";
import { FrameError, Writer } from "../../../responder/replication/wire.ts";
import { writeIdentity } from "../../../responder/peers/identity.ts";
import { atMost, same } from "../../support/same.ts";
import { randomFrom, type Random } from "../store/random.ts";
import { createFuzzedPod, identityOf, realm, type FarEnd } from "./fuzzed-pod.ts";
import { startOfTime } from "./replica.ts";

const types = Object.values(frameType);
const usual = types.filter((type) => type >= frameType.value && type !== frameType.leave && type !== frameType.snapshotRequest);
const bytesOf = (random: Random, most: number): Buffer => {
  const bytes = Buffer.allocUnsafe(random(most + 1));
  for (let i = 0; i < bytes.length; i++) bytes[i] = random(256);
  return bytes;
};
const versionOf = (random: Random, now: number) => ({ ms: now - 1_000 + random(1_200) + (random(50) === 0 ? 5_000 : 0), counter: random(4), node: random(3) });

/** A frame as a peer might send it. */
const drawFrame = (random: Random, now: number): Buffer => {
  const w = new Writer();
  const name = Buffer.from(`key ${random(300)}`);
  const round = random(4);
  // a handshake now and good-bye are rare, since they end it; so is a snapshot, which costs the pod something
  const among = random(20) ? usual : types;
  const type = among[random(among.length)]!;
  switch (type) {
    case frameType.value: {
      const contentType = Buffer.from(random(2) ? "text/plain" : "");
      w.version(versionOf(random, now)).u48(random(3) ? 0 : now + random(2_000)).u16(name.length).u8(contentType.length).raw(name).raw(contentType).raw(bytesOf(random, 60));
      break;
    }
    case frameType.deleted:
    case frameType.evicted:
      w.version(versionOf(random, now)).raw(name);
      break;
    case frameType.range:
      w.version(versionOf(random, now)).raw(name.subarray(0, random(8)));
      break;
    case frameType.heartbeat: {
      w.u8(random(3)).u16(random(1_000)).u32(random(5)).u48(now).u48(now - random(100)).u8(1).u32(random(9)).u48(now).u8(2);
      for (const uid of ["far", `stranger ${random(30)}`]) writeIdentity(w, identityOf(uid, random(9)));
      break;
    }
    case frameType.snapshotEnd:
      w.u16(1).text("far/0000000000000001").u48(now).u16(random(4_096)).u48(now - 5_000).u48(now);
      break;
    case frameType.summary:
      w.u32(round).u32(random(2)).u32(random(2)).u32(0).u48(now);
      break;
    case frameType.digests:
      w.u32(round).u32(0).u48(now).raw(Buffer.alloc(random(40) === 0 ? 32_768 : 100));
      break;
    case frameType.bucket:
    case frameType.bucketReply:
      w.u32(round).u16(random(4_096)).u48(now - 9_000).u48(now - 9_000).u8(random(2));
      for (let i = random(4); i > 0; i--) w.u32(random(2 ** 31)).version(versionOf(random, now));
      break;
    case frameType.ack:
    case frameType.ahead:
    case frameType.notTaken:
      w.u48(random(4) === 0 ? random(2 ** 31) : 0);
      break;
    case frameType.fetch:
      w.raw(name);
      break;
    default:
      w.raw(bytesOf(random, 8));
  }
  return frame(type, w.take());
};

/** The same with something wrong, perhaps. */
const mutate = (random: Random, bytes: Buffer): Buffer => {
  const dice = random(80);
  if (dice < 73) return bytes;
  if (dice < 76) {
    const copy = Buffer.from(bytes);
    for (let i = 1 + random(3); i > 0; i--) copy[4 + random(copy.length - 4)] = random(256);
    return copy;
  }
  // a payload of another length, and the header says so
  if (dice < 79) return frame(bytes[4]!, random(2) ? bytes.subarray(headerBytes, headerBytes + random(bytes.length - headerBytes + 1)) : Buffer.concat([bytes.subarray(headerBytes), bytesOf(random, 20)]));
  if (random(2)) return Buffer.concat([bytesOf(random, 30), bytes]);
  const copy = Buffer.from(bytes);
  copy.writeUInt32BE(random(3) ? random(2 ** 31) * 2 : 0, 0);
  return copy;
};

/** In chunks, as a network gives them. */
const feed = (random: Random, end: FarEnd, bytes: Buffer) => {
  for (let at = 0; at < bytes.length; ) {
    const size = random(3) === 0 ? 1 + random(9) : bytes.length;
    end.handlers.onData(Buffer.from(bytes.subarray(at, at + size)));
    at += size;
  }
};

test("a million bytes from who has proved nothing: the connection ends, the store is as it was, and little is answered", { timeout: 120_000 }, () => {
  const random = randomFrom(fc.sample(fc.integer(), 1)[0]!);
  const pod = createFuzzedPod();
  let fed = 0;
  let ended = 0;
  while (fed < 1_000_000) {
    const end = pod.connect();
    // now and then the beginning is right
    const hello = frame(frameType.hello, writeHello(realm, identityOf("far", random(5)), Buffer.alloc(16)));
    for (let i = 0; i < 20 && !end.isClosed; i++) {
      const dice = random(4);
      const bytes = dice === 0 ? bytesOf(random, 400) : dice === 1 ? bytesOf(random, 9) : mutate(random, random(2) ? hello : drawFrame(random, startOfTime));
      fed += bytes.length;
      feed(random, end, bytes);
    }
    if (end.isClosed) ended++;
    else end.handlers.onClose();
    // a challenge and a refusal
    expect(end.wrote).toBeLessThan(300);
    const before = end.wrote;
    end.handlers.onData(hello);
    same(end.wrote, before);
    pod.time.advance(1);
  }
  expect(ended).toBeGreaterThan(1_000);
  expect(pod.counted.protocol + pod.counted.refused).toBe(ended);
  expect([pod.counted.received, pod.store.stats().entries, pod.replication.members.length]).toEqual([0, 0, 0]);
  // those that were never ended by a word are by time
  pod.time.advance(3_000);
});

test("a hundred thousand frames from a peer, many of them broken: each is taken or ends the connection, and the store stays whole", { timeout: 120_000 }, () => {
  const random = randomFrom(fc.sample(fc.integer(), 1)[0]!);
  const pod = createFuzzedPod();
  const wanted = 100_000;
  let frames = 0;
  let incoming = 0;
  let outgoing = 0;
  while (frames < wanted) {
    const isNew = random(4) === 0 || pod.replication.members.length === 0;
    const end = pod.join(isNew);
    // what the pod dials itself answers half of the time
    const other = random(2) ? pod.answer() : undefined;
    if (other) outgoing++;
    incoming++;
    for (let i = 0; i < 400 && !end.isClosed; i++) {
      const bytes = mutate(random, drawFrame(random, pod.time.wall()));
      frames++;
      feed(random, other && !other.isClosed && random(2) ? other : end, bytes);
      if (random(20) === 0) pod.put(Buffer.from(`key ${random(300)}`), bytesOf(random, 50));
      if (random(5) === 0) pod.endTurn();
      if (random(20) === 0) pod.time.advance(random(100));
      end.take();
      other?.take();
    }
    end.handlers.onClose();
    other?.handlers.onClose();
    // who said that it leaves is somebody else when it comes again
    if (random(8) === 0) for (const member of pod.replication.members.slice()) if (member.id.startsWith("far/")) pod.join(false).handlers.onData(frame(frameType.leave));
    pod.time.advance(random(500));
    expect(pod.replication.members.length).toBeLessThan(4);
    expect(pod.dialled.length).toBeLessThan(64 + pod.time.monotonic());
  }
  expect(pod.counted.protocol).toBeGreaterThan(1_000);
  expect(pod.counted.received).toBeGreaterThan(1_000);
  expect([incoming > 100, outgoing > 10]).toEqual([true, true]);
  pod.check();
  const { stats, scan } = pod.store;
  expect(stats().usedBytes).toBeLessThanOrEqual(stats().limitBytes);
  let cursor = 0;
  do
    cursor = scan(cursor, (slot) => {
      expect(pod.store.keyBytes(slot)).toBeLessThanOrEqual(512);
      expect(pod.store.contentType(slot) ?? "").toMatch(/^[\x20-\x7e]*$/);
    });
  while (cursor !== 0);
  // from the clock's view, nobody came from the future
  expect(pod.store.replica.latestMs).toBeLessThanOrEqual(pod.store.now() + 500);
});

test("whatever is fed, no more is held than one frame may have, and what is held is what was fed", { timeout: 120_000 }, () => {
  const random = randomFrom(fc.sample(fc.integer(), 1)[0]!);
  for (let fed = 0; fed < 1_000_000; ) {
    let taken = 0;
    let all = 0;
    const deframer = createDeframer(
      (_, __, from, to) => void (taken += headerBytes + to - from),
      () => true,
    );
    try {
      for (let i = 0; i < 200; i++) {
        const bytes = random(6) === 0 ? bytesOf(random, 300) : mutate(random, drawFrame(random, startOfTime));
        for (let at = 0; at < bytes.length; ) {
          const size = 1 + random(random(3) === 0 ? 3 : 2_000);
          const chunk = Buffer.from(bytes.subarray(at, at + size));
          at += size;
          all += chunk.length;
          fed += chunk.length;
          deframer.push(chunk);
          same(deframer.held, all - taken);
          atMost(deframer.held, maxHandshakeBytes + 4);
        }
      }
    } catch (err) {
      if (!(err instanceof FrameError)) throw err;
    }
  }
});

test("a stream of all kinds of frames gives the same frames when it is cut once at every byte, and byte by byte", () => {
  const random = randomFrom(7);
  const whole = Buffer.concat(Array.from({ length: 60 }, () => drawFrame(random, startOfTime)).filter((bytes) => bytes.length < 500));
  const framesOf = (chunks: readonly Buffer[]) => {
    const seen: string[] = [];
    const deframer = createDeframer(
      (type, bytes, from, to) => void seen.push(`${type} ${bytes.toString("hex", from, to)}`),
      () => true,
    );
    for (const chunk of chunks) deframer.push(Buffer.from(chunk));
    expect(deframer.held).toBe(0);
    return seen.join("\n");
  };
  const expected = framesOf([whole]);
  for (let cut = 1; cut < whole.length; cut++) same(framesOf([whole.subarray(0, cut), whole.subarray(cut)]) === expected, true);
  expect(framesOf(Array.from(whole, (byte) => Buffer.of(byte)))).toBe(expected);
});
