// The store as a replica of others: takes in their records, tells its own, and drops what has been forgotten elsewhere.
import { coldMsHighCounter, coldNode, coldWords, hotHash, hotMeta, hotWords, isDead, isEvicted } from "./columns.ts";
import { bucketOf, bucketCount, cursorOf } from "./digest.ts";
import type { Range } from "./ranges.ts";
import type { State } from "./state.ts";
import type { Cause } from "./tombstones.ts";
import { absent, mergeOutcome, putOutcome, type PutOutcome, type Replica, type Slot, type Store } from "./types.ts";
import type { Version } from "./version.ts";

export interface ReplicaDeps {
  readonly state: State;
  /** Writes an entry without a version. */
  readonly place: Store["put"];
  readonly settled: (key: Buffer, from: number, to: number, hash: number) => Slot;
  readonly createTombstone: (hash: number, key: Buffer, from: number, to: number, cause: Cause) => Slot;
  readonly grow: (slot: Slot) => void;
  /** The slot of the last entry placed. */
  readonly written: () => Slot;
  readonly changes: () => number;
  /** Its entries are to be removed, bit by bit. */
  readonly sweepRange: (range: Range) => void;
}

export const createReplica = ({ state, place, settled, createTombstone, grow, written, changes, sweepRange }: ReplicaDeps): Replica => {
  const { columns, index, digests, floors, ranges, versions, warming, ownNode, now } = state;
  let merged: Slot = absent;
  const metaOf = (slot: Slot): number => columns.hot[slot * hotWords + hotMeta]!;

  /** Negative: the record in the slot is older. */
  const compare = (slot: Slot, ms: number, counter: number, node: number): number => {
    const at = slot * coldWords;
    return state.versionMs(slot) - ms || (columns.cold[at + coldMsHighCounter]! & 0xffff) - counter || (columns.cold[at + coldNode]! >>> 0) - node;
  };

  /** The slot becomes a tombstone of that version; without a slot one is made, and where there is no room for it the floor rises. */
  const bury = (held: Slot, hash: number, key: Buffer, from: number, to: number, ms: number, counter: number, node: number, cause: Cause): void => {
    let slot = held;
    if (slot >= 0) state.tombstones?.bury(slot, cause);
    else slot = createTombstone(hash, key, from, to, cause);
    merged = slot;
    if (slot < 0) return floors.forgotten(bucketOf(hash), ms, now());
    state.setVersion(slot, ms, counter, node);
    grow(slot);
    state.tombstones?.trim();
  };

  return {
    digests,
    floors,
    get ranges() {
      return ranges.list;
    },
    get rangesHash() {
      return ranges.hash;
    },
    get merged() {
      return merged;
    },
    get slots() {
      return columns.high;
    },
    get changes() {
      return changes();
    },
    get latestMs() {
      return versions.ms;
    },
    kind: (slot) => {
      const meta = metaOf(slot);
      if (meta === 0) return undefined;
      if (isDead(meta)) return isEvicted(meta) ? "evicted" : "deleted";
      if (!state.isOver(slot)) return "value";
      return state.isExpired(slot) ? "deleted" : undefined;
    },
    hash: (slot) => columns.hot[slot * hotWords + hotHash]!,
    rank: (slot) => state.eviction.rank(slot),
    locate: (key, from, to) => state.locate(key, from, to, state.hash(key, from, to)),
    visitBucket: (bucket, visit) => {
      const end = bucket === bucketCount - 1 ? Infinity : cursorOf(bucket + 1);
      let cursor = cursorOf(bucket);
      do
        cursor = index.scan(cursor, (slot) => {
          if (bucketOf(columns.hot[slot * hotWords + hotHash]!) === bucket) visit(slot);
        });
      while (cursor !== 0 && cursor < end);
    },
    merge: ({ key, keyFrom, keyTo, ms, counter, node, kind, expiresAt, contentType, value, valueFrom, valueTo }) => {
      const hash = state.hash(key, keyFrom, keyTo);
      const slot = settled(key, keyFrom, keyTo, hash);
      versions.observe(ms, counter);
      if (slot >= 0) {
        if (compare(slot, ms, counter, node) >= 0) return mergeOutcome.stale;
      } else if (floors.refuses(bucketOf(hash), ms)) return mergeOutcome.refused;
      if (ranges.list.length > 0 && ranges.covers(ranges.list, key, keyFrom, keyTo, ms, counter, node)) return mergeOutcome.stale;
      // forgotten, and still being swept: beside an older tombstone no floor stands for it
      if (ranges.unswept.length > 0 && ranges.covers(ranges.unswept, key, keyFrom, keyTo, ms, counter, node)) return mergeOutcome.stale;
      // of a value whose time is over only the version matters
      const isOver = kind === "value" && expiresAt !== 0 && expiresAt <= now();
      if (kind !== "value" || isOver) {
        bury(slot, hash, key, keyFrom, keyTo, ms, counter, node, isOver ? "expired" : kind === "evicted" ? "evicted" : "deleted");
        return mergeOutcome.applied;
      }
      const outcome: PutOutcome = place(key, keyFrom, keyTo, value, valueFrom, valueTo, expiresAt, contentType);
      if (outcome < 0) {
        // as if it had been taken in and made room at once
        const held = settled(key, keyFrom, keyTo, hash);
        if (held >= 0) bury(held, hash, key, keyFrom, keyTo, ms, counter, node, "evicted");
        else floors.evicted(bucketOf(hash), ms);
        return mergeOutcome.full;
      }
      merged = written();
      state.setVersion(written(), ms, counter, node);
      // moved to another slot, and with it went what was noted for other peers
      if (slot >= 0 && slot !== written()) state.journal?.changed(written());
      if (outcome === putOutcome.created) grow(written());
      return mergeOutcome.applied;
    },
    mergeRange: (prefix: Buffer, version: Version) => {
      versions.observe(version.ms, version.counter);
      const range = ranges.add(prefix, version, now());
      if (range) sweepRange(range);
      return range !== undefined;
    },
    dropZombie: (slot, floorMs) => {
      floors.forgotten(bucketOf(columns.hot[slot * hotWords + hotHash]!), floorMs, 0);
      state.remove(slot);
    },
    get warming() {
      return warming.is;
    },
    settle: () => void (warming.is = false),
    setNode: (node) => void (ownNode.id = node | 0),
  };
};

