// Exactly the least recently used entry goes first.
import { hotMeta, hotWords, segmentMask, segmentShift } from "../columns.ts";
import type { Eviction, EvictionDeps } from "./eviction.ts";
import { SlotList } from "./list.ts";

/** Generations that a slot's two bits tell apart. */
const generations = 4;
const leastPerGeneration = 64;

export const createLru = ({ columns }: EvictionDeps): Eviction => {
  const list = new SlotList(columns);
  let generation = 0;
  let left = leastPerGeneration;
  /** The list's order cannot be read off a slot, so each use leaves the number of its generation there: half of the entries long. */
  const stamp = (slot: number) => {
    if (--left === 0) {
      generation = (generation + 1) % generations;
      left = Math.max(leastPerGeneration, columns.count >> 1);
    }
    const meta = slot * hotWords + hotMeta;
    columns.hot[meta] = (columns.hot[meta]! & ~segmentMask) | (generation << segmentShift);
  };
  return {
    tableBytes: 0,
    wantedBytes: 0,
    isPressing: false,
    grow: () => {},
    added: (slot) => {
      list.pushFront(slot);
      stamp(slot);
    },
    used: (slot) => {
      list.moveToFront(slot);
      stamp(slot);
    },
    reweighed: () => {},
    removed: (slot) => list.remove(slot),
    victim: (keep) => (list.tail >= 0 && list.tail === keep ? list.before(keep) : list.tail),
    rank: (slot) => (generation - ((columns.hot[slot * hotWords + hotMeta]! & segmentMask) >>> segmentShift) + generations) % generations,
    cleared: () => list.clear(),
  };
};
