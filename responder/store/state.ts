// The parts of one store, and what all of its operations share: accounting, lookup, removal.
import {
  Columns,
  coldMsHighCounter,
  coldMsLow,
  coldNode,
  coldWords,
  hotHash,
  hotMeta,
  hotRef,
  hotValueBytes,
  hotWords,
  isOwn,
  keyBytesOf,
  maxKeyBytes,
  maxTypeBytes,
} from "./columns.ts";
import { Discards } from "./discards.ts";
import type { Eviction, EvictionDeps } from "./eviction/eviction.ts";
import { createLru } from "./eviction/lru.ts";
import { noEviction } from "./eviction/none.ts";
import { createTinyLfu } from "./eviction/tiny-lfu.ts";
import { createHash, type Hash } from "./hash.ts";
import { HashIndex } from "./index.ts";
import { accountedOwnBytes, OwnBuffers } from "./own-buffers.ts";
import { chunkHeaderBytes, Slab } from "./slab.ts";
import { absent, type EvictionPolicy, type Slot, type StoreOptions } from "./types.ts";
import { createVersionClock } from "./version.ts";
import { Wheel } from "./wheel.ts";

/** An entry of the least chunk still costs its columns and its cell: a store never holds more slots than that. */
const leastEntryBytes = 72;
/** Cells and columns of an entry, which come free with it. */
const fixedEntryBytes = 64;
/** The wheel's buckets and the objects of the parts. */
const fixedBytes = 16_384;
/** Below this a byte loop beats a native comparison. */
const longKeyBytes = 48;

const policies: Record<EvictionPolicy, (deps: EvictionDeps) => Eviction> = { TinyLFU: createTinyLfu, LRU: createLru, NoEviction: () => noEviction };

export type State = ReturnType<typeof createState>;

/** `hash` is given by tests, to make keys collide. */
export const createState = ({ maxBytes, evictionPolicy, hashSeed, now, node }: StoreOptions, hash: Hash = createHash(hashSeed)) => {
  const columns = new Columns(Math.ceil(maxBytes / leastEntryBytes));
  const index = new HashIndex();
  const discards = new Discards();
  const slab = new Slab(maxBytes);
  const own = new OwnBuffers();
  const wheel = new Wheel(columns, Math.floor(now()));
  const versions = createVersionClock(now);
  const weight = (slot: Slot): number => {
    const at = slot * hotWords;
    const chunk = slab.chunkBytes(columns.hot[at + hotRef]!) + fixedEntryBytes;
    return isOwn(columns.hot[at + hotMeta]!) ? chunk + accountedOwnBytes(columns.hot[at + hotValueBytes]!) : chunk;
  };
  const eviction = policies[evictionPolicy]({ columns, weight });
  const tableBytes = fixedBytes + slab.tableBytes;

  const usedBytes = (): number => slab.pages * slab.pageBytes + own.bytes + discards.bytes + index.bytes + columns.bytes + eviction.tableBytes + tableBytes;
  /** What a single value may take: the rest is there before any entry is. */
  const maxOwnBytes = maxBytes - usedBytes() - slab.pageBytes - 16_384;

  const isKey = (slot: Slot, key: Buffer, from: number, to: number): boolean => {
    const at = slot * hotWords;
    const length = to - from;
    if (keyBytesOf(columns.hot[at + hotMeta]!) !== length) return false;
    const ref = columns.hot[at + hotRef]!;
    const page = slab.page(ref);
    const start = slab.offset(ref);
    if (length > longKeyBytes) return page.compare(key, from, to, start, start + length) === 0;
    for (let i = 0; i < length; i++) if (page[start + i] !== key[from + i]) return false;
    return true;
  };

  /** The entry with this key, over or not. */
  const locate = (key: Buffer, from: number, to: number, hash: number): Slot => {
    let i = index.seek(hash);
    if (i < 0) return absent;
    const cells = index.table(hash);
    do {
      const slot = cells[i]! - 1;
      if (isKey(slot, key, from, to)) return slot;
      i += 2;
    } while (cells[i] !== 0 && cells[i + 1] === hash);
    return absent;
  };

  const isOver = (slot: Slot): boolean => {
    const at = columns.expiry[slot * 4 + 2]!;
    return at !== 0 && at <= now();
  };

  const setExpiry = (slot: Slot, expiresAt: number): void => {
    const before = columns.expiry[slot * 4 + 2]!;
    columns.expiry[slot * 4 + 2] = expiresAt;
    if (before === 0) {
      if (expiresAt !== 0) wheel.add(slot, expiresAt);
    } else if (expiresAt === 0) wheel.remove(slot);
    else wheel.change(slot, before, expiresAt);
  };

  const drawVersion = (slot: Slot): void => {
    versions.draw();
    const at = slot * coldWords;
    columns.cold[at + coldMsLow] = versions.ms | 0;
    columns.cold[at + coldMsHighCounter] = (Math.floor(versions.ms / 2 ** 32) << 16) | versions.counter;
    columns.cold[at + coldNode] = node;
  };

  const remove = (slot: Slot): void => {
    const at = slot * hotWords;
    eviction.removed(slot);
    index.remove(columns.hot[at + hotHash]!, slot);
    if (columns.expiry[slot * 4 + 2] !== 0) wheel.remove(slot);
    if (isOwn(columns.hot[at + hotMeta]!)) own.remove(slot);
    slab.free(columns.hot[at + hotRef]!);
    columns.give(slot);
  };

  const moved = (slot: Slot, ref: number): void => void (columns.hot[slot * hotWords + hotRef] = ref);

  return {
    columns,
    index,
    discards,
    slab,
    own,
    wheel,
    eviction,
    hash,
    now,
    limitBytes: maxBytes,
    maxOwnBytes,
    /** So that a chunk holds the longest key, content type and value that are not kept apart. */
    ownBufferBytes: Math.min(65_536, slab.maxChunkBytes - chunkHeaderBytes - maxKeyBytes - maxTypeBytes),
    usedBytes,
    weight,
    locate,
    isOver,
    setExpiry,
    drawVersion,
    remove,
    moved,
  };
};
