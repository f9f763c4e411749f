// Entries that are used often stay: a newcomer gets in only if it was seen more often than what would have to go for it.
import { hotHash, hotMeta, hotWords, segmentMask, segmentShift, usedFlag } from "../columns.ts";
import type { Eviction, EvictionDeps } from "./eviction.ts";
import { SlotList } from "./list.ts";
import { Sketch } from "./sketch.ts";

/** Parts of all weight: the window takes what is new, the rest is the main part; of it, so much is protected. */
const windowPart = 0.01;
const protectedPart = 0.8;
/** The window may grow to so many times its part before entries leave it without a contest: pressure comes in waves when sizes differ. */
const windowSlack = 2;
const window = 0;
const probation = 1;
const guarded = 2;
/** A newcomer that was seen this often and loses is let in once in `luck` times: otherwise who knows the victim could keep everyone out. */
const warm = 6;
const luck = 128;
const leastEntries = 256;
/** How many entries one eviction lets off because they were used. */
const maxChances = 16;

/**
 * W-TinyLFU (Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", ACM TOS 2017), with the random admission of Caffeine.
 * Weights are bytes. What is in the window is readable; a contest is fought by what has to leave it.
 */
export const createTinyLfu = ({ columns, weight }: EvictionDeps): Eviction => {
  const sketch = new Sketch(leastEntries);
  const lists = [new SlotList(columns), new SlotList(columns), new SlotList(columns)] as const;
  const [inWindow, onProbation, inGuarded] = lists;
  const weights = new Float64Array(3);
  let dice = 0x9e37_79b9 | 0;

  const segmentOf = (slot: number) => (columns.hot[slot * hotWords + hotMeta]! & segmentMask) >>> segmentShift;
  const enter = (slot: number, segment: number, bytes: number) => {
    const meta = slot * hotWords + hotMeta;
    columns.hot[meta] = (columns.hot[meta]! & ~segmentMask) | (segment << segmentShift);
    lists[segment]!.pushFront(slot);
    weights[segment]! += bytes;
  };
  const leave = (slot: number, segment: number, bytes: number) => {
    lists[segment]!.remove(slot);
    weights[segment]! -= bytes;
  };
  const count = (slot: number) => sketch.increment(columns.hot[slot * hotWords + hotHash]!, columns.count);
  const frequency = (slot: number) => sketch.frequency(columns.hot[slot * hotWords + hotHash]!);
  const windowLimit = () => windowPart * (weights[window]! + weights[probation]! + weights[guarded]!);
  const roll = () => {
    // xorshift32, G. Marsaglia
    dice ^= dice << 13;
    dice ^= dice >>> 17;
    dice ^= dice << 5;
    return (dice >>> 0) % luck === 0;
  };
  const isBetter = (candidate: number, victim: number) => {
    const seen = frequency(candidate);
    return seen > frequency(victim) || (seen >= warm && roll());
  };

  /** Whether the entry was used since it was asked last. */
  const wasUsed = (slot: number) => {
    const meta = slot * hotWords + hotMeta;
    const flags = columns.hot[meta]!;
    columns.hot[meta] = flags & ~usedFlag;
    return (flags & usedFlag) !== 0;
  };
  const promote = (slot: number) => {
    const bytes = weight(slot);
    leave(slot, probation, bytes);
    enter(slot, guarded, bytes);
    const limit = protectedPart * (weights[probation]! + weights[guarded]!);
    for (let chances = 0; weights[guarded]! > limit && inGuarded.tail !== slot; ) {
      const demoted = inGuarded.tail;
      if (chances < maxChances && wasUsed(demoted)) {
        chances++;
        inGuarded.moveToFront(demoted);
        continue;
      }
      const bytes = weight(demoted);
      leave(demoted, guarded, bytes);
      enter(demoted, probation, bytes);
    }
  };
  const graduate = (slot: number) => {
    const bytes = weight(slot);
    leave(slot, window, bytes);
    enter(slot, probation, bytes);
  };
  const lastBut = (list: SlotList, keep: number) => (list.tail >= 0 && list.tail === keep ? list.before(keep) : list.tail);

  return {
    get tableBytes() {
      return sketch.bytes;
    },
    get wantedBytes() {
      return sketch.wantedBytes(columns.count);
    },
    get isPressing() {
      return sketch.isOverloaded(columns.count);
    },
    grow: () => sketch.grow(),
    added: (slot) => {
      count(slot);
      enter(slot, window, weight(slot));
      while (weights[window]! > windowSlack * windowLimit() && inWindow.tail !== slot) graduate(inWindow.tail);
    },
    used: (slot) => {
      count(slot);
      const meta = slot * hotWords + hotMeta;
      const flags = columns.hot[meta]!;
      if ((flags & segmentMask) === window << segmentShift) inWindow.moveToFront(slot);
      else if ((flags & usedFlag) === 0) columns.hot[meta] = flags | usedFlag;
    },
    reweighed: (slot, by) => {
      weights[segmentOf(slot)]! += by;
    },
    removed: (slot) => leave(slot, segmentOf(slot), weight(slot)),
    victim: (keep, incoming) => {
      let incumbent = lastBut(onProbation, keep);
      for (let chances = 0; chances < maxChances && incumbent >= 0 && wasUsed(incumbent); chances++) {
        promote(incumbent);
        incumbent = lastBut(onProbation, keep);
      }
      const victim = incumbent >= 0 ? incumbent : lastBut(inGuarded, keep);
      const candidate = lastBut(inWindow, keep);
      if (victim < 0 || candidate < 0) return victim < 0 ? candidate : victim;
      if (weights[window]! + incoming <= windowLimit()) return victim;
      if (!isBetter(candidate, victim)) return candidate;
      graduate(candidate);
      return victim;
    },
    rank: (slot) => {
      const meta = columns.hot[slot * hotWords + hotMeta]!;
      if ((meta & segmentMask) === guarded << segmentShift) return 0;
      if ((meta & usedFlag) !== 0) return 1;
      return (meta & segmentMask) === window << segmentShift ? 2 : 3;
    },
    cleared: () => {
      for (const list of lists) list.clear();
      weights.fill(0);
    },
  };
};
