// What was forgotten is refused when it comes late, and only that.
import fc from "fast-check";
import { expect, test } from "vitest";
import { bucketCount, bucketOf, cursorOf, Digests } from "../../../responder/store/digest.ts";
import { Floors } from "../../../responder/store/floors.ts";
import { mergeOutcome } from "../../../responder/store/types.ts";
import { createReplica, startOfTime } from "../replication/replica.ts";

const bucket = fc.nat(bucketCount - 1);
const ms = fc.nat(50);

test("a floor is the latest of what was forgotten in its bucket, in any order", () => {
  const event = fc.record({ bucket: fc.constantFrom(0, 7, bucketCount - 1), kind: fc.constantFrom("deletion", "eviction", "everywhere"), ms, notedAt: ms });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 30 }), bucket, ms, (events, any, at) => {
      const floors = new Floors();
      for (const { bucket, kind, ms, notedAt } of events) {
        if (kind === "deletion") floors.forgotten(bucket, ms, notedAt);
        else if (kind === "eviction") floors.evicted(bucket, ms);
        else floors.forgottenEverywhere(ms, notedAt);
      }
      for (const b of [0, 7, bucketCount - 1, any]) {
        const deletions = events.filter((event) => event.kind === "everywhere" || (event.kind === "deletion" && event.bucket === b));
        const evictions = events.filter((event) => event.kind === "eviction" && event.bucket === b);
        expect(floors.deletion[b]).toBe(Math.max(0, ...deletions.map((event) => event.ms)));
        expect(floors.noted[b]).toBe(Math.max(0, ...deletions.map((event) => event.notedAt)));
        expect(floors.eviction[b]).toBe(Math.max(0, ...evictions.map((event) => event.ms)));
        expect(floors.refuses(b, at)).toBe(at === 0 || [...deletions, ...evictions].some((event) => at <= event.ms));
      }
    }),
    { numRuns: 300 },
  );
});

test("buckets are ranges of hashes, in their order, and cursors begin them", () => {
  const hash = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  fc.assert(
    fc.property(hash, hash, (a, b) => {
      expect(bucketOf(a)).toBeGreaterThanOrEqual(0);
      expect(bucketOf(a)).toBeLessThan(bucketCount);
      if (a <= b) expect(bucketOf(a)).toBeLessThanOrEqual(bucketOf(b));
      const cursor = a + 2 ** 31;
      expect(cursorOf(bucketOf(a))).toBeLessThanOrEqual(cursor);
      expect(cursorOf(bucketOf(a) + 1)).toBeGreaterThan(cursor);
    }),
    { numRuns: 1_500 },
  );
});

test("digests come out alike in any order, differ by any record, and what goes in twice is out again", () => {
  const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
  const record = fc.tuple(word, word, word, word);
  const digestOf = (records: readonly (readonly [number, number, number, number])[]) => {
    const digests = new Digests();
    for (const each of records) digests.toggle(...each);
    return digests;
  };
  fc.assert(
    fc.property(fc.uniqueArray(record, { minLength: 1, maxLength: 20, selector: String }), (records) => {
      const all = digestOf(records);
      expect(Buffer.compare(Buffer.from(digestOf(records.toReversed()).words.buffer), Buffer.from(all.words.buffer))).toBe(0);
      const rest = digestOf(records.slice(1));
      expect(rest.root()).not.toEqual(all.root());
      rest.toggle(...records[0]!);
      expect(rest.root()).toEqual(all.root());
    }),
    { numRuns: 300 },
  );
});

test("a forgotten tombstone: what it deleted does not come back, what is later does, and so does what was held all along", () => {
  const replica = createReplica({ retentionMs: 1_000 });
  const { time, store, merge, shown } = replica;
  const key = Buffer.from("k");
  const record = (age: number) => ({ key, kind: "value" as const, version: { ms: startOfTime - age, counter: 0, node: 9 }, value: Buffer.from(`${age}`) });
  merge(record(100));
  time.now += 10;
  replica.delete(key);
  const deletedAt = store.replica.latestMs;
  expect(merge(record(50))).toBe(mergeOutcome.stale);
  time.now += 1_001;
  while (store.stats().tombstones > 0) store.sweep(100);
  expect(replica.held(key)).toBeUndefined();
  expect(merge(record(50))).toBe(mergeOutcome.refused);
  expect(merge({ ...record(0), version: { ms: deletedAt, counter: 0xffff, node: 9 } })).toBe(mergeOutcome.refused);
  expect(shown(key)).toBeUndefined();
  expect(merge({ ...record(0), version: { ms: deletedAt + 1, counter: 0, node: 9 } })).toBe(mergeOutcome.applied);
  expect(shown(key)?.value).toBe("0");
  replica.check();
});

test("a forgotten range raises the floors of all buckets, to its version", () => {
  const replica = createReplica({ retentionMs: 1_000 });
  const { time, store } = replica;
  store.replica.mergeRange(Buffer.from("a/"), { ms: startOfTime - 5, counter: 1, node: 2 });
  expect([...store.replica.floors.deletion].some((floor) => floor > 0)).toBe(false);
  time.now += 1_001;
  store.sweep(1);
  expect(store.replica.ranges).toEqual([]);
  expect([...store.replica.floors.deletion].every((floor) => floor === startOfTime - 5)).toBe(true);
  expect([...store.replica.floors.noted].every((at) => at === startOfTime)).toBe(true);
  expect(store.replica.mergeRange(Buffer.from("a/"), { ms: startOfTime - 5, counter: 1, node: 2 })).toBe(false);
  expect(replica.merge({ key: Buffer.from("a/late"), kind: "value", version: { ms: startOfTime - 5, counter: 0, node: 2 } })).toBe(mergeOutcome.refused);
});

test("a zombie goes, and does not come back by way of another peer", () => {
  const replica = createReplica();
  const key = Buffer.from("k");
  const record = { key, kind: "value" as const, version: { ms: startOfTime - 5, counter: 0, node: 2 } };
  replica.merge(record);
  replica.store.replica.dropZombie(replica.store.replica.locate(key, 0, 1), startOfTime - 3);
  expect([replica.held(key), replica.merge(record)]).toEqual([undefined, mergeOutcome.refused]);
  // nobody has to believe us that it was deleted
  expect([...replica.store.replica.floors.noted].every((at) => at === 0)).toBe(true);
  replica.check();
});
