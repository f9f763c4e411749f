// Finds the entries whose time is over: a hierarchical timer wheel whose buckets are lists through the columns.
import { coldNext, coldPrev, coldWords, type Columns } from "./columns.ts";

const bitsPerLevel = 6;
const bucketsPerLevel = 64;
/** 64^8 ms: 48 bits, as far as versions reach. */
const levels = 8;
const spans = Array.from({ length: levels }, (_, level) => bucketsPerLevel ** level);
/** The levels whose digits are low bits of one 32-bit integer. */
const lowLevels = 5;
const lowSpan = bucketsPerLevel ** lowLevels;
const none = -1;
/** The first of a bucket points back at its bucket with -2 - bucket. */
const bucketMark = -2;

/** What a step came to, other than a slot that is due. */
export const moved = -1;
export const idle = -2;

/**
 * Varghese and Lauck, "Hashed and hierarchical timing wheels" (1987): level n has 64 buckets of 64^n ms. An entry lies at the level of the highest digit (base 64) in
 * which its time differs from the wheel's, and moves down when the wheel reaches its bucket. Bitmaps of the occupied buckets let the wheel jump over empty time.
 */
export class Wheel {
  /** Entries with an expiry. */
  count = 0;
  private readonly columns: Columns;
  private readonly heads = new Int32Array(levels * bucketsPerLevel).fill(none);
  /** Two words a level: buckets 0..31 and 32..63. */
  private readonly occupied = new Int32Array(levels * 2);
  /** All before this millisecond has been seen. */
  private time: number;
  /** A bucket whose entries are being moved down. */
  private draining = none;

  constructor(columns: Columns, now: number) {
    this.columns = columns;
    this.time = now;
  }

  private bucketFor(at: number): number {
    // what is over already is due at once
    const when = Math.min(Math.max(at, this.time), this.time + spans[levels - 1]! * (bucketsPerLevel - 1));
    const high = Math.floor(when / lowSpan);
    if (high === Math.floor(this.time / lowSpan)) {
      const low = when - high * lowSpan;
      const differing = 31 - Math.clz32(low ^ (this.time - high * lowSpan) | 1);
      const level = (differing / bitsPerLevel) | 0;
      return level * bucketsPerLevel + ((low >>> (level * bitsPerLevel)) & (bucketsPerLevel - 1));
    }
    let level = lowLevels;
    while (level < levels - 1 && Math.floor(when / spans[level + 1]!) !== Math.floor(this.time / spans[level + 1]!)) level++;
    return level * bucketsPerLevel + (Math.floor(when / spans[level]!) % bucketsPerLevel);
  }

  /** Changes the expiry of what was added. Costs no link when the bucket stays: an entry lies where `bucketFor` says, as long as its bucket has not come. */
  change(slot: number, from: number, to: number): void {
    const bucket = this.bucketFor(to);
    if (bucket === this.bucketFor(from)) return;
    this.remove(slot);
    this.link(slot, bucket);
  }

  add(slot: number, expiresAt: number): void {
    this.link(slot, this.bucketFor(expiresAt));
  }

  private link(slot: number, bucket: number): void {
    const { cold } = this.columns;
    const head = this.heads[bucket]!;
    cold[slot * coldWords + coldPrev] = bucketMark - bucket;
    cold[slot * coldWords + coldNext] = head;
    if (head === none) this.occupied[bucket >> 5]! |= 1 << (bucket & 31);
    else cold[head * coldWords + coldPrev] = slot;
    this.heads[bucket] = slot;
    this.count++;
  }

  /** Only what was added. */
  remove(slot: number): void {
    const { cold } = this.columns;
    const prev = cold[slot * coldWords + coldPrev]!;
    const next = cold[slot * coldWords + coldNext]!;
    if (next !== none) cold[next * coldWords + coldPrev] = prev;
    if (prev > bucketMark) cold[prev * coldWords + coldNext] = next;
    else {
      const bucket = bucketMark - prev;
      this.heads[bucket] = next;
      if (next === none) this.occupied[bucket >> 5]! &= ~(1 << (bucket & 31));
    }
    this.count--;
  }

  /** One step of work: a slot whose time is over (the caller removes it), `moved`, or `idle` when nothing is due by `now`. */
  step(now: number): number {
    if (this.draining !== none) return this.moveDown();
    if (this.count === 0) {
      if (now > this.time) this.time = now;
      return idle;
    }
    for (let level = 0; level < levels; level++) {
      const span = spans[level]!;
      const digit = Math.floor(this.time / span) % bucketsPerLevel;
      const found = this.nextOccupied(level, digit);
      if (found === none) continue;
      const start = Math.floor(this.time / (span * bucketsPerLevel)) * span * bucketsPerLevel + found * span;
      if (start > now) break;
      if (start > this.time) this.time = start;
      const bucket = level * bucketsPerLevel + found;
      if (level === 0) return this.heads[bucket]!;
      this.draining = bucket;
      return this.moveDown();
    }
    if (now > this.time) this.time = now;
    return idle;
  }

  private moveDown(): number {
    const slot = this.heads[this.draining]!;
    if (slot === none) {
      this.draining = none;
      return moved;
    }
    this.remove(slot);
    this.add(slot, this.columns.expiry[slot * 4 + 2]!);
    return moved;
  }

  /** The first occupied bucket of the level at or after the digit. Before it lies only the past: a time beyond the level's turn differs in a higher digit. */
  private nextOccupied(level: number, digit: number): number {
    const low = this.occupied[level * 2]!;
    const high = this.occupied[level * 2 + 1]!;
    const word = digit < 32 ? low & (-1 << digit) : 0;
    if (word !== 0) return 31 - Math.clz32(word & -word);
    const rest = digit < 32 ? high : high & (-1 << (digit - 32));
    return rest === 0 ? none : 63 - Math.clz32(rest & -rest);
  }

  clear(): void {
    this.heads.fill(none);
    this.occupied.fill(0);
    this.count = 0;
    this.draining = none;
  }
}
