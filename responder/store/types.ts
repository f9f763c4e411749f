// What the protocols see of the store: entries are read where they lie, by slot, so that a hit makes no object and no string.
import type { Digests } from "./digest.ts";
import type { Floors } from "./floors.ts";
import type { Range } from "./ranges.ts";
import type { Version } from "./version.ts";

/**
 * The place of a live entry; valid until the next call that writes, deletes, sweeps or clears. Never kept over a turn of the event loop.
 * Below 0: there is none.
 */
export type Slot = number;

export const absent: Slot = -1;

/** What a put came to. Negative: nothing was changed. */
export const putOutcome = {
  created: 1,
  replaced: 2,
  /** The entry could never fit. */
  tooLarge: -1,
  /** There is no room and the policy evicts nothing. */
  full: -2,
} as const;
export type PutOutcome = (typeof putOutcome)[keyof typeof putOutcome];

/** A value in a buffer of its own. It never changes; it stays readable, also after its entry has gone, until it is released. */
export interface BorrowedValue {
  readonly bytes: Buffer;
  /** Exactly once, when the last byte has left. */
  release(): void;
}

/** What a store tells of its changes, and asks before it forgets: who replicates it keeps one. Slots are as stable as a key's place in the store. */
export interface Journal {
  /** Written, deleted or given another expiry by a client of this pod. */
  changed(slot: Slot): void;
  /** A range of keys was deleted by a client of this pod. */
  rangeChanged(range: Range): void;
  /** Whether every peer is known to hold this record or a later one of its key: then it may go without a trace. */
  isKnown(slot: Slot, node: number, ms: number): boolean;
  /** A deletion that some peer may not know is forgotten. */
  forgotten(slot: Slot): void;
  /** The slot holds nothing any more. */
  freed(slot: Slot): void;
  /** No slot holds anything any more. */
  cleared(): void;
}

export interface StoreStats {
  readonly entries: number;
  /** Deletions that are remembered for peers, in `usedBytes` too. */
  readonly tombstones: number;
  /** Entries with an expiry. */
  readonly expiring: number;
  /** All that maxMemory bounds: pages, own buffers, index, columns, eviction's tables. */
  readonly usedBytes: number;
  readonly limitBytes: number;
  /** Since the start: evicted for bytes, and for maxEntries. */
  readonly evictedForMemory: number;
  /** Puts that found no room. */
  readonly refusedPuts: number;
  readonly evictedForEntries: number;
  /** Since the start: removed because their time was over, on a read or by a sweep. */
  readonly expirations: number;
}

export interface RangeWalk {
  /** Entries that went for it so far, by this walk or on the way of a sweep or a reader. */
  readonly removed: number;
  /** One part, a few entries. false: it has been everywhere. */
  step(): boolean;
}

/**
 * Keys are 1..512 bytes given as a range of a buffer, and compared as bytes. The store copies what it keeps.
 * `expiresAt` is in milliseconds since the epoch; 0: never.
 */
export interface Store {
  /** The live entry; counts as a use of it. An entry whose time is over is removed on the way. */
  find(key: Buffer, from: number, to: number): Slot;
  /** The live entry, without counting as a use. */
  peek(key: Buffer, from: number, to: number): Slot;

  keyBytes(slot: Slot): number;
  /** Copies the key to `target` at `at`; returns the end. */
  copyKey(slot: Slot, target: Buffer, at: number): number;
  valueBytes(slot: Slot): number;
  /** Copies `count` bytes of the value from `from` on (default: all); returns the end in `target`. */
  copyValue(slot: Slot, target: Buffer, at: number, from?: number, count?: number): number;
  /** The value itself, when it has a buffer of its own (large ones); undefined: copy it. */
  borrowValue(slot: Slot): BorrowedValue | undefined;
  /** undefined: none was given. */
  contentType(slot: Slot): string | undefined;
  expiresAt(slot: Slot): number;
  version(slot: Slot): Version;
  /** 12 bytes: milliseconds, counter and node, each big-endian. Returns the end. */
  copyVersion(slot: Slot, target: Buffer, at: number): number;
  /** 24 lower-case hex digits; returns the end. */
  writeVersion(slot: Slot, target: Buffer, at: number): number;

  /**
   * Writes with a new version. Evicts what it must; an entry that was acknowledged is readable at once.
   * A value made by `allocate` is adopted, not copied, when its whole range is given; do not touch it after.
   */
  put(key: Buffer, keyFrom: number, keyTo: number, value: Buffer, valueFrom: number, valueTo: number, expiresAt: number, contentType?: string): PutOutcome;
  /** The slot of the last successful put. */
  readonly written: Slot;
  /** Changes the expiry alone, under a new version. */
  expire(slot: Slot, expiresAt: number): void;
  /** Whether there was a live entry. */
  delete(key: Buffer, from: number, to: number): boolean;
  /** Removes everything; memory goes back. Returns how many entries were live or over. */
  clear(): number;
  /** Deletes all that begins with the prefix, at once for readers; the entries themselves go in the steps of the returned walk, or in sweeps. */
  deleteRange(prefix: Buffer): RangeWalk;

  /** A buffer off the JavaScript heap, its memory given back at `free` and not when V8 finds the time. For values above `ownBufferBytes`. Not counted until it is put. */
  allocate(bytes: number): Buffer;
  /** Only what was allocated and not put. */
  free(buffer: Buffer): void;
  /** Values above this many bytes have buffers of their own. */
  readonly ownBufferBytes: number;

  /**
   * One step over the keys in the order of their hashes, which is the same at every pod of a tenant and in every table size: calls `visit`
   * for each live entry of the next part (a few entries, with equal hashes never apart). Starts at 0; returns the next cursor, a uint32; 0: finished.
   * Every key that is present from the first step to the last is visited at least once. `visit` must not change the store.
   */
  scan(cursor: number, visit: (slot: Slot) => void): number;
  /** Does what waits (expiries that are due, table growth), at most `steps` small ones. Returns how many entries expired. */
  sweep(steps: number): number;
  stats(): StoreStats;
  /** Whole milliseconds since the epoch as the store counts them: what `expiresAt` is compared with. */
  now(): number;
  /** For who replicates the store; without a journal its parts are there and idle. */
  readonly replica: Replica;
}

/** What a record that came from a peer came to. */
export const mergeOutcome = {
  /** It is in the store now. */
  applied: 1,
  /** This version or a later one was here already. */
  stale: 0,
  /** Not held, and at or below a floor: it may have been deleted, or has made room once. */
  refused: -1,
  /** There is no room, and nothing may go for it. What was held before is gone, since it is older. */
  full: -2,
} as const;
export type MergeOutcome = (typeof mergeOutcome)[keyof typeof mergeOutcome];

/** A record of a peer: ranges of buffers, which the store copies. */
export interface RemoteRecord {
  key: Buffer;
  keyFrom: number;
  keyTo: number;
  ms: number;
  counter: number;
  node: number;
  /** "value", or what is left of one. */
  kind: RecordKind;
  /** Milliseconds since the epoch; 0: never. */
  expiresAt: number;
  contentType: string | undefined;
  value: Buffer;
  valueFrom: number;
  valueTo: number;
}

export type RecordKind = "value" | "deleted" | "evicted";

/** The store as a replica of others: records by slot, what was forgotten, and the merge. */
export interface Replica {
  readonly digests: Digests;
  readonly floors: Floors;
  readonly ranges: readonly Range[];
  /** Equal at two pods that know the same ranges. */
  readonly rangesHash: number;
  /** Where the last merge that was applied put its record; -1: nowhere. */
  readonly merged: Slot;
  /** One past the highest slot that was ever taken. */
  readonly slots: number;
  /** Writes, deletes and changes of expiry by clients of this pod since its start. */
  readonly changes: number;
  /** Milliseconds of the latest version drawn or seen. */
  readonly latestMs: number;
  /** undefined: the slot holds nothing that a peer should know. An entry whose time is over is as good as deleted. */
  kind(slot: Slot): RecordKind | undefined;
  hash(slot: Slot): number;
  /** 0: as good as sure to be used again, 3: about to go. */
  rank(slot: Slot): number;
  /** The slot with this key, whatever it holds; -1: none. */
  locate(key: Buffer, from: number, to: number): Slot;
  /** Calls for every record of the bucket, over or not. `visit` must not change the store. */
  visitBucket(bucket: number, visit: (slot: Slot) => void): void;
  merge(record: RemoteRecord): MergeOutcome;
  /** false: it was known. */
  mergeRange(prefix: Buffer, version: Version): boolean;
  /** A peer has forgotten deletions up to this millisecond of versions, and this entry may be one of them. It does not come back by way of another peer. */
  dropZombie(slot: Slot, floorMs: number): void;
  /** Until `settle`, what makes room is not remembered: nobody reads here yet, and what is refused now would be missed later. */
  readonly warming: boolean;
  settle(): void;
  /** Another peer draws with the same node id. */
  setNode(node: number): void;
}

export type EvictionPolicy = "TinyLFU" | "LRU" | "NoEviction";

export interface StoreOptions {
  readonly maxBytes: number;
  /** Absent: only bytes bound the store. */
  readonly maxEntries?: number | undefined;
  readonly evictionPolicy: EvictionPolicy;
  /** 8 bytes, the same at every pod of a tenant, and secret: who knows them can choose keys that collide. */
  readonly hashSeed: Buffer;
  readonly now: () => number;
  /** Of this process, in every version that it draws. */
  readonly node: number;
  /** An entry makes room: milliseconds since it was written, and whether anybody has read it here since. */
  readonly onEvicted?: (ageMs: number, wasRead: boolean) => void;
  /** Absent: nobody replicates the store, and what is deleted is gone. */
  readonly replication?: {
    readonly journal: Journal;
    /** Milliseconds that deletions are remembered. */
    readonly retentionMs: number;
    /** It will be filled from a peer first. */
    readonly warming: boolean;
  };
}
