// The parts of one store, and what all of its operations share: accounting, lookup, removal.
import {
  Columns,
  coldMsHighCounter,
  coldMsLow,
  coldNode,
  coldWords,
  hotHash,
  hotMeta,
  isDead,
  hotRef,
  hotValueBytes,
  hotWords,
  isOwn,
  keyBytesOf,
  maxKeyBytes,
  maxTypeBytes,
} from "./columns.ts";
import { Digests } from "./digest.ts";
import { Discards } from "./discards.ts";
import type { Eviction, EvictionDeps } from "./eviction/eviction.ts";
import { createLru } from "./eviction/lru.ts";
import { noEviction } from "./eviction/none.ts";
import { createTinyLfu } from "./eviction/tiny-lfu.ts";
import { Floors } from "./floors.ts";
import { createHash, type Hash } from "./hash.ts";
import { HashIndex } from "./index.ts";
import { accountedOwnBytes, OwnBuffers } from "./own-buffers.ts";
import { Ranges, type Range } from "./ranges.ts";
import { chunkHeaderBytes, Slab } from "./slab.ts";
import { createTombstones } from "./tombstones.ts";
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
export const createState = ({ maxBytes, evictionPolicy, hashSeed, now, node, replication }: StoreOptions, hash: Hash = createHash(hashSeed)) => {
  const columns = new Columns(Math.ceil(maxBytes / leastEntryBytes));
  const index = new HashIndex();
  const discards = new Discards();
  const slab = new Slab(maxBytes);
  const own = new OwnBuffers();
  const wheel = new Wheel(columns, Math.floor(now()));
  const versions = createVersionClock(now);
  const ownNode = { id: node | 0 };
  const journal = replication?.journal;
  const digests = new Digests();
  const floors = new Floors();
  const ranges = new Ranges();
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

  const isExpired = (slot: Slot): boolean => {
    const at = columns.expiry[slot * 4 + 2]!;
    return at !== 0 && at <= now();
  };

  /** A prefix was deleted after it was written, and nobody has come by since. */
  const coveredBy = (slot: Slot): Range | undefined => {
    if (ranges.unswept.length === 0) return undefined;
    const at = slot * hotWords;
    const ref = columns.hot[at + hotRef]!;
    const from = slab.offset(ref);
    const cold = slot * coldWords;
    return ranges.covering(ranges.unswept, slab.page(ref), from, from + keyBytesOf(columns.hot[at + hotMeta]!), versionMs(cold), columns.cold[cold + coldMsHighCounter]! & 0xffff, columns.cold[cold + coldNode]! >>> 0);
  };

  const isCovered = (slot: Slot): boolean => coveredBy(slot) !== undefined;

  /** Of an entry, not of a tombstone: it may no longer be read. */
  const isOver = (slot: Slot): boolean => isExpired(slot) || isCovered(slot);

  const versionMs = (cold: number): number => (columns.cold[cold + coldMsHighCounter]! >>> 16) * 2 ** 32 + (columns.cold[cold + coldMsLow]! >>> 0);

  const setExpiry = (slot: Slot, expiresAt: number): void => {
    const before = columns.expiry[slot * 4 + 2]!;
    columns.expiry[slot * 4 + 2] = expiresAt;
    if (before === 0) {
      if (expiresAt !== 0) wheel.add(slot, expiresAt);
    } else if (expiresAt === 0) wheel.remove(slot);
    else wheel.change(slot, before, expiresAt);
  };

  /** Takes the record's version out of its bucket's digest, or puts it in. A slot without a version is in none. */
  const digest = (slot: Slot): void => {
    const at = slot * coldWords;
    const low = columns.cold[at + coldMsLow]!;
    const mixed = columns.cold[at + coldMsHighCounter]!;
    if ((low | mixed) !== 0) digests.toggle(columns.hot[slot * hotWords + hotHash]!, low, mixed, columns.cold[at + coldNode]!);
  };

  const setVersion = (slot: Slot, ms: number, counter: number, node: number): void => {
    if (journal) digest(slot);
    const at = slot * coldWords;
    columns.cold[at + coldMsLow] = ms | 0;
    columns.cold[at + coldMsHighCounter] = (Math.floor(ms / 2 ** 32) << 16) | counter;
    columns.cold[at + coldNode] = node;
    if (journal) digest(slot);
  };

  const drawVersion = (slot: Slot): void => {
    versions.draw();
    setVersion(slot, versions.ms, versions.counter, ownNode.id);
  };

  const remove = (slot: Slot): void => {
    const at = slot * hotWords;
    const meta = columns.hot[at + hotMeta]!;
    if (isDead(meta)) tombstones?.removed(slot);
    else eviction.removed(slot);
    index.remove(columns.hot[at + hotHash]!, slot);
    if (columns.expiry[slot * 4 + 2] !== 0) wheel.remove(slot);
    if (isOwn(meta)) own.remove(slot);
    slab.free(columns.hot[at + hotRef]!);
    if (journal) {
      digest(slot);
      journal.freed(slot);
    }
    columns.give(slot);
  };

  const moved = (slot: Slot, ref: number): void => void (columns.hot[slot * hotWords + hotRef] = ref);

  const tombstones =
    replication && createTombstones({ columns, slab, own, eviction, floors, now, limitBytes: maxBytes, usedBytes, weight, setExpiry, remove }, replication.journal, replication.retentionMs);
  /** Peers know of the record, or nobody has to. */
  const mayForget = (slot: Slot): boolean => journal === undefined || journal.isKnown(slot, columns.cold[slot * coldWords + coldNode]! >>> 0, versionMs(slot * coldWords));

  return {
    journal,
    digests,
    floors,
    ranges,
    tombstones,
    versions,
    ownNode,
    /** See Replica.warming. */
    warming: { is: replication?.warming ?? false },
    retentionMs: replication?.retentionMs ?? 0,
    isExpired,
    isCovered,
    coveredBy,
    setVersion,
    versionMs: (slot: Slot): number => versionMs(slot * coldWords),
    mayForget,
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
