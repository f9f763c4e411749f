// The fixed fields of every entry, in typed arrays by slot: 52 bytes an entry and no object.

import type { Discards } from "./discards.ts";

/** What every access reads: 32 bytes a slot, so two slots share a cache line and none lies on two. */
export const hotWords = 8;
export const hotHash = 0;
/** Where the chunk lies; the slab's business. */
export const hotRef = 1;
export const hotMeta = 2;
export const hotValueBytes = 3;
// words 4 and 5 are the expiry, read through `expiry`
/** Neighbours in the list of eviction; `hotNext` also chains free slots. */
export const hotPrev = 6;
export const hotNext = 7;

/** What writes and conditional reads need: 20 bytes a slot. */
export const coldWords = 5;
export const coldMsLow = 0;
/** Upper 16 bits: the milliseconds' upper bits; lower 16: the counter. */
export const coldMsHighCounter = 1;
export const coldNode = 2;
/** Neighbours in a bucket of the expiry wheel. */
export const coldPrev = 3;
export const coldNext = 4;

/** hotMeta, from the low end: 9 bits key length less one, 8 bits content type length, 2 bits segment of eviction, own buffer, taken, used, dead, evicted, expired, read. */
export const maxKeyBytes = 512;
export const maxTypeBytes = 255;
export const typeShift = 9;
export const segmentShift = 17;
export const segmentMask = 3 << segmentShift;
export const ownFlag = 1 << 19;
const liveFlag = 1 << 20;
/** Used since eviction last came by; the policy's own. */
export const usedFlag = 1 << 21;
/** No entry any more: the slot remembers the version that a key had when it went, for peers that may not know. */
export const deadFlag = 1 << 22;
/** Of a dead one: it made room here, and nobody deleted it. */
export const evictedFlag = 1 << 23;
/** Of a dead one: its time was over, and nobody deleted it. */
export const expiredFlag = 1 << 24;
/** Somebody has read it since it was written. */
export const readFlag = 1 << 25;

export const packMeta = (keyBytes: number, typeBytes: number, own: boolean): number => (keyBytes - 1) | (typeBytes << typeShift) | (own ? ownFlag : 0) | liveFlag;
export const keyBytesOf = (meta: number): number => (meta & 0x1ff) + 1;
export const typeBytesOf = (meta: number): number => (meta >>> typeShift) & 0xff;
export const isOwn = (meta: number): boolean => (meta & ownFlag) !== 0;
/** Taken, by an entry or by a dead one. */
export const isLive = (meta: number): boolean => (meta & liveFlag) !== 0;
export const isDead = (meta: number): boolean => (meta & deadFlag) !== 0;
export const isEvicted = (meta: number): boolean => (meta & evictedFlag) !== 0;

export const maxSlots = 2 ** 26;
/** A large buffer starts 16 bytes into a page of memory (malloc's header): from here on cache lines are whole. */
const cacheLineStart = 48;
const pageOf = (bytes: number) => (bytes + 4095) & -4096;

/** Reserves address space for `capacity` slots; memory is used only up to the highest slot that was ever taken. Freed slots come back last in, first out. */
export class Columns {
  readonly capacity: number;
  hot!: Int32Array;
  cold!: Int32Array;
  /** Milliseconds since the epoch, 0: never; at `slot * 4 + 2`, over words 4 and 5 of `hot`. */
  expiry!: Float64Array;
  /** Slots in use. */
  count = 0;
  /** No slot from here on was ever taken. */
  high = 0;
  private free = -1;

  constructor(capacity: number) {
    this.capacity = Math.min(capacity, maxSlots);
    this.reserve();
  }

  private reserve(): void {
    const hot = new ArrayBuffer(cacheLineStart + this.capacity * hotWords * 4);
    this.hot = new Int32Array(hot, cacheLineStart);
    this.expiry = new Float64Array(hot, cacheLineStart);
    this.cold = new Int32Array(this.capacity * coldWords);
  }

  /** Bytes of memory that were ever touched. */
  get bytes(): number {
    return pageOf(this.high * hotWords * 4) + pageOf(this.high * coldWords * 4);
  }

  /** What the next take adds to `bytes`. */
  get nextBytes(): number {
    if (this.free >= 0) return 0;
    const high = this.high + 1;
    return pageOf(high * hotWords * 4) + pageOf(high * coldWords * 4) - this.bytes;
  }

  /** -1: all are taken. */
  take(): number {
    const slot = this.free;
    if (slot >= 0) this.free = this.hot[slot * hotWords + hotNext]!;
    else if (this.high === this.capacity) return -1;
    this.count++;
    return slot >= 0 ? slot : this.high++;
  }

  give(slot: number): void {
    this.hot[slot * hotWords + hotMeta] = 0;
    this.hot[slot * hotWords + hotNext] = this.free;
    this.free = slot;
    this.count--;
  }

  /** Gives all slots back. */
  clear(discards: Discards): void {
    discards.add(this.hot.buffer as ArrayBuffer, pageOf(this.high * hotWords * 4));
    discards.add(this.cold.buffer as ArrayBuffer, pageOf(this.high * coldWords * 4));
    this.reserve();
    this.count = 0;
    this.high = 0;
    this.free = -1;
  }
}
