// Counts how often hashes were seen, approximately and with fading memory: a count-min sketch of 4-bit counters.

/** A block is one cache line: 128 counters, of which each of 4 rows has 32. A hash has its 4 counters in one block. */
const wordsPerBlock = 16;
const rows = 4;
const wordsPerRow = wordsPerBlock / rows;
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
    let least = maxCount;
    for (let row = 0; row < rows; row++) {
      const pick = (bits >>> (row * 5)) & 31;
      const count = (table[at + row * wordsPerRow + (pick >> 3)]! >>> ((pick & 7) * 4)) & 15;
      if (count < least) least = count;
    }
    return least;
  }

  /** Counts one sight; `entries` is how many the store holds now. */
  increment(hash: number, entries: number): void {
    const { table } = this;
    const at = (hash & (this.blocks - 1)) * wordsPerBlock;
    const bits = mix(hash);
    const least = this.frequency(hash);
    if (least < maxCount) {
      for (let row = 0; row < rows; row++) {
        const pick = (bits >>> (row * 5)) & 31;
        const word = at + row * wordsPerRow + (pick >> 3);
        const shift = (pick & 7) * 4;
        // conservative update: a counter above the least is shared, and already too high
        if (((table[word]! >>> shift) & 15) === least) table[word]! += 1 << shift;
      }
    }
    if (--this.untilAgeing === 0) this.age(entries);
  }

  private age(entries: number): void {
    const { table } = this;
    const at = this.ageing * wordsPerBlock;
    for (let word = at; word < at + wordsPerBlock; word++) table[word] = (table[word]! >>> 1) & 0x7777_7777;
    this.ageing = (this.ageing + 1) & (this.blocks - 1);
    this.untilAgeing = Math.max(1, Math.ceil((samplesPerEntry * entries) / this.blocks));
  }
}
