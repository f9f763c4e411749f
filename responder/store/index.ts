// Finds slots by hash: a table kept in the order of the hashes, so that it can grow bit by bit and be walked by hash.

import type { Discards } from "./discards.ts";
import type { Growable } from "./eviction/eviction.ts";

/** Cells of 8 bytes (slot + 1, hash) with linear probing. 0.8 full it takes 10 bytes an entry, and a miss reads one or two cache lines. */
const growAt = 0.8;
/** Beyond this runs of cells get long (a write moves some 50 cells): the table grows now, whatever must go for it. */
const fullAt = 0.9;
const growBy = 1.25;
/** A table emptier than this is worth a smaller one. */
const shrinkAt = 0.25;
const leastCells = 1024;
const wordsPerCell = 2;
/** Hashes are signed 32-bit integers; a cursor is the same number from 0 on. */
const leastHash = -(2 ** 31);
const beyond = 2 ** 31;
/** How far one step of a scan goes, in entries and in cells. */
const scanEntries = 8;
const scanCells = 512;

/** Room behind the last home for runs that begin near it; far longer than any run of a good hash at `fullAt`. */
const slackOf = (cells: number) => Math.min(1024, Math.ceil(cells / 4));

/** The first cell where a hash may lie. Rises with the hash, whatever the size. */
const home = (hash: number, scale: number): number => ((hash - leastHash) * scale) | 0;

/** The least hash whose home is `cell` or later. */
const firstHashAt = (cell: number, scale: number): number => {
  let hash = Math.ceil(cell / scale) + leastHash;
  while (home(hash, scale) < cell) hash++;
  while (hash > leastHash && home(hash - 1, scale) >= cell) hash--;
  return hash;
};

/**
 * Linear probing in hash order (Amble and Knuth, "Ordered hash tables", 1974), backward-shift deletion, no tombstones. Nothing wraps around: a table ends in
 * slack cells, and a run that outgrows them (a hash that was chosen by somebody) rebuilds the table with room for all.
 *
 * While it grows there are two tables: hashes below `boundary` lie in the new one, all others in the old one, from `oldFloor` on. Each lookup reads one of them.
 */
export class HashIndex implements Growable {
  count = 0;
  bytes = 0;
  private readonly least: number;
  private cells!: Int32Array;
  private size = 0;
  private scale = 0;
  private boundary = beyond;
  private old: Int32Array;
  private oldScale = 0;
  private oldFloor = 0;
  private readonly none = new Int32Array(wordsPerCell);

  /** Never smaller than `least` cells. */
  constructor(least = leastCells) {
    this.least = least;
    this.old = this.none;
    this.start(least, slackOf(least));
  }

  private start(size: number, slack: number): void {
    this.size = size;
    this.scale = size / 2 ** 32;
    // the last cell stays empty: probing ends there
    this.cells = new Int32Array((size + slack + 1) * wordsPerCell);
    this.bytes += this.cells.byteLength;
  }

  get growing(): boolean {
    return this.old !== this.none;
  }

  /** No insert before the table has grown, or an entry has gone. */
  get isPressing(): boolean {
    return !this.growing && this.count >= this.size * fullAt;
  }

  private get wantedSize(): number {
    if (this.growing) return 0;
    if (this.count >= this.size * growAt) return Math.ceil(this.size * growBy);
    if (this.size > this.least && this.count < this.size * shrinkAt) return Math.max(this.least, Math.ceil(this.count / 0.5));
    return 0;
  }

  /** Bytes of the table that should follow this one, larger or smaller; 0: this one is right. */
  get wantedBytes(): number {
    const size = this.wantedSize;
    return size === 0 ? 0 : (size + slackOf(size) + 1) * wordsPerCell * 4;
  }

  /** Begins to move to the table that is wanted, which may be a smaller one. */
  grow(): void {
    const size = this.wantedSize;
    if (size === 0) return;
    this.old = this.cells;
    this.oldScale = this.scale;
    this.oldFloor = 0;
    this.boundary = leastHash;
    this.start(size, slackOf(size));
  }

  /** The table in which this hash lies, for `seek`. */
  table(hash: number): Int32Array {
    return hash < this.boundary ? this.cells : this.old;
  }

  private first(hash: number): number {
    if (hash < this.boundary) return home(hash, this.scale) * wordsPerCell;
    const cell = home(hash, this.oldScale);
    return (cell < this.oldFloor ? this.oldFloor : cell) * wordsPerCell;
  }

  /** Where the first entry with this hash lies in `table(hash)`, the others follow it in steps of 2 words; -1: there is none. The word there is slot + 1, the next one the hash. */
  seek(hash: number): number {
    const cells = hash < this.boundary ? this.cells : this.old;
    for (let i = this.first(hash); cells[i] !== 0; i += wordsPerCell) {
      const found = cells[i + 1]!;
      if (found >= hash) return found === hash ? i : -1;
    }
    return -1;
  }

  insert(hash: number, slot: number): void {
    this.count++;
    if (!this.place(this.table(hash), this.first(hash), hash, slot)) this.rebuild(hash, slot);
  }

  /** false: the run has reached the end of the table. */
  private place(cells: Int32Array, first: number, hash: number, slot: number): boolean {
    let i = first;
    while (cells[i] !== 0 && cells[i + 1]! <= hash) i += wordsPerCell;
    let end = i;
    while (cells[end] !== 0) end += wordsPerCell;
    if (end === cells.length - wordsPerCell) return false;
    for (; end > i; end -= wordsPerCell) {
      cells[end] = cells[end - 2]!;
      cells[end + 1] = cells[end - 1]!;
    }
    cells[i] = slot + 1;
    cells[i + 1] = hash;
    return true;
  }

  remove(hash: number, slot: number): void {
    const cells = this.table(hash);
    let i = this.seek(hash);
    while (cells[i] !== slot + 1) i += wordsPerCell;
    // what lies behind its home moves up by one
    for (let next = i + wordsPerCell; cells[next] !== 0 && this.firstIn(cells, cells[next + 1]!) < next; i = next, next += wordsPerCell) {
      cells[i] = cells[next]!;
      cells[i + 1] = cells[next + 1]!;
    }
    cells[i] = 0;
    this.count--;
  }

  private firstIn(cells: Int32Array, hash: number): number {
    if (cells === this.cells) return home(hash, this.scale) * wordsPerCell;
    const cell = home(hash, this.oldScale);
    return (cell < this.oldFloor ? this.oldFloor : cell) * wordsPerCell;
  }

  /** Moves the entries of the next `count` cells to the new table, those of one hash together. */
  migrate(count: number): void {
    const old = this.old;
    const last = old.length / wordsPerCell - 1;
    let cell = this.oldFloor;
    for (const stop = Math.min(last, cell + count); cell < stop; cell++) {
      let i = cell * wordsPerCell;
      if (old[i] === 0) continue;
      const hash = old[i + 1]!;
      for (; old[i] !== 0 && old[i + 1] === hash; i += wordsPerCell) {
        if (!this.place(this.cells, home(hash, this.scale) * wordsPerCell, hash, old[i]! - 1)) {
          // these cells are still in the old table for the rebuild; the ones of this hash that were moved are not below the boundary
          this.oldFloor = cell;
          this.rebuild();
          return;
        }
      }
      this.boundary = hash + 1;
      cell = i / wordsPerCell - 1;
    }
    this.oldFloor = cell;
    if (cell >= last) this.finish();
  }

  private finish(): void {
    this.drop(this.old);
    this.old = this.none;
    this.boundary = beyond;
  }

  private drop(cells: Int32Array): void {
    if (cells === this.none) return;
    this.bytes -= cells.byteLength;
    (cells.buffer as ArrayBuffer).transfer(0);
  }

  /** All entries into one new table that can hold them wherever their hashes lie. Long, and only needed when hashes are not what they should be. */
  private rebuild(extraHash?: number, extraSlot = 0): void {
    const [cells, old, boundary, floor] = [this.cells, this.old, this.boundary, this.oldFloor];
    const size = Math.max(this.least, Math.ceil(this.count / 0.5));
    this.start(size, this.count + this.least);
    const add = (hash: number, slot: number) => void this.place(this.cells, home(hash, this.scale) * wordsPerCell, hash, slot);
    for (let i = 0; i < cells.length; i += wordsPerCell) if (cells[i] !== 0 && cells[i + 1]! < boundary) add(cells[i + 1]!, cells[i]! - 1);
    for (let i = floor * wordsPerCell; i < old.length; i += wordsPerCell) if (old[i] !== 0) add(old[i + 1]!, old[i]! - 1);
    if (extraHash !== undefined) add(extraHash, extraSlot);
    this.drop(cells);
    this.drop(old);
    this.old = this.none;
    this.boundary = beyond;
  }

  /** One step in the order of the hashes, from the cursor on; see Store.scan. */
  scan(cursor: number, visit: (slot: number) => void): number {
    const from = cursor + leastHash;
    const cells = this.table(from);
    const isNew = from < this.boundary;
    const scale = cells === this.cells ? this.scale : this.oldScale;
    const begin = this.first(from);
    const end = Math.min(cells.length, begin + scanCells * wordsPerCell);
    let visited = 0;
    let i = begin;
    for (let hash = from; i < end || (cells[i] ?? 0) !== 0; i += wordsPerCell) {
      if (cells[i] === 0) continue;
      const found = cells[i + 1]!;
      if (found < from) continue;
      // equal hashes are never apart
      if (visited >= scanEntries && found !== hash) return found - leastHash;
      hash = found;
      visit(cells[i]! - 1);
      visited++;
    }
    if (i >= cells.length) return isNew && this.boundary !== beyond ? this.boundary - leastHash : 0;
    const next = firstHashAt(i / wordsPerCell, scale);
    if (isNew && next >= this.boundary) return this.boundary === beyond ? 0 : this.boundary - leastHash;
    return next >= beyond ? 0 : next - leastHash;
  }

  clear(discards: Discards): void {
    discards.add(this.cells.buffer as ArrayBuffer, this.cells.byteLength);
    if (this.growing) discards.add(this.old.buffer as ArrayBuffer, this.old.byteLength);
    this.bytes = 0;
    this.old = this.none;
    this.boundary = beyond;
    this.count = 0;
    this.start(this.least, slackOf(this.least));
  }

  /** Every cell in use, for tests: slot, hash, and whether probing for the hash comes by. */
  *entries(): Generator<{ slot: number; hash: number }> {
    for (const cells of [this.cells, this.old]) {
      const begin = cells === this.old && this.growing ? this.oldFloor * wordsPerCell : 0;
      for (let i = begin; i < cells.length; i += wordsPerCell) if (cells[i] !== 0) yield { slot: cells[i]! - 1, hash: cells[i + 1]! };
    }
  }
}
