// Deleted prefixes against the plain list of all of them, and what is left when they are forgotten.
import fc from "fast-check";
import { expect, test } from "vitest";
import { maxRanges, Ranges } from "../../../responder/store/ranges.ts";
import { compareVersions, type Version } from "../../../responder/store/version.ts";
import { createReplica, startOfTime } from "../replication/replica.ts";

const text = fc.string({ unit: fc.constantFrom("a", "b", "/", "\0"), maxLength: 4 });
/** Few enough to be equal now and then. */
const version: fc.Arbitrary<Version> = fc.record({ ms: fc.integer({ min: 1, max: 6 }), counter: fc.nat(2), node: fc.constantFrom(1, 2, 0xffff_ffff) });
const range = fc.record({ prefix: text.map((prefix) => Buffer.from(prefix)), version });
const name = ({ prefix, version: { ms, counter, node } }: { prefix: Buffer; version: Version }) => `${prefix.toString("hex")} ${ms} ${counter} ${node}`;
const distinct = (ranges: readonly { prefix: Buffer; version: Version }[]) => ranges.filter((each, i) => ranges.findIndex((other) => compareVersions(other.version, each.version) === 0) === i);

test("covered is exactly what is older and begins with the prefix, in whatever order and however often the ranges came", () => {
  fc.assert(
    fc.property(fc.array(range, { maxLength: 12 }), fc.array(fc.record({ key: text, version }), { minLength: 1, maxLength: 20 }), fc.integer(), (given, records, seed) => {
      const known = distinct(given);
      const [a, b] = [new Ranges(), new Ranges()];
      for (const { prefix, version } of known) a.add(prefix, version, 1);
      const shuffled = known.flatMap((each, i) => [each, known[Math.abs(seed + i * 7) % known.length]!]).toSorted((x, y) => ((x.version.ms * 31 + seed) % 7) - ((y.version.ms * 31 + seed) % 7));
      for (const { prefix, version } of shuffled) b.add(prefix, version, 2);
      for (const { key, version } of records) {
        const { ms, counter, node } = version;
        const bytes = Buffer.from(`..${key}..`);
        const expected = known.some((each) => key.startsWith(each.prefix.toString()) && compareVersions(version, each.version) < 0);
        for (const ranges of [a, b]) expect(ranges.covers(ranges.list, bytes, 2, 2 + key.length, ms, counter, node)).toBe(expected);
      }
      expect(b.list.map(name).toSorted()).toEqual(a.list.map(name).toSorted());
      expect(b.hash).toBe(a.hash);
      for (const { prefix, version } of known) expect(a.add(prefix, version, 3)).toBeUndefined();
      // what a wider and later one says is not kept
      for (const each of a.list) expect(a.list.some((other) => other !== each && each.prefix.indexOf(other.prefix) === 0 && compareVersions(each.version, other.version) < 0)).toBe(false);
    }),
    { numRuns: 1_000 },
  );
});

test("the hash tells ranges apart, whatever differs", () => {
  const hashOf = (...versions: Version[]) => {
    const ranges = new Ranges();
    for (const [i, each] of versions.entries()) ranges.add(Buffer.from(`${i}/`), each, 1);
    return ranges.hash;
  };
  const base = { ms: startOfTime, counter: 3, node: 77 };
  const hashes = [hashOf(), hashOf(base), hashOf({ ...base, ms: base.ms + 1 }), hashOf({ ...base, counter: 4 }), hashOf({ ...base, node: 78 }), hashOf(base, { ...base, node: 78 })];
  expect(new Set(hashes).size).toBe(hashes.length);
});

test("a range is forgotten after its time, or when there are too many, the oldest first, and does not come back", () => {
  const ranges = new Ranges();
  for (let i = 0; i < maxRanges + 3; i++) ranges.add(Buffer.from(`${i}/`), { ms: 100 + i, counter: 0, node: 1 }, 1_000 + i);
  expect(ranges.takeOld(0).map(({ version }) => version.ms)).toEqual([100, 101, 102]);
  expect(ranges.list.length).toBe(maxRanges);
  expect(ranges.takeOld(0)).toEqual([]);
  expect(ranges.takeOld(1_005).map(({ version }) => version.ms)).toEqual([103, 104]);
  for (const ms of [100, 104]) expect(ranges.add(Buffer.from(`${ms - 100}/`), { ms, counter: 0, node: 1 }, 9_000)).toBeUndefined();
  expect(ranges.list.length).toBe(maxRanges - 2);
});

test("many prefixes deleted within one millisecond are all deleted, forgotten ones or not", () => {
  // a clock that stands still: the counter alone tells versions apart
  const { store, put, shown, state } = createReplica();
  for (let i = 0; i < 3 * maxRanges; i++) {
    const key = Buffer.from(`${i}/key`);
    put(key, Buffer.from("v"));
    store.deleteRange(Buffer.from(`${i}/`));
    expect(shown(key)).toBeUndefined();
    store.sweep(10);
    expect(store.replica.ranges.at(-1)?.prefix.toString()).toBe(`${i}/`);
  }
  expect(state.ranges.list.length).toBeLessThanOrEqual(maxRanges);
  put(Buffer.from("last"), Buffer.from("v"));
  store.clear();
  expect(store.replica.ranges.map(({ prefix }) => prefix.length)).toEqual([0]);
});
