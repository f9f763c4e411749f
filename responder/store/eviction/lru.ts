// Exactly the least recently used entry goes first.
import type { Eviction, EvictionDeps } from "./eviction.ts";
import { SlotList } from "./list.ts";

export const createLru = ({ columns }: EvictionDeps): Eviction => {
  const list = new SlotList(columns);
  return {
    tableBytes: 0,
    wantedBytes: 0,
    isPressing: false,
    grow: () => {},
    added: (slot) => list.pushFront(slot),
    used: (slot) => list.moveToFront(slot),
    reweighed: () => {},
    removed: (slot) => list.remove(slot),
    victim: (keep) => (list.tail >= 0 && list.tail === keep ? list.before(keep) : list.tail),
    cleared: () => list.clear(),
  };
};
