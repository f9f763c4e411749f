// Two pods compare one bucket: what is missing is sent, what was deleted elsewhere goes, and what only made room elsewhere stays.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compareBucket, readBucket, writeBucket } from "../../../responder/replication/bucket.ts";
import { createBacklog } from "../../../responder/replication/backlog.ts";
import { createRecord, readRecord, recordBytes, writeRecord } from "../../../responder/replication/records.ts";
import { headerBytes } from "../../../responder/replication/frames.ts";
import { Reader, Writer } from "../../../responder/replication/wire.ts";
import type { Member } from "../../../responder/peers/membership.ts";
import { bucketOf } from "../../../responder/store/digest.ts";
import { createHash } from "../../../responder/store/hash.ts";
import { compareVersions, type Version } from "../../../responder/store/version.ts";
import { u16, u32, u48, versions } from "./arbitraries.ts";
import { createReplica, startOfTime, type ReplicaOptions, type TestReplica } from "./replica.ts";

const hash = createHash(Buffer.from("8 bytes!"));
const bucketFor = (key: Buffer) => bucketOf(hash(key, 0, key.length));

const listOf = (replica: TestReplica, bucket: number, since: number) => {
  const bytes = writeBucket(replica.store, 9, bucket, since);
  const reader = new Reader(bytes, 0, bytes.length);
  expect(reader.u32()).toBe(9);
  return readBucket(reader);
};

/** Sends what a comparison has marked. */
const deliver = (from: TestReplica, to: TestReplica, { backlog }: Member) => {
  for (let slot = backlog.take(); slot >= 0; slot = backlog.take()) {
    const kind = from.store.replica.kind(slot);
    if (kind === undefined) continue;
    const bytes = Buffer.alloc(recordBytes(from.store, slot, kind));
    writeRecord(from.store, slot, kind, bytes, 0);
    const record = createRecord();
    readRecord(bytes[4]!, bytes, headerBytes, bytes.length, record);
    to.store.replica.merge(record);
  }
};

/** Both compare all buckets of these keys, as a round of repair does. `since`: when they compared notes last. */
const repair = (a: TestReplica, b: TestReplica, keys: readonly Buffer[], since: number) => {
  for (const bucket of new Set(keys.map(bucketFor))) {
    const [toA, toB] = [{ backlog: createBacklog() } as Member, { backlog: createBacklog() } as Member];
    const listA = listOf(a, bucket, since);
    compareBucket(b.store, toA, listA);
    compareBucket(a.store, toB, listOf(b, bucket, since));
    deliver(b, a, toA);
    deliver(a, b, toB);
  }
};

const key = Buffer.from("k");
const version = (ms: number): Version => ({ ms: startOfTime + ms, counter: 0, node: 5 });
const pair = (options: ReplicaOptions = {}) => [createReplica({ maxBytes: 2 ** 20, ...options }), createReplica({ maxBytes: 2 ** 20, ...options, node: 2 })] as const;
const pass = (replicas: readonly TestReplica[], ms: number) => {
  for (const { time, store } of replicas) {
    time.now += ms;
    for (let i = 0; i < 50; i++) store.sweep(100);
  }
};
/** Until nothing is left of what was there. */
const evictAll = ({ put, store }: TestReplica) => {
  const { entries } = store.stats();
  for (let i = 0; store.stats().evictedForMemory < entries; i++) put(Buffer.from(`filler ${i}`), Buffer.alloc(3_000));
};

test("what one side lacks is sent, the later version of what both have stands", () => {
  const [a, b] = pair();
  a.merge({ key, kind: "value", version: version(1), value: Buffer.from("old") });
  b.merge({ key, kind: "value", version: version(2), value: Buffer.from("new") });
  const other = Buffer.from("only there");
  b.merge({ key: other, kind: "deleted", version: version(3) });
  repair(a, b, [key, other], startOfTime);
  expect([a.shown(key)?.value, b.shown(key)?.value, a.held(other)]).toEqual(["new", "new", version(3)]);
  expect(a.digests().equals(b.digests())).toBe(true);
});

test("who was away while a deletion was forgotten drops what was deleted; who was not keeps what it has", () => {
  for (const wasAway of [true, false]) {
    const [a, b] = pair({ retentionMs: 1_000 });
    for (const each of [a, b]) each.merge({ key, kind: "value", version: version(1), value: Buffer.from("v") });
    pass([a, b], 100);
    const before = a.time.now;
    a.delete(key);
    if (!wasAway) b.merge({ key, kind: "deleted", version: a.held(key)! });
    pass([a, b], 1_001);
    expect(a.held(key)).toBeUndefined();
    repair(a, b, [key], wasAway ? before - 1 : a.time.now);
    expect([a.shown(key), b.shown(key)]).toEqual([undefined, undefined]);
  }
});

describe("eviction is local", () => {
  test.each([
    ["every peer knows", true],
    ["some peer may not know", false],
  ])("%s: what makes room at one pod stays at the other, also after the memory of it has gone", (_, isKnown) => {
    const journal = { changed: () => {}, rangeChanged: () => {}, isKnown: () => isKnown, forgotten: () => {}, freed: () => {}, cleared: () => {} };
    const a = createReplica({ maxBytes: 2 ** 20, retentionMs: 1_000, journal });
    const b = createReplica({ maxBytes: 16 * 2 ** 20, node: 2 });
    for (const each of [a, b]) each.merge({ key, kind: "value", version: version(1), value: Buffer.from("v") });
    evictAll(a);
    expect(a.shown(key)).toBeUndefined();
    pass([a, b], 500);
    repair(a, b, [key], b.time.now);
    pass([a, b], 10_000);
    expect(a.held(key)).toBeUndefined();
    // they have compared notes all the time
    repair(a, b, [key], b.time.now);
    expect([a.shown(key), b.shown(key)?.value]).toEqual([undefined, "v"]);
  });

  test("a pod that makes room faster than others can tell what they know takes nothing from one that has room", () => {
    const a = createReplica({ maxBytes: 2 ** 20, maxEntries: 100 });
    const b = createReplica({ maxBytes: 16 * 2 ** 20, node: 2 });
    const keys = Array.from({ length: 5_000 }, (_, i) => Buffer.from(`key ${i}`));
    for (const key of keys) {
      b.put(key, Buffer.from("v"));
      a.merge({ key, kind: "value", version: b.held(key)!, value: Buffer.from("v") });
    }
    // more than the budget holds: some were forgotten at once
    expect(a.store.stats().tombstones).toBeLessThan(4_000);
    b.time.now += 5_000;
    repair(a, b, keys, startOfTime - 1_000);
    expect(b.store.stats().entries).toBe(keys.length);
  });

  test("but who was still owed what was forgotten drops what it has that is older: nobody could send it any more", () => {
    const a = createReplica({ maxBytes: 2 ** 20, retentionMs: 1_000 });
    const b = createReplica({ maxBytes: 16 * 2 ** 20, node: 2 });
    for (const each of [a, b]) each.merge({ key, kind: "value", version: version(-5), value: Buffer.from("old") });
    a.put(key, Buffer.from("new"));
    evictAll(a);
    pass([a, b], 10_000);
    expect(a.held(key)).toBeUndefined();
    repair(a, b, [key], 0);
    expect(b.shown(key)).toBeUndefined();
  });

  test("NoEviction: a value that had no room here, and a write of its key that had none either, take nothing from the other", () => {
    const a = createReplica({ maxBytes: 300_000, retentionMs: 1_000, evictionPolicy: "NoEviction" });
    const b = createReplica({ maxBytes: 16 * 2 ** 20, node: 2 });
    for (const each of [a, b]) each.merge({ key, kind: "value", version: version(1), value: Buffer.from("v") });
    for (let i = 0; a.put(Buffer.from(`filler ${i}`), Buffer.alloc(1_000)) > 0; i++);
    const large = Buffer.alloc(50_000);
    for (const each of [a, b]) each.merge({ key, kind: "value", version: version(2), value: large });
    const slot = a.store.replica.locate(key, 0, 1);
    expect([a.held(key), a.store.replica.kind(slot)]).toEqual([version(2), "evicted"]);
    expect(a.put(key, large)).toBeLessThan(0);
    expect([a.held(key), a.store.replica.kind(slot)]).toEqual([version(2), "evicted"]);
    a.check();
    pass([a, b], 10_000);
    repair(a, b, [key], b.time.now);
    expect(b.shown(key)?.value.length).toBe(large.length);
  });
});

test("lists are read as they were written, with the hashes of two keys that collide", () => {
  const record = fc.record({ hash: u32, version: versions });
  fc.assert(
    fc.property(u16, u48, u48, fc.boolean(), fc.array(record, { maxLength: 30 }), (bucket, deletion, eviction, isOverdue, records) => {
      const writer = new Writer().u16(bucket).u48(deletion).u48(eviction).u8(isOverdue ? 1 : 0);
      for (const { hash, version } of records) writer.u32(hash).version(version);
      const bytes = writer.take();
      const list = readBucket(new Reader(bytes, 0, bytes.length));
      expect(list).toMatchObject({ bucket: bucket & 4095, deletionFloor: deletion, evictionFloor: eviction, isOverdue });
      for (const { hash, version } of records) expect(list.versions.get(hash | 0)).toContainEqual(version);
      expect([...list.versions.values()].flat().length).toBe(records.length);
    }),
    { numRuns: 300 },
  );
});

test("any two sets of records are alike after one comparison of every bucket, and a second one finds nothing", () => {
  const names = Array.from({ length: 12 }, (_, i) => Buffer.from(`key ${i}`));
  const records = fc.array(
    fc.record({ key: fc.constantFrom(...names), kind: fc.constantFrom("value" as const, "deleted" as const), version: fc.record({ ms: fc.integer({ min: 1, max: 9 }), counter: fc.nat(1), node: fc.constantFrom(1, 0xffff_ffff) }) }),
    { maxLength: 30 },
  );
  const [a, b] = pair({ maxBytes: 8 * 2 ** 20 });
  let round = 0;
  fc.assert(
    fc.property(records, records, (mine, theirs) => {
      round += 20;
      for (const [replica, given] of [
        [a, mine],
        [b, theirs],
      ] as const) {
        for (const { key, kind, version } of given) {
          // a version belongs to one content
          const unique = { ...version, ms: startOfTime + round + version.ms, counter: version.counter * 1_000 + names.indexOf(key) * 2 + (kind === "value" ? 1 : 0) };
          replica.merge({ key, kind, version: unique, value: Buffer.from(JSON.stringify(unique)) });
        }
      }
      repair(a, b, names, 0);
      expect(a.digests().equals(b.digests())).toBe(true);
      for (const name of names) {
        const [x, y] = [a.held(name), b.held(name)];
        expect(x === undefined || y === undefined ? x === y : compareVersions(x, y) === 0).toBe(true);
        expect(a.shown(name)).toEqual(b.shown(name));
      }
      const none = { backlog: createBacklog() } as Member;
      for (const name of names) expect(compareBucket(a.store, none, listOf(b, bucketFor(name), 0))).toBe(0);
    }),
    { numRuns: 300 },
  );
});
