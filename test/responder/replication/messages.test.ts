// Handshake, heartbeat and the end of a snapshot as bytes and back; and a proof that is good for one connection only.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isProof, readChallenge, readHello, readRefusal, refusals, writeChallenge, writeHello, writeRefusal } from "../../../responder/replication/handshake.ts";
import { readHeartbeat, readHeartbeatReply, strangers, writeHeartbeat, writeHeartbeatReply } from "../../../responder/replication/heartbeat.ts";
import { createBacklog } from "../../../responder/replication/backlog.ts";
import { frameType } from "../../../responder/replication/frames.ts";
import type { Hub } from "../../../responder/replication/hub.ts";
import { createReconciled } from "../../../responder/replication/reconciled.ts";
import type { Sender } from "../../../responder/replication/sender.ts";
import { createSnapshots, readSnapshotEnd } from "../../../responder/replication/snapshot.ts";
import { FrameError, Reader } from "../../../responder/replication/wire.ts";
import { memberId, type Identity } from "../../../responder/peers/identity.ts";
import type { Member, Phase } from "../../../responder/peers/membership.ts";
import { manualTime, silentLog } from "../../support/manual-time.ts";
import { identities, u32, u48 } from "./arbitraries.ts";
import { createReplica, startOfTime } from "./replica.ts";

const key = Buffer.alloc(32, 1);
const nonces = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((bytes) => Buffer.from(bytes));
const realms = fc.record({ tenant: fc.string({ maxLength: 63 }), cluster: fc.string({ maxLength: 60 }) });
const readerOf = (bytes: Buffer) => new Reader(bytes, 0, bytes.length);
/** One bit of it is another. */
const flipped = (bytes: Buffer, bit: number): Buffer => {
  const copy = Buffer.from(bytes);
  copy[(bit >> 3) % copy.length]! ^= 1 << (bit & 7);
  return copy;
};

describe("handshake", () => {
  const exchange = fc.record({ realm: realms, dialler: identities, acceptor: identities, nonce: nonces, other: nonces, bit: fc.nat() });

  test("both say who they are, and each proof is what the other expects", () => {
    fc.assert(
      fc.property(exchange, ({ realm, dialler, acceptor, nonce, other }) => {
        const hello = writeHello(realm, dialler, nonce);
        expect(readHello(hello, 0, hello.length)).toEqual({ nonce, ...realm, identity: dialler });
        const { challenge, expected } = writeChallenge(key, hello, acceptor, other);
        const answer = readChallenge(key, hello, challenge, 0, challenge.length)!;
        expect(answer.identity).toEqual(acceptor);
        expect(isProof(expected, answer.proof, 0, answer.proof.length)).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("another secret, another connection, or one other bit of what was said, and the proof is none", () => {
    fc.assert(
      fc.property(exchange, ({ realm, dialler, acceptor, nonce, other, bit }) => {
        const hello = writeHello(realm, dialler, nonce);
        const { challenge, expected } = writeChallenge(key, hello, acceptor, other);
        const read = (...[k, h, c]: Parameters<typeof readChallenge>) => {
          try {
            return readChallenge(k, h, c, 0, c.length);
          } catch (err) {
            if (err instanceof FrameError) return undefined;
            throw err;
          }
        };
        expect(read(Buffer.alloc(32, 2), hello, challenge, 0, 0)).toBeUndefined();
        expect(read(key, flipped(hello, bit), challenge, 0, 0)).toBeUndefined();
        expect(read(key, hello, flipped(challenge, bit), 0, 0)).toBeUndefined();
        const { proof } = readChallenge(key, hello, challenge, 0, challenge.length)!;
        expect(isProof(expected, flipped(proof, bit), 0, proof.length)).toBe(false);
        expect(isProof(expected, proof, 0, proof.length - 1)).toBe(false);
        // what was heard once proves nothing over a connection with another nonce
        expect(isProof(writeChallenge(key, hello, acceptor, flipped(other, bit)).expected, proof, 0, proof.length)).toBe(false);
        // nor is the acceptor's own word an answer to it
        expect(isProof(expected, challenge, challenge.length - proof.length, challenge.length)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test("a refusal says why; one that is not known is about the version", () => {
    for (const refusal of refusals) expect(readRefusal(writeRefusal(refusal), 0, 1)).toBe(refusal);
    expect([readRefusal(Buffer.of(200), 0, 1), readRefusal(Buffer.alloc(0), 0, 0)]).toEqual(["version", "version"]);
  });
});

const self: Identity = { uid: "self", boot: "0000000000000001", node: 1, host: "self", port: 7946 };
const member = (identity: Identity, state: Member["state"] = "joined"): Member => ({ id: memberId(identity), identity, state, backlog: createBacklog() }) as Member;
const hubWith = ({ members = [], left = [], applied = new Map(), phase = "serving", load = 0 }: { members?: readonly Member[]; left?: readonly string[]; applied?: Map<number, number>; phase?: Phase; load?: number }) => {
  const { store, time } = createReplica({ maxBytes: 2 ** 20 });
  return {
    time,
    hub: {
      store,
      log: silentLog,
      clock: manualTime(),
      timers: manualTime(),
      applied,
      phase: () => phase,
      load: () => load,
      identity: () => self,
      reconciled: createReconciled(startOfTime),
      members: { members, find: (id: string) => members.find((each) => each.id === id), hasLeft: (id: string) => left.includes(id) },
    } as unknown as Hub,
  };
};

describe("heartbeat", () => {
  test("says how we are, what we have taken in, and whom of those that can be heard we know", () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Phase>("warming", "serving", "leaving"),
        fc.integer({ min: 0, max: 100_000 }),
        fc.uniqueArray(fc.tuple(u32, u48), { maxLength: 64, selector: ([node]) => node }),
        fc.uniqueArray(fc.tuple(identities, fc.boolean()), { maxLength: 40, selector: ([identity]) => memberId(identity) }),
        u48,
        (phase, load, applied, known, sentMs) => {
          const members = known.map(([identity, isHeard]) => member(identity, isHeard ? "joined" : "suspected"));
          const { hub, time } = hubWith({ phase, load, applied: new Map(applied), members });
          const beat = readHeartbeat(readerOf(writeHeartbeat(hub, sentMs)));
          expect(beat).toEqual({
            phase,
            load: Math.min(load, 65_535),
            node: 1,
            now: time.now,
            sentMs,
            applied: new Map(applied),
            known: known
              .filter(([, isHeard]) => isHeard)
              .slice(0, 32)
              .map(([identity]) => identity),
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  test("an unknown phase, and whatever is cut off, is a FrameError", () => {
    const { hub } = hubWith({ applied: new Map([[3, 4]]), members: [member(self)] });
    const bytes = writeHeartbeat(hub, 5);
    for (let length = 0; length < bytes.length; length++) expect(() => readHeartbeat(readerOf(bytes.subarray(0, length)))).toThrow(FrameError);
    expect(() => readHeartbeat(readerOf(Buffer.concat([bytes, Buffer.of(0)])))).toThrow(FrameError);
    bytes[0] = 3;
    expect(() => readHeartbeat(readerOf(bytes))).toThrow(FrameError);
  });

  test("a clock that was seen ahead of ours is told on: the later of the two", () => {
    const { hub, time } = hubWith({});
    hub.store.replica.mergeRange(Buffer.from("a"), { ms: time.now + 400, counter: 0, node: 9 });
    expect(readHeartbeat(readerOf(writeHeartbeat(hub, -1)))).toMatchObject({ now: time.now + 400, sentMs: 0 });
  });

  test("its reply is one bit", () => {
    for (const isAhead of [true, false]) expect(readHeartbeatReply(readerOf(writeHeartbeatReply(isAhead)))).toBe(isAhead);
  });

  test("strangers are those whom we are not, have not met, and have not seen leave", () => {
    const [met, gone, unknown, again] = [1, 2, 3, 4].map((i): Identity => ({ ...self, uid: `pod ${i}` })) as [Identity, Identity, Identity, Identity];
    const { hub } = hubWith({ members: [member(met)], left: [memberId(gone)] });
    const restarted = { ...met, boot: "00000000000000ff" };
    expect(strangers({ phase: "serving", load: 0, node: 2, now: 0, sentMs: 0, applied: new Map(), known: [self, met, gone, unknown, again, restarted] }, hub)).toEqual([unknown, again, restarted]);
  });
});

test("the end of a snapshot hands on what the donor knew of others, and its floors, and nothing else", () => {
  const newcomer = member({ ...self, uid: "newcomer" });
  const { hub, time } = hubWith({ members: [newcomer] });
  const sent: { type: number; payload: Buffer }[] = [];
  const sender = { isReady: true, send: (type: number, payload: Uint8Array) => sent.push({ type, payload: Buffer.from(payload) }) } as unknown as Sender;
  hub.reconciled.set("a/1", startOfTime - 7);
  hub.reconciled.void("b/2");
  const { floors } = hub.store.replica;
  floors.forgotten(0, startOfTime - 50, time.now);
  floors.forgotten(4_095, startOfTime - 60, time.now - 1);
  floors.evicted(9, startOfTime - 1);
  const snapshots = createSnapshots({ hub, senderOf: () => sender });
  expect(snapshots.begin(newcomer)).toBe(true);
  snapshots.step();
  expect(sent.map(({ type }) => type)).toEqual([frameType.snapshotEnd]);
  expect(snapshots.size).toBe(0);
  expect(readSnapshotEnd(readerOf(sent[0]!.payload))).toEqual({
    reconciled: [
      ["a/1", startOfTime - 7],
      ["b/2", 0],
    ],
    floors: [
      { bucket: 0, ms: startOfTime - 50, noted: time.now },
      { bucket: 4_095, ms: startOfTime - 60, noted: time.now - 1 },
    ],
  });
});
