// Removes what a deleted prefix covers, a few entries a step, in the order of the hashes.
import type { Range } from "./ranges.ts";
import type { State } from "./state.ts";
import { hotMeta, hotWords, isDead } from "./columns.ts";
import type { RangeWalk, Slot } from "./types.ts";

export interface RangeWalkDeps {
  readonly state: State;
  readonly range: Range;
  /** Removes an entry that is over. */
  readonly expire: (slot: Slot) => void;
}

export const createRangeWalk = ({ state, range, expire }: RangeWalkDeps): RangeWalk => {
  const { index, ranges, columns } = state;
  let cursor = 0;
  let isDone = false;
  const found: Slot[] = [];
  return {
    get removed() {
      return range.removed;
    },
    step: () => {
      if (isDone) return false;
      // a visit must not change the index
      found.length = 0;
      cursor = index.scan(cursor, (slot) => {
        if (isDead(columns.hot[slot * hotWords + hotMeta]!) ? state.isCovered(slot) : state.isOver(slot)) found.push(slot);
      });
      for (const slot of found) {
        // the range says all that an older tombstone does
        if (isDead(columns.hot[slot * hotWords + hotMeta]!)) {
          state.remove(slot);
          continue;
        }
        expire(slot);
      }
      isDone = cursor === 0;
      if (isDone) ranges.swept(range);
      return !isDone;
    },
  };
};
