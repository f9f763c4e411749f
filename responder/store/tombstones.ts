// What stays of an entry that goes before every peer knows: its key and its version, in the same slot, within a budget of their own.
import type { Columns } from "./columns.ts";
import { coldMsHighCounter, coldMsLow, coldNode, coldWords, deadFlag, evictedFlag, expiredFlag, hotHash, hotMeta, hotRef, hotValueBytes, hotWords, isDead, isEvicted, isOwn, keyBytesOf, packMeta } from "./columns.ts";
import { bucketOf } from "./digest.ts";
import type { Eviction } from "./eviction/eviction.ts";
import { SlotList } from "./eviction/list.ts";
import type { Floors } from "./floors.ts";
import type { OwnBuffers } from "./own-buffers.ts";
import { chunkHeaderBytes, type Slab } from "./slab.ts";
import type { Journal, Slot } from "./types.ts";

/** Of maxMemory. */
const budgetPart = 0.1;
/** What nobody deleted is kept until every peer knows, and so much longer for what is on its way. */
const leastMs = 5_000;

/** Who wrote what nobody deleted sends it to all: only who was owed it by this pod, and is void for that, has to drop what is older. */
const longAgo = 1;

/** Why an entry went. */
export type Cause = "deleted" | "evicted" | "expired";

const flags: Record<Cause, number> = { deleted: deadFlag, evicted: deadFlag | evictedFlag, expired: deadFlag | expiredFlag };

export interface Tombstones {
  readonly count: number;
  readonly bytes: number;
  /** The entry, or the tombstone, in this slot becomes a tombstone with the version that is there. */
  bury(slot: Slot, cause: Cause): void;
  /** The slot is about to hold an entry again: only its key and version stay. */
  raise(slot: Slot): void;
  causeOf(slot: Slot): Cause;
  /** Forgets one, and remembers at its bucket's floor that something was forgotten. */
  drop(slot: Slot): void;
  /** Forgets the oldest while they take more than their budget. */
  trim(): void;
  /** Forgets the oldest. false: there is none. */
  dropOldest(): boolean;
  /** Forgets one that was not deleted and that every peer knows. false: there is none yet. */
  dropKnown(): boolean;
  /** The slot is being freed. */
  removed(slot: Slot): void;
  /** All slots were. */
  cleared(): void;
}

/** Of the store's state. */
export interface TombstoneDeps {
  readonly columns: Columns;
  readonly slab: Slab;
  readonly own: OwnBuffers;
  readonly eviction: Eviction;
  readonly floors: Floors;
  readonly now: () => number;
  readonly limitBytes: number;
  readonly usedBytes: () => number;
  readonly weight: (slot: Slot) => number;
  readonly setExpiry: (slot: Slot, expiresAt: number) => void;
  readonly remove: (slot: Slot) => void;
}

export const createTombstones = (state: TombstoneDeps, journal: Journal, retentionMs: number): Tombstones => {
  const { columns, slab, own, eviction, floors, now, limitBytes } = state;
  // by age: the newest at the head. Deletions have to be remembered for their time, the others until every peer knows
  const deletions = new SlotList(columns);
  const others = new SlotList(columns);
  const budget = limitBytes * budgetPart;
  let count = 0;
  let bytes = 0;

  const metaOf = (slot: Slot): number => columns.hot[slot * hotWords + hotMeta]!;
  const listOf = (slot: Slot): SlotList => ((metaOf(slot) & (evictedFlag | expiredFlag)) === 0 ? deletions : others);
  const enter = (slot: Slot) => {
    listOf(slot).pushFront(slot);
    count++;
    bytes += state.weight(slot);
  };
  const leave = (slot: Slot) => {
    listOf(slot).remove(slot);
    count--;
    bytes -= state.weight(slot);
  };
  const versionMs = (slot: Slot): number => (columns.cold[slot * coldWords + coldMsHighCounter]! >>> 16) * 2 ** 32 + (columns.cold[slot * coldWords + coldMsLow]! >>> 0);
  const isKnown = (slot: Slot): boolean => journal.isKnown(slot, columns.cold[slot * coldWords + coldNode]! >>> 0, versionMs(slot));
  const notedAt = (slot: Slot): number => columns.expiry[slot * 4 + 2]! - retentionMs;

  /** Into a chunk that holds the key and no more, where there is one. */
  const shrink = (slot: Slot, keyBytes: number) => {
    const at = slot * hotWords + hotRef;
    const old = columns.hot[at]!;
    const c = slab.classFor(chunkHeaderBytes + keyBytes);
    if (slab.classAt(old) <= c) return;
    if (!slab.hasFree(c)) {
      if (slab.pooled === 0 && state.usedBytes() + slab.pageBytes > limitBytes) return;
      slab.addPage(c);
    }
    const ref = slab.take(c, slot);
    slab.page(old).copy(slab.page(ref), slab.offset(ref), slab.offset(old), slab.offset(old) + keyBytes);
    columns.hot[at] = ref;
    slab.free(old);
  };

  const forget = (slot: Slot, known: boolean) => {
    const meta = metaOf(slot);
    const bucket = bucketOf(columns.hot[slot * hotWords + hotHash]!);
    const isDeletion = (meta & (evictedFlag | expiredFlag)) === 0;
    // where every peer has the entry or a later one, its eviction stays what it was: local. What is over is so everywhere
    if (isDeletion || !known) floors.forgotten(bucket, versionMs(slot), isDeletion ? notedAt(slot) : longAgo);
    // and of those that have it, none must take the hole here for a deletion
    if (isEvicted(meta)) floors.evicted(bucket, versionMs(slot));
    if (!known) journal.forgotten(slot);
    state.remove(slot);
  };
  const drop = (slot: Slot) => forget(slot, isKnown(slot));
  const dropKnown = (): boolean => {
    const slot = others.tail;
    if (slot < 0 || now() - notedAt(slot) < leastMs || !isKnown(slot)) return false;
    forget(slot, true);
    return true;
  };
  const dropOldest = (): boolean => {
    const [a, b] = [deletions.tail, others.tail];
    if (a < 0 && b < 0) return false;
    drop(a < 0 || (b >= 0 && (isKnown(b) || notedAt(b) < notedAt(a))) ? b : a);
    return true;
  };

  return {
    get count() {
      return count;
    },
    get bytes() {
      return bytes;
    },
    bury: (slot, cause) => {
      const at = slot * hotWords;
      const meta = columns.hot[at + hotMeta]!;
      const keyBytes = keyBytesOf(meta);
      if (isDead(meta)) leave(slot);
      else {
        eviction.removed(slot);
        if (isOwn(meta)) own.remove(slot);
      }
      columns.hot[at + hotMeta] = packMeta(keyBytes, 0, false) | flags[cause];
      columns.hot[at + hotValueBytes] = 0;
      shrink(slot, keyBytes);
      state.setExpiry(slot, Math.floor(now()) + retentionMs);
      enter(slot);
    },
    raise: (slot) => {
      leave(slot);
      columns.hot[slot * hotWords + hotMeta]! &= ~(deadFlag | evictedFlag | expiredFlag);
    },
    causeOf: (slot) => {
      const meta = metaOf(slot);
      if (isEvicted(meta)) return "evicted";
      return (meta & expiredFlag) === 0 ? "deleted" : "expired";
    },
    drop,
    trim: () => {
      const isOver = () => bytes > budget;
      while (isOver() && dropOldest());
    },
    dropOldest,
    dropKnown,
    removed: leave,
    cleared: () => {
      deletions.clear();
      others.clear();
      count = 0;
      bytes = 0;
    },
  };
};
