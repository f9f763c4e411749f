// Chunks of bytes in pages off the JavaScript heap: one size class a page, and pages can be emptied and given back.

/**
 * Where a chunk lies: page in the upper 16 bits, offset in units in the lower 16. A chunk begins with 4 bytes that name its owner (slot + 1; 0: the chunk is free),
 * so that it can be moved.
 */
export type Ref = number;
export const chunkHeaderBytes = 4;

/** malloc's own bytes: with them a page fills whole pages of memory. */
const pageReserve = 64;
const leastChunkBytes = 16;
const poolClass = 255;
const none = -1;

/** A power of two that gives a store some hundred pages; at most 65,536 of them, and a chunk is at most a quarter of one. */
export const pageBytesFor = (maxBytes: number): number => {
  let bytes = 16_384;
  while (bytes < 262_144 && bytes * 256 < maxBytes) bytes *= 2;
  while (bytes * 65_536 < maxBytes && bytes < 1_048_576) bytes *= 2;
  return bytes;
};

/** Multiples of the unit in steps of an eighth; the large ones divide a page evenly. */
const chunkSizes = (usable: number, unit: number): number[] => {
  const sizes: number[] = [];
  const aligned = (n: number) => Math.floor(n / unit) * unit;
  for (let size = leastChunkBytes; size * 16 < usable; size = Math.max(size + unit, aligned(size * 1.125))) sizes.push(size);
  for (let parts = 16; parts >= 4; parts--) sizes.push(aligned(usable / parts));
  return sizes;
};

export class Slab {
  readonly pageBytes: number;
  /** The largest chunk. */
  readonly maxChunkBytes: number;
  /** Chunk sizes by class, ascending. */
  readonly sizes: readonly number[];
  /** Pages that are held, with those of the pool. */
  pages = 0;
  /** Pages of no class, to be used again or released. */
  pooled = 0;
  /** By page: the bytes, and the same as words. */
  readonly bytes: Buffer[] = [];
  private readonly words: Int32Array[] = [];
  private readonly usable: number;
  private readonly unitShift: number;
  private readonly perPage: readonly number[];
  /** By size in units, rounded up. */
  private readonly classBySize: Uint8Array;
  private readonly freeChunks: Int32Array;
  /** By class: a page that has free chunks, chained by before and after. */
  private readonly partial: Int32Array;
  private readonly classOf: Uint8Array;
  private readonly live: Int32Array;
  /** By page: the first free chunk, as an offset in units; the next one's is in its second word. */
  private readonly freeHead: Int32Array;
  /** By page: chunks from this offset on were never used. */
  private readonly bump: Int32Array;
  private readonly before: Int32Array;
  private readonly after: Int32Array;
  private readonly pool: number[] = [];
  private readonly vacant: number[] = [];
  /** Classes with so many free chunks that a page of them can be emptied. */
  private spareClasses = 0;
  private readonly empty = Buffer.alloc(0);
  private readonly emptyWords = new Int32Array(0);

  constructor(maxBytes: number) {
    this.pageBytes = pageBytesFor(maxBytes);
    this.usable = this.pageBytes - pageReserve;
    this.unitShift = this.pageBytes > 524_288 ? 4 : 3;
    this.sizes = chunkSizes(this.usable, 1 << this.unitShift);
    this.maxChunkBytes = this.sizes.at(-1) ?? 0;
    this.perPage = this.sizes.map((size) => Math.floor(this.usable / size));
    this.classBySize = new Uint8Array((this.maxChunkBytes >> this.unitShift) + 1);
    for (let size = 0, c = 0; size < this.classBySize.length; size++) {
      while (this.sizes[c]! < size << this.unitShift) c++;
      this.classBySize[size] = c;
    }
    this.freeChunks = new Int32Array(this.sizes.length);
    this.partial = new Int32Array(this.sizes.length).fill(none);
    const maxPages = Math.min(65_536, Math.ceil(maxBytes / this.pageBytes) + 1);
    this.classOf = new Uint8Array(maxPages);
    this.live = new Int32Array(maxPages);
    this.freeHead = new Int32Array(maxPages);
    this.bump = new Int32Array(maxPages);
    this.before = new Int32Array(maxPages);
    this.after = new Int32Array(maxPages);
  }

  get tableBytes(): number {
    return this.classOf.length * 21 + this.classBySize.length;
  }

  /** The class whose chunks hold this many bytes, header included. */
  classFor(bytes: number): number {
    return this.classBySize[(bytes + (1 << this.unitShift) - 1) >> this.unitShift]!;
  }

  classAt(ref: Ref): number {
    return this.classOf[ref >>> 16]!;
  }

  /** The size of the chunk. */
  chunkBytes(ref: Ref): number {
    return this.sizes[this.classOf[ref >>> 16]!]!;
  }

  page(ref: Ref): Buffer {
    return this.bytes[ref >>> 16]!;
  }

  /** Where the chunk's content begins in its page. */
  offset(ref: Ref): number {
    return ((ref & 0xffff) << this.unitShift) + chunkHeaderBytes;
  }

  owner(ref: Ref): number {
    return this.words[ref >>> 16]![((ref & 0xffff) << this.unitShift) >> 2]! - 1;
  }

  hasFree(c: number): boolean {
    return this.freeChunks[c]! > 0;
  }

  /** Only of a class that has a free chunk. */
  take(c: number, slot: number): Ref {
    const page = this.partial[c]!;
    const words = this.words[page]!;
    let unit = this.freeHead[page]!;
    if (unit !== none) {
      this.freeHead[page] = words[((unit << this.unitShift) >> 2) + 1]!;
    } else {
      unit = this.bump[page]! >> this.unitShift;
      this.bump[page] = this.bump[page]! + this.sizes[c]!;
    }
    words[(unit << this.unitShift) >> 2] = slot + 1;
    const live = this.live[page]! + 1;
    this.live[page] = live;
    if (live === this.perPage[c]) this.unlink(c, page);
    if (this.freeChunks[c]!-- === this.perPage[c]) this.spareClasses--;
    return (page << 16) | unit;
  }

  free(ref: Ref): void {
    const page = ref >>> 16;
    const unit = ref & 0xffff;
    const c = this.classOf[page]!;
    const words = this.words[page]!;
    const at = (unit << this.unitShift) >> 2;
    words[at] = 0;
    words[at + 1] = this.freeHead[page]!;
    this.freeHead[page] = unit;
    const perPage = this.perPage[c]!;
    if (this.live[page]!-- === perPage) this.link(c, page);
    if (++this.freeChunks[c]! === perPage) this.spareClasses++;
    if (this.live[page] === 0) this.toPool(c, page);
  }

  private link(c: number, page: number): void {
    const next = this.partial[c]!;
    this.before[page] = none;
    this.after[page] = next;
    if (next !== none) this.before[next] = page;
    this.partial[c] = page;
  }

  private unlink(c: number, page: number): void {
    const before = this.before[page]!;
    const after = this.after[page]!;
    if (before === none) this.partial[c] = after;
    else this.after[before] = after;
    if (after !== none) this.before[after] = before;
  }

  /** The page has no live chunk left. */
  private toPool(c: number, page: number): void {
    this.unlink(c, page);
    const perPage = this.perPage[c]!;
    if (this.freeChunks[c]! >= perPage && this.freeChunks[c]! - perPage < perPage) this.spareClasses--;
    this.freeChunks[c]! -= perPage;
    this.classOf[page] = poolClass;
    this.pool.push(page);
    this.pooled++;
  }

  /** Gives the class a page, of the pool or new. */
  addPage(c: number): void {
    let page = this.pool.pop();
    if (page !== undefined) this.pooled--;
    else {
      page = this.vacant.pop() ?? this.bytes.length;
      const memory = new ArrayBuffer(this.usable);
      this.bytes[page] = Buffer.from(memory);
      this.words[page] = new Int32Array(memory);
      this.pages++;
    }
    this.classOf[page] = c;
    this.live[page] = 0;
    this.freeHead[page] = none;
    this.bump[page] = 0;
    this.link(c, page);
    const perPage = this.perPage[c]!;
    const before = this.freeChunks[c]!;
    this.freeChunks[c] = before + perPage;
    if (before < perPage) this.spareClasses++;
  }

  /** Gives the memory of a page of the pool back. */
  release(): boolean {
    const page = this.pool.pop();
    if (page === undefined) return false;
    (this.bytes[page]!.buffer as ArrayBuffer).transfer(0);
    this.bytes[page] = this.empty;
    this.words[page] = this.emptyWords;
    this.vacant.push(page);
    this.pooled--;
    this.pages--;
    return true;
  }

  /**
   * Moves the live chunks of the emptiest page of a class into its other pages, where that class has a page's worth of free chunks; the page goes to the pool.
   * Calls `moved` for each. At most as many moves as a page has chunks. false: no class has so many.
   */
  compact(moved: (slot: number, ref: Ref) => void): boolean {
    if (this.spareClasses === 0) return false;
    const c = this.freeChunks.findIndex((free, c) => free >= this.perPage[c]!);
    const page = this.emptiest(c);
    // out of the list, so that its chunks are not given to each other
    this.unlink(c, page);
    const [bytes, words, size] = [this.bytes[page]!, this.words[page]!, this.sizes[c]!];
    for (let at = 0; at < this.bump[page]!; at += size) {
      const slot = words[at >> 2]! - 1;
      if (slot < 0) continue;
      const ref = this.take(c, slot);
      bytes.copy(this.page(ref), this.offset(ref), at + chunkHeaderBytes, at + size);
      this.freeChunks[c]!++;
      moved(slot, ref);
    }
    this.live[page] = 0;
    this.link(c, page);
    this.settleSpare(c, page);
    return true;
  }

  /** `take` counted the moved chunks as taken although as many came free on the page: put the counts right and pool the page. */
  private settleSpare(c: number, page: number): void {
    this.spareClasses = 0;
    this.toPool(c, page);
    this.spareClasses = 0;
    for (let i = 0; i < this.sizes.length; i++) if (this.freeChunks[i]! >= this.perPage[i]!) this.spareClasses++;
  }

  private emptiest(c: number): number {
    let best = this.partial[c]!;
    for (let page = best; page !== none; page = this.after[page]!) if (this.live[page]! < this.live[best]!) best = page;
    return best;
  }

  /** All pages go to the pool. */
  clear(): void {
    this.pool.length = 0;
    for (let page = this.bytes.length - 1; page >= 0; page--) {
      this.live[page] = 0;
      this.classOf[page] = poolClass;
      if (this.bytes[page] !== this.empty) this.pool.push(page);
    }
    this.pooled = this.pool.length;
    this.freeChunks.fill(0);
    this.partial.fill(none);
    this.spareClasses = 0;
  }
}
