// Makes room within maxMemory: gives back what waits, empties pages, evicts.
import { hotHash, hotMeta, hotWords, isDead, readFlag } from "./columns.ts";
import { bucketOf } from "./digest.ts";
import { absent, type Slot, type StoreOptions } from "./types.ts";
import type { Growable } from "./eviction/eviction.ts";
import type { State } from "./state.ts";
import { moved } from "./wheel.ts";

/** How many small steps towards a table that is wanted one write takes: few, since a turn of the event loop may bring hundreds of writes. */
const growthSteps = 4;
/** Cells of the growing index that one write moves: a quarter of the table's size in writes is left, a sixteenth is needed. */
const migrateCells = 16;
/** How far the wheel is turned for an entry that is over, before a live one is evicted. */
const wheelSteps = 1024;

/** Instead of a class: only bytes are needed. */
export const noChunk = -1;

export const createRoom = (state: State, onEvicted: StoreOptions["onEvicted"]) => {
  const { columns, index, discards, slab, own, wheel, eviction, tombstones, limitBytes, now, usedBytes } = state;
  const counts = { evictedForMemory: 0, evictedForEntries: 0, expirations: 0, refusedPuts: 0 };

  /** What is over goes: an entry whose time is up or whose prefix was deleted, a tombstone that was kept long enough. */
  const expire = (slot: Slot): void => {
    if (isDead(columns.hot[slot * hotWords + hotMeta]!)) return void tombstones?.drop(slot);
    if (!state.isExpired(slot)) {
      // a deleted prefix is remembered as a whole
      const range = state.coveredBy(slot);
      if (range) range.removed++;
      return state.remove(slot);
    }
    counts.expirations++;
    if (state.mayForget(slot)) state.remove(slot);
    else {
      tombstones?.bury(slot, "expired");
      tombstones?.trim();
    }
  };

  /** An entry makes room. Where a peer may still have an older one, its version stays behind. */
  const evictEntry = (slot: Slot): void => {
    // a version may be ahead of the clock by what peers' clocks differ
    onEvicted?.(Math.max(0, now() - state.versionMs(slot)), (columns.hot[slot * hotWords + hotMeta]! & readFlag) !== 0);
    if (!state.mayForget(slot)) return void tombstones?.bury(slot, "evicted");
    if (state.journal && !state.warming.is) state.floors.evicted(bucketOf(columns.hot[slot * hotWords + hotHash]!), state.versionMs(slot));
    state.remove(slot);
  };

  const expireDue = (keep: Slot): boolean => {
    let due = moved;
    for (let step = 0; step < wheelSteps && due === moved; step++) due = wheel.step(now());
    if (due < 0 || due === keep) return false;
    expire(due);
    return true;
  };

  /** One entry goes: one that is over if there is one, else the policy's victim. false: none may go. */
  const evict = (keep: Slot, incoming: number): boolean => {
    if (expireDue(keep)) return true;
    const victim = eviction.victim(keep, incoming);
    if (victim < 0) return tombstones?.dropOldest() ?? false;
    evictEntry(victim);
    tombstones?.trim();
    counts.evictedForMemory++;
    return true;
  };

  /** One step towards more room. false: nothing is left to take. */
  const gain = (keep: Slot, incoming: number): boolean => {
    if (own.reap() || discards.release() || slab.release() || slab.compact(state.moved)) return true;
    if (evict(keep, incoming)) return true;
    // an empty store is worth a fresh start: columns and index give back what a former crowd needed
    if (columns.count > 0 || columns.high === 0) return false;
    columns.clear(discards);
    index.clear(discards);
    return true;
  };

  /** Room for `bytes` more and a free chunk of class `c` (or `noChunk`), from entries other than `keep`. */
  const reserve = (c: number, bytes: number, keep: Slot, incoming: number): boolean => {
    while (true) {
      const needsPage = c !== noChunk && !slab.hasFree(c);
      const more = bytes + (needsPage && slab.pooled === 0 ? slab.pageBytes : 0);
      if (more === 0 || usedBytes() + more <= limitBytes) {
        if (needsPage) slab.addPage(c);
        return true;
      }
      if (!gain(keep, incoming)) return false;
    }
  };

  /** The table for which entries are being evicted. Remembered, since with them the need itself seems to go. */
  let pressing: Growable | undefined;
  const grow = (table: Growable, keep: Slot): void => {
    const wanted = table.wantedBytes;
    if (wanted === 0) {
      if (pressing === table) pressing = undefined;
      return;
    }
    if (table.isPressing) pressing = table;
    for (let step = 0; usedBytes() + wanted > limitBytes; step++) if (pressing !== table || step === growthSteps || !gain(keep, 0)) return;
    table.grow();
  };

  /** After an insert: the tables follow the number of entries, a bounded step at a time. `keep` was just written. */
  const growTables = (keep: Slot): void => {
    if (index.growing) index.migrate(migrateCells);
    grow(index, keep);
    grow(eviction, keep);
  };

  /** One entry goes because there are too many. false: none may go. */
  const evictOne = (): boolean => {
    if (expireDue(absent)) return true;
    const victim = eviction.victim(absent, 0);
    if (victim < 0) return false;
    evictEntry(victim);
    tombstones?.trim();
    counts.evictedForEntries++;
    return true;
  };

  return {
    counts,
    expire,
    reserve,
    growTables,
    evictOne,
    /** One step towards a slot that is free: what is remembered of deleted keys goes too, where nothing else may. */
    freeSlot: (): boolean => evictOne() || (tombstones?.dropOldest() ?? false),
  };
};
