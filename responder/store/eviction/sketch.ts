// Counts how often hashes were seen, approximately and with fading memory: a count-min sketch of 4-bit counters.

/** A block is one cache line: 4 rows of 4 words of 8 counters. A hash has a counter in each row of one block. */
const wordsPerBlock = 16;
/** 8 counters or 4 bytes an entry, 4 to 8 counters while it waits to grow. With half of them the hit ratio loses 0.1 to 0.9 points. */
const entriesPerBlock = 16;
/** With so many times the entries it was made for it has to grow, whatever must go for it. */
const overload = 1.5;
const maxCount = 15;
/** Counters are halved once in so many increments an entry. */
const samplesPerEntry = 10;

/** Of the hash's own bits the low ones choose the block; these choose the counters within it (the finaliser of MurmurHash3, A. Appleby). */
const mix = (hash: number): number => {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return h ^ (h >>> 16);
};

/** Of 5 bits: the word in the row, and the counter in the word. */
const word = (bits: number): number => (bits >>> 3) & 3;
const shift = (bits: number): number => (bits & 7) << 2;

/**
 * The frequency sketch of TinyLFU (Einziger, Friedman, Manes, "TinyLFU: A Highly Efficient Cache Admission Policy", 2017) with conservative update.
 * Ageing halves one block at a time instead of the whole table at once, so that no operation is long.
 */
export class Sketch {
  private table: Int32Array;
  private blocks: number;
  private untilAgeing = 1;
  private ageing = 0;

  /** For so many entries, rounded up to a power of two of blocks. */
  constructor(entries: number) {
    this.blocks = 2 ** Math.ceil(Math.log2(Math.max(1, entries / entriesPerBlock)));
    this.table = new Int32Array(this.blocks * wordsPerBlock);
  }

  get bytes(): number {
    return this.table.byteLength;
  }

  /** Bytes that a table for so many entries takes more than this one. */
  wantedBytes(entries: number): number {
    return entries > this.blocks * entriesPerBlock ? this.table.byteLength : 0;
  }

  isOverloaded(entries: number): boolean {
    return entries > this.blocks * entriesPerBlock * overload;
  }

  /** Twice as large; all counts are kept, since a hash's block keeps its number or gets a copy's. */
  grow(): void {
    const { table } = this;
    this.table = new Int32Array(table.length * 2);
    this.table.set(table);
    this.table.set(table, table.length);
    this.blocks *= 2;
    (table.buffer as ArrayBuffer).transfer(0);
  }

  /** How often, 0 to 15. */
  frequency(hash: number): number {
    const { table } = this;
    const at = (hash & (this.blocks - 1)) * wordsPerBlock;
    const bits = mix(hash);
    const a = (table[at + word(bits)]! >>> shift(bits)) & 15;
    const b = (table[at + 4 + word(bits >>> 5)]! >>> shift(bits >>> 5)) & 15;
    const c = (table[at + 8 + word(bits >>> 10)]! >>> shift(bits >>> 10)) & 15;
    const d = (table[at + 12 + word(bits >>> 15)]! >>> shift(bits >>> 15)) & 15;
    const [ab, cd] = [a < b ? a : b, c < d ? c : d];
    return ab < cd ? ab : cd;
  }

  /** Counts one sight; `entries` is how many the store holds now. */
  increment(hash: number, entries: number): void {
    const least = this.frequency(hash);
    if (least < maxCount) {
      const at = (hash & (this.blocks - 1)) * wordsPerBlock;
      const bits = mix(hash);
      this.raise(at + word(bits), shift(bits), least);
      this.raise(at + 4 + word(bits >>> 5), shift(bits >>> 5), least);
      this.raise(at + 8 + word(bits >>> 10), shift(bits >>> 10), least);
      this.raise(at + 12 + word(bits >>> 15), shift(bits >>> 15), least);
    }
    if (--this.untilAgeing === 0) this.age(entries);
  }

  /** Conservative update: a counter above the least is shared, and already too high. */
  private raise(at: number, by: number, least: number): void {
    const counters = this.table[at]!;
    if (((counters >>> by) & 15) === least) this.table[at] = counters + (1 << by);
  }

  private age(entries: number): void {
    const { table } = this;
    const at = this.ageing * wordsPerBlock;
    for (let i = at; i < at + wordsPerBlock; i++) table[i] = (table[i]! >>> 1) & 0x7777_7777;
    this.ageing = (this.ageing + 1) & (this.blocks - 1);
    this.untilAgeing = Math.max(1, Math.ceil((samplesPerEntry * entries) / this.blocks));
  }
}
