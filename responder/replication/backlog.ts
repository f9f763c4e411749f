// What one peer has not got yet: a bit for each slot that has changed, and one for each that is on its way.
import type { TraceContext } from "#telemetry/trace-context";

const bitsPerWord = 32;
/** Sampled writes that wait to be sent; the records of more go without their trace. */
const maxTraced = 256;

/** The span of a write. */
export interface TracedWrite {
  readonly context: TraceContext;
  /** Monotonic milliseconds. */
  readonly at: number;
}

const wordOf = (slot: number): number => slot >>> 5;
const bitOf = (slot: number): number => 1 << (slot & 31);

/**
 * Memory is bounded by the number of slots, whatever is written and however long the peer is away: repeated writes of a key are one bit.
 * A slot on its way is not sent again before it was acknowledged, so a key that is written all the time costs one record a round trip.
 */
export interface Backlog {
  /** Slots to be sent. */
  readonly dirty: number;
  /** Slots sent and not acknowledged. */
  readonly sent: number;
  mark(slot: number): void;
  /** The next slot that may be sent, which is on its way from now on; -1: there is none. */
  take(): number;
  /** What was taken has arrived. */
  acknowledged(slot: number): void;
  /** What was taken has not arrived, as far as is known: it is to be sent again. */
  lost(slot: number): void;
  /** The peer may not have what is in the slot. */
  isPending(slot: number): boolean;
  /** The slot holds nothing any more. What was on its way still comes back as acknowledged or lost. */
  freed(slot: number): void;
  /** The slot was written as part of a span. */
  trace(slot: number, write: TracedWrite): void;
  /** The span that the slot's record belongs to; told once. */
  takeTrace(slot: number): TracedWrite | undefined;
  /** No slot holds anything. */
  clear(): void;
}

const grown = (words: Int32Array<ArrayBuffer>, length: number): Int32Array<ArrayBuffer> => {
  const larger = new Int32Array(length);
  larger.set(words);
  return larger;
};

export const createBacklog = (): Backlog => {
  let dirty = new Int32Array(32);
  let sent = new Int32Array(32);
  /** A bit for each word of `dirty` that is not 0. */
  let summary = new Int32Array(1);
  let dirtyCount = 0;
  let sentCount = 0;
  /** The slot where the next search begins: every slot has its turn, also beside one that is written and acknowledged all the time. */
  let cursor = 0;
  const traced = new Map<number, TracedWrite>();

  const grow = (word: number) => {
    let length = dirty.length;
    while (length <= word) length *= 2;
    dirty = grown(dirty, length);
    sent = grown(sent, length);
    summary = grown(summary, Math.ceil(length / bitsPerWord));
  };
  const mark = (slot: number) => {
    const word = wordOf(slot);
    if (word >= dirty.length) grow(word);
    const before = dirty[word]!;
    const after = before | bitOf(slot);
    if (after === before) return;
    dirty[word] = after;
    summary[word >>> 5]! |= 1 << (word & 31);
    dirtyCount++;
  };
  const unmark = (word: number, bit: number) => {
    dirty[word]! &= ~bit;
    if (dirty[word] === 0) summary[word >>> 5]! &= ~(1 << (word & 31));
    dirtyCount--;
  };
  /** The first word from `from` to before `to` with a dirty slot that is not on its way; -1: none. */
  const search = (from: number, to: number): number => {
    for (let s = from >>> 5; s << 5 < to; s++) {
      let bits = summary[s]!;
      if (s === from >>> 5) bits &= -1 << (from & 31);
      while (bits !== 0) {
        const word = (s << 5) + 31 - Math.clz32(bits & -bits);
        if (word >= to) return -1;
        if ((dirty[word]! & ~sent[word]!) !== 0) return word;
        bits &= bits - 1;
      }
    }
    return -1;
  };
  const has = (words: Int32Array, slot: number): boolean => wordOf(slot) < words.length && (words[wordOf(slot)]! & bitOf(slot)) !== 0;

  return {
    get dirty() {
      return dirtyCount;
    },
    get sent() {
      return sentCount;
    },
    mark,
    take: () => {
      if (dirtyCount === 0) return -1;
      const first = wordOf(cursor);
      let word = first;
      // the rest of the word first
      let free = dirty[word]! & ~sent[word]! & (-1 << (cursor & 31));
      if (free === 0) {
        word = search(first + 1, dirty.length);
        if (word < 0) word = search(0, first + 1);
        if (word < 0) return -1;
        free = dirty[word]! & ~sent[word]!;
      }
      const bit = free & -free;
      unmark(word, bit);
      sent[word]! |= bit;
      sentCount++;
      const slot = word * bitsPerWord + 31 - Math.clz32(bit);
      cursor = slot + 1 < dirty.length * bitsPerWord ? slot + 1 : 0;
      return slot;
    },
    acknowledged: (slot) => {
      if (!has(sent, slot)) return;
      sent[wordOf(slot)]! &= ~bitOf(slot);
      sentCount--;
    },
    lost: (slot) => {
      if (!has(sent, slot)) return;
      sent[wordOf(slot)]! &= ~bitOf(slot);
      sentCount--;
      mark(slot);
    },
    isPending: (slot) => has(dirty, slot) || has(sent, slot),
    freed: (slot) => {
      if (has(dirty, slot)) unmark(wordOf(slot), bitOf(slot));
      if (traced.size > 0) traced.delete(slot);
    },
    trace: (slot, write) => {
      if (traced.size < maxTraced || traced.has(slot)) traced.set(slot, write);
    },
    takeTrace: (slot) => {
      if (traced.size === 0) return undefined;
      const write = traced.get(slot);
      traced.delete(slot);
      return write;
    },
    clear: () => {
      dirty.fill(0);
      sent.fill(0);
      summary.fill(0);
      dirtyCount = 0;
      sentCount = 0;
      traced.clear();
    },
  };
};
