// What stays of an entry that goes before every peer knows: its key and its version, in the same slot, within a budget of their own.
import type { Columns } from "./columns.ts";
import { coldMsHighCounter, coldMsLow, coldNode, coldWords, deadFlag, evictedFlag, hotHash, hotMeta, hotRef, hotValueBytes, hotWords, isDead, isEvicted, isOwn, keyBytesOf, packMeta } from "./columns.ts";
import { bucketOf } from "./digest.ts";
import type { Eviction } from "./eviction/eviction.ts";
import { SlotList } from "./eviction/list.ts";
import type { Floors } from "./floors.ts";
import type { OwnBuffers } from "./own-buffers.ts";
import { chunkHeaderBytes, type Slab } from "./slab.ts";
import type { Journal, Slot } from "./types.ts";

/** Of maxMemory. */
const budgetPart = 0.1;

export interface Tombstones {
  readonly count: number;
  readonly bytes: number;
  /** The entry, or the tombstone, in this slot becomes a tombstone with the version that is there. `evicted`: nobody deleted it. */
  bury(slot: Slot, evicted: boolean): void;
  /** The slot is about to hold an entry again: only its key and version stay. */
  raise(slot: Slot): void;
  /** Forgets one, and remembers at its bucket's floor that something was forgotten. */
  drop(slot: Slot): void;
  /** Forgets the oldest while they take more than their budget. */
  trim(): void;
  /** Forgets the oldest. false: there is none. */
  dropOldest(): boolean;
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
  // by age: the newest at the head
  const list = new SlotList(columns);
  const budget = limitBytes * budgetPart;
  let count = 0;
  let bytes = 0;

  const enter = (slot: Slot) => {
    list.pushFront(slot);
    count++;
    bytes += state.weight(slot);
  };
  const leave = (slot: Slot) => {
    list.remove(slot);
    count--;
    bytes -= state.weight(slot);
  };

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

  const drop = (slot: Slot) => {
    const meta = columns.hot[slot * hotWords + hotMeta]!;
    const cold = slot * coldWords;
    const mixed = columns.cold[cold + coldMsHighCounter]!;
    const ms = (mixed >>> 16) * 2 ** 32 + (columns.cold[cold + coldMsLow]! >>> 0);
    const bucket = bucketOf(columns.hot[slot * hotWords + hotHash]!);
    const isKnown = journal.isKnown(slot, columns.cold[cold + coldNode]! >>> 0, ms);
    // where every peer has the entry or a later one, its eviction stays what it was: local
    if (isEvicted(meta) && isKnown) floors.evicted(bucket, ms);
    else floors.forgotten(bucket, ms, columns.expiry[slot * 4 + 2]! - retentionMs);
    if (!isKnown) journal.forgotten(slot);
    state.remove(slot);
  };
  const dropOldest = (): boolean => {
    if (list.tail < 0) return false;
    drop(list.tail);
    return true;
  };

  return {
    get count() {
      return count;
    },
    get bytes() {
      return bytes;
    },
    bury: (slot, evicted) => {
      const at = slot * hotWords;
      const meta = columns.hot[at + hotMeta]!;
      const keyBytes = keyBytesOf(meta);
      if (isDead(meta)) leave(slot);
      else {
        eviction.removed(slot);
        if (isOwn(meta)) own.remove(slot);
      }
      columns.hot[at + hotMeta] = packMeta(keyBytes, 0, false) | deadFlag | (evicted ? evictedFlag : 0);
      columns.hot[at + hotValueBytes] = 0;
      shrink(slot, keyBytes);
      state.setExpiry(slot, Math.floor(now()) + retentionMs);
      enter(slot);
    },
    raise: (slot) => {
      leave(slot);
      columns.hot[slot * hotWords + hotMeta]! &= ~(deadFlag | evictedFlag);
    },
    drop,
    trim: () => {
      while (bytes > budget && dropOldest());
    },
    dropOldest,
    removed: leave,
    cleared: () => {
      list.clear();
      count = 0;
      bytes = 0;
    },
  };
};
