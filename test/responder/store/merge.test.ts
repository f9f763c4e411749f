// Which record stands: the same for everybody, whatever came first and however often.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { merge, type KeyRecord } from "../../../responder/store/merge.ts";
import { mergeOutcome } from "../../../responder/store/types.ts";
import { compareVersions, type Version } from "../../../responder/store/version.ts";
import { createReplica, startOfTime, type TestReplica } from "../replication/replica.ts";
import { randomFrom, type Random } from "./random.ts";

const cases = 120_000;

describe("the join of two records", () => {
  /** Small enough that versions are equal, in part or as a whole, all the time. */
  const drawRecord = (random: Random): KeyRecord | undefined => {
    if (random(12) === 0) return undefined;
    const version = { ms: startOfTime + random(3), counter: random(3), node: random(2) ? 1 + random(2) : 0xffff_ffff - random(2) };
    // a version has one content, which may be forgotten
    return { version, content: random(3) === 0 ? undefined : `${version.ms} ${version.counter} ${version.node}` };
  };
  test(`${cases} triples: commutative, associative, idempotent, and never older than either`, () => {
    const same = (a: KeyRecord | undefined, b: KeyRecord | undefined) => a?.content === b?.content && (a === undefined) === (b === undefined) && (!a || !b || compareVersions(a.version, b.version) === 0);
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const random = randomFrom(seed);
        for (let i = 0; i < cases; i++) {
          const [a, b, c] = [drawRecord(random), drawRecord(random), drawRecord(random)];
          const ab = merge(a, b);
          const isLaw = same(ab, merge(b, a)) && same(merge(ab, c), merge(a, merge(b, c))) && same(merge(a, a), a) && same(merge(ab, b), ab) && (!a || !ab || compareVersions(ab.version, a.version) >= 0);
          if (!isLaw) throw new Error(`it is not for ${JSON.stringify([a, b, c])}`);
        }
      }),
      { numRuns: 1 },
    );
  });
});

type Given =
  | { readonly kind: "value"; readonly key: Buffer; readonly version: Version; readonly value: Buffer; readonly expiresAt: number }
  | { readonly kind: "deleted" | "evicted"; readonly key: Buffer; readonly version: Version }
  | { readonly kind: "range"; readonly prefix: Buffer; readonly version: Version };

const keys = ["a/1", "a/2", "a/", "b", "b/1", "\0", "c".repeat(300), "a/1/2"].map((text) => Buffer.from(text));
const prefixes = ["", "a/", "a/1", "b", "c"].map((text) => Buffer.from(text));
/** All expiries are over by then, or will not be. */
const endOfTime = 1_000;

const drawSet = (random: Random): Given[] => {
  const versions = new Map<string, Version>();
  for (let left = 1 + random(150); left > 0; left--) {
    const version = { ms: startOfTime - 20 + random(16), counter: random(4), node: [1, 2, 0x8000_0000, 0xffff_ffff][random(4)]! };
    versions.set(`${version.ms} ${version.counter} ${version.node}`, version);
  }
  return [...versions.values()].flatMap((version): Given[] => {
    const key = keys[random(keys.length)]!;
    const dice = random(20);
    if (dice === 0) return [{ kind: "range", prefix: prefixes[random(prefixes.length)]!, version }];
    if (dice < 6) return [{ kind: "deleted", key, version }];
    const expiresAt = random(3) === 0 ? startOfTime - 5 + random(endOfTime) : 0;
    const value: Given = { kind: "value", key, version, value: Buffer.from(`${version.ms} ${version.counter} ${version.node} ${"v".repeat(random(4) === 0 ? random(5_000) : 5)}`), expiresAt };
    // some pods still have it, others only know that it was there
    if (dice < 9) return [value, { kind: "evicted", key, version }];
    return dice < 10 ? [{ kind: "evicted", key, version }] : [value];
  });
};

const shuffled = <T>(items: readonly T[], random: Random): T[] => {
  const all = [...items, ...items.filter(() => random(3) === 0)];
  for (let i = all.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [all[i], all[j]] = [all[j]!, all[i]!];
  }
  return all;
};

const take = (replica: TestReplica, given: Given) => {
  if (given.kind === "range") {
    replica.store.replica.mergeRange(given.prefix, given.version);
    expect(replica.store.replica.mergeRange(given.prefix, given.version)).toBe(false);
    return;
  }
  replica.merge(given);
  // it is known, also that it was there and made room elsewhere
  const before = replica.shown(given.key);
  for (const kind of [given.kind, "evicted"] as const) expect(replica.merge({ ...given, kind })).toBe(mergeOutcome.stale);
  expect(replica.shown(given.key)).toEqual(before);
};

/** What must be left: a fold of `merge` over all that concerns the key. Ranges say what they say without a record. */
const expectedOf = (set: readonly Given[], key: Buffer, now: number) => {
  let last: KeyRecord | undefined;
  let isRange = false;
  for (const given of set) {
    const concerns = given.kind === "range" ? key.subarray(0, given.prefix.length).equals(given.prefix) : given.key.equals(key);
    if (!concerns) continue;
    const isLive = given.kind === "value" && (given.expiresAt === 0 || given.expiresAt > now);
    const merged = merge(last, { version: given.version, content: isLive ? given.value.toString() : undefined });
    if (merged !== last) isRange = given.kind === "range";
    last = merged;
  }
  const isEvicted = last !== undefined && set.some((given) => given.kind === "evicted" && compareVersions(given.version, last.version) === 0);
  return { version: isRange ? undefined : last?.version, content: last?.content, isEvicted };
};

const converge = (seed: number): number => {
  const random = randomFrom(seed);
  const set = drawSet(random);
  const now = startOfTime + endOfTime;
  let merges = 0;
  const replicas = Array.from({ length: 3 }, () => {
    const replica = createReplica({ maxBytes: 2 * 2 ** 20, evictionPolicy: (["LRU", "TinyLFU", "NoEviction"] as const)[random(3)]! });
    for (const given of shuffled(set, random)) {
      take(replica, given);
      merges++;
      if (random(10) === 0) replica.time.now = Math.min(now, replica.time.now + random(200));
      if (random(10) === 0) replica.store.sweep(1 + random(20));
      if (random(20) === 0) replica.shown(keys[random(keys.length)]!);
    }
    replica.time.now = now;
    // until every prefix was swept and all that is over has gone
    for (let i = 0; i < 40; i++) replica.store.sweep(50);
    if (random(4) === 0) replica.check();
    return replica;
  });
  for (const replica of replicas) {
    expect(replica.digests().equals(replicas[0]!.digests())).toBe(true);
    expect(replica.store.replica.rangesHash).toBe(replicas[0]!.store.replica.rangesHash);
    for (const key of keys) {
      const { version, content, isEvicted } = expectedOf(set, key, now);
      expect(replica.held(key)).toEqual(version);
      const shown = replica.shown(key)?.value;
      // a pod that has only heard of a version keeps the hole: eviction is not repaired
      if (shown !== undefined || !isEvicted) expect(shown).toBe(content);
    }
  }
  return merges;
};

test("records of all kinds in any order, some of them twice, leave the same behind everywhere: what the join of all of them says", { timeout: 120_000 }, () => {
  let merges = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      merges += converge(seed);
    }),
    { numRuns: 150, endOnFailure: true },
  );
  expect(merges).toBeGreaterThan(20_000);
});
