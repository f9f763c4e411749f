// The cache of one pod: bytes by key, bounded in memory, without an object per entry. See docs/store.md.
import { coldMsHighCounter, coldMsLow, coldWords, hotHash, hotMeta, hotRef, hotValueBytes, hotWords, isDead, isOwn, maxKeyBytes, maxTypeBytes, packMeta, readFlag, segmentMask } from "./columns.ts";
import { bucketOf } from "./digest.ts";
import { createEntryReader } from "./entry.ts";
import { accountedOwnBytes } from "./own-buffers.ts";
import { createRangeWalk } from "./range-walk.ts";
import { createReplica } from "./replica.ts";
import { createRoom, noChunk } from "./room.ts";
import { chunkHeaderBytes } from "./slab.ts";
import { createState, type State } from "./state.ts";
import type { Range } from "./ranges.ts";
import type { Cause } from "./tombstones.ts";
import { absent, putOutcome, type PutOutcome, type RangeWalk, type Slot, type Store, type StoreOptions } from "./types.ts";
import { idle } from "./wheel.ts";

/** Cells of a growing index that one step of a sweep moves. */
const sweepCells = 64;

/** `state` is given by tests that look inside. */
export const createStore = (options: StoreOptions, state: State = createState(options)): Store => {
  const { columns, index, discards, slab, own, wheel, eviction, ownBufferBytes, limitBytes, locate, isOver, journal, tombstones, ranges } = state;
  const { maxEntries = Infinity } = options;
  const room = createRoom(state, options.onEvicted);
  let written: Slot = absent;
  let changes = 0;
  const isDeadAt = (slot: Slot): boolean => isDead(columns.hot[slot * hotWords + hotMeta]!);

  /** The slot with this key: a live entry, or a tombstone. What is over has made way for one, or for nothing. */
  const settled = (key: Buffer, from: number, to: number, hash: number): Slot => {
    const slot = locate(key, from, to, hash);
    if (slot < 0 || isDeadAt(slot) || !isOver(slot)) return slot;
    room.expire(slot);
    return locate(key, from, to, hash);
  };

  const live = (key: Buffer, from: number, to: number, hash: number): Slot => {
    const slot = settled(key, from, to, hash);
    return slot < 0 || isDeadAt(slot) ? absent : slot;
  };

  const changed = (slot: Slot): void => {
    changes++;
    journal?.changed(slot);
  };

  /** Content type and value; the key lies there already. */
  const writeContent = (slot: Slot, ref: number, keyBytes: number, value: Buffer, from: number, to: number, contentType: string | undefined) => {
    const page = slab.page(ref);
    let at = slab.offset(ref) + keyBytes;
    if (contentType !== undefined) at += page.write(contentType, at, "latin1");
    const valueBytes = to - from;
    columns.hot[slot * hotWords + hotValueBytes] = valueBytes;
    if (valueBytes > ownBufferBytes) own.keep(slot, value, from, to);
    else {
      value.copy(page, at, from, to);
      if (own.adopts(value, from, to)) own.free(value);
    }
  };

  /** Below 0: it did not get the room, and the entry is as it was. */
  const replace = (slot: Slot, c: number, ownBytes: number, key: number, value: Buffer, from: number, to: number, contentType: string | undefined): boolean => {
    const at = slot * hotWords;
    const wasDead = isDeadAt(slot);
    // out of the way of what makes room
    if (wasDead) tombstones?.raise(slot);
    const meta = columns.hot[at + hotMeta]!;
    const before = columns.hot[at + hotRef]!;
    const weight = state.weight(slot);
    const ownBefore = isOwn(meta) ? accountedOwnBytes(columns.hot[at + hotValueBytes]!) : 0;
    const isSameClass = slab.classAt(before) === c;
    const hasRoom = (isSameClass && ownBytes <= ownBefore) || room.reserve(isSameClass ? noChunk : c, Math.max(0, ownBytes - ownBefore), slot, ownBytes);
    // where there is no room for another chunk, a smaller value may stay in its large one
    if (!hasRoom && (ownBytes > ownBefore || slab.chunkBytes(before) < slab.sizes[c]!)) {
      if (wasDead) eviction.added(slot);
      return false;
    }
    // making room may have moved the chunk
    let ref = columns.hot[at + hotRef]!;
    if (hasRoom && !isSameClass) {
      const old = ref;
      ref = slab.take(c, slot);
      slab.page(old).copy(slab.page(ref), slab.offset(ref), slab.offset(old), slab.offset(old) + key);
      columns.hot[at + hotRef] = ref;
      slab.free(old);
    }
    if (ownBefore > 0) own.remove(slot);
    columns.hot[at + hotMeta] = packMeta(key, contentType?.length ?? 0, ownBytes > 0) | (columns.hot[at + hotMeta]! & segmentMask);
    writeContent(slot, ref, key, value, from, to, contentType);
    if (wasDead) {
      eviction.added(slot);
      return true;
    }
    eviction.reweighed(slot, state.weight(slot) - weight);
    eviction.used(slot);
    return true;
  };

  const isFull = () => index.isPressing || columns.count === columns.capacity;
  /** One entry more would be too many; tombstones are none. */
  const isCrowded = () => columns.count - (tombstones?.count ?? 0) >= maxEntries;

  /** A slot with its key and no content yet, in no list of eviction. */
  const take = (hash: number, c: number, ownBytes: number, key: Buffer, keyFrom: number, keyTo: number): Slot => {
    while (isFull()) if (!room.freeSlot()) return absent;
    if (!room.reserve(c, ownBytes + columns.nextBytes, absent, ownBytes)) return absent;
    const slot = columns.take();
    const ref = slab.take(c, slot);
    const at = slot * hotWords;
    columns.hot[at + hotHash] = hash;
    columns.hot[at + hotRef] = ref;
    columns.expiry[slot * 4 + 2] = 0;
    // no version yet: the last one was another entry's
    columns.cold[slot * coldWords + coldMsLow] = 0;
    columns.cold[slot * coldWords + coldMsHighCounter] = 0;
    key.copy(slab.page(ref), slab.offset(ref), keyFrom, keyTo);
    index.insert(hash, slot);
    return slot;
  };

  const create = (hash: number, c: number, ownBytes: number, key: Buffer, keyFrom: number, keyTo: number, value: Buffer, from: number, to: number, contentType: string | undefined): Slot => {
    const slot = take(hash, c, ownBytes, key, keyFrom, keyTo);
    if (slot < 0) return absent;
    columns.hot[slot * hotWords + hotMeta] = packMeta(keyTo - keyFrom, contentType?.length ?? 0, ownBytes > 0);
    writeContent(slot, columns.hot[slot * hotWords + hotRef]!, keyTo - keyFrom, value, from, to, contentType);
    eviction.added(slot);
    return slot;
  };

  /** A tombstone for a key that is not held, without a version yet. Below 0: there is no room, not even for that. */
  const createTombstone = (hash: number, key: Buffer, from: number, to: number, cause: Cause): Slot => {
    const slot = take(hash, slab.classFor(chunkHeaderBytes + to - from), 0, key, from, to);
    if (slot < 0) return absent;
    columns.hot[slot * hotWords + hotMeta] = packMeta(to - from, 0, false);
    columns.hot[slot * hotWords + hotValueBytes] = 0;
    eviction.added(slot);
    tombstones?.bury(slot, cause);
    return slot;
  };

  /** Everything but the version and the journal. */
  const place = (key: Buffer, keyFrom: number, keyTo: number, value: Buffer, from: number, to: number, expiresAt: number, contentType?: string): PutOutcome => {
    const keyBytes = keyTo - keyFrom;
    const typeBytes = contentType === undefined ? 0 : contentType.length;
    const isApart = to - from > ownBufferBytes;
    const ownBytes = isApart ? accountedOwnBytes(to - from) : 0;
    if (keyBytes > maxKeyBytes || typeBytes > maxTypeBytes || ownBytes > state.maxOwnBytes) return putOutcome.tooLarge;
    const c = slab.classFor(chunkHeaderBytes + keyBytes + typeBytes + (isApart ? 0 : to - from));
    const hash = state.hash(key, keyFrom, keyTo);
    let slot = settled(key, keyFrom, keyTo, hash);
    const isNew = slot < 0 || isDeadAt(slot);
    if (isNew && isCrowded()) {
      while (isCrowded()) if (!room.evictOne()) return putOutcome.full;
      // to make room the tombstone may have been forgotten
      slot = locate(key, keyFrom, keyTo, hash);
    }
    const cause = isNew && slot >= 0 ? tombstones?.causeOf(slot) : undefined;
    if (slot >= 0 && !replace(slot, c, ownBytes, keyBytes, value, from, to, contentType)) {
      if (options.evictionPolicy === "NoEviction") {
        if (cause) tombstones?.bury(slot, cause);
        return putOutcome.full;
      }
      // it is alone and in its own way: only without its old value there is room
      state.remove(slot);
      slot = absent;
    }
    if (slot < 0) slot = create(hash, c, ownBytes, key, keyFrom, keyTo, value, from, to, contentType);
    if (slot < 0) return putOutcome.full;
    state.setExpiry(slot, expiresAt);
    written = slot;
    return isNew ? putOutcome.created : putOutcome.replaced;
  };

  const put: Store["put"] = (key, keyFrom, keyTo, value, from, to, expiresAt, contentType) => {
    const outcome = place(key, keyFrom, keyTo, value, from, to, expiresAt, contentType);
    if (outcome === putOutcome.full) room.counts.refusedPuts++;
    if (outcome < 0) return outcome;
    state.drawVersion(written);
    changed(written);
    if (outcome === putOutcome.created) room.growTables(written);
    return outcome;
  };

  /** With tombstones also what is absent is deleted: a peer may hold it. */
  const remove = (key: Buffer, from: number, to: number): boolean => {
    const hash = state.hash(key, from, to);
    let slot = settled(key, from, to, hash);
    const isLive = slot >= 0 && !isDeadAt(slot);
    if (!tombstones) {
      if (isLive) state.remove(slot);
      return isLive;
    }
    if (slot >= 0) tombstones.bury(slot, "deleted");
    else slot = createTombstone(hash, key, from, to, "deleted");
    if (slot >= 0) {
      state.drawVersion(slot);
      changed(slot);
      room.growTables(slot);
      tombstones.trim();
    } else {
      state.versions.draw();
      state.floors.forgotten(bucketOf(hash), state.versions.ms, options.now());
    }
    return isLive;
  };

  const wipe = (): void => {
    own.drop();
    slab.clear();
    columns.clear(discards);
    index.clear(discards);
    wheel.clear();
    eviction.cleared();
    tombstones?.cleared();
    state.digests.clear();
    journal?.cleared();
  };

  /** Remembers that all of the prefix was deleted now. */
  const noteRange = (prefix: Buffer): Range | undefined => {
    state.versions.draw();
    changes++;
    const range = ranges.add(prefix, { ms: state.versions.ms, counter: state.versions.counter, node: state.ownNode.id >>> 0 }, options.now());
    if (range) journal?.rangeChanged(range);
    return range;
  };

  /** Ranges that were kept long enough, or are too many, go into the floors of all buckets. */
  const forgetRanges = (): void => {
    for (const { version, notedAt } of ranges.takeOld(options.now() - state.retentionMs)) state.floors.forgottenEverywhere(version.ms, notedAt);
  };

  const walkRange = (range: Range) => createRangeWalk({ state, range, expire: room.expire });
  let sweeping: RangeWalk | undefined;

  /** One step of what waits beside expiry. false: nothing does. */
  const tidy = (): boolean => {
    const [unswept] = ranges.unswept;
    if (sweeping || unswept) {
      sweeping ??= walkRange(unswept!);
      if (!sweeping.step()) sweeping = undefined;
    } else if (index.growing) index.migrate(sweepCells);
    else if (index.wantedBytes > 0 && state.usedBytes() + index.wantedBytes <= limitBytes) index.grow();
    else return tombstones?.dropKnown() || own.reap() || discards.release() || slab.release();
    return true;
  };

  return {
    find: (key, from, to) => {
      const slot = live(key, from, to, state.hash(key, from, to));
      if (slot < 0) return absent;
      eviction.used(slot);
      const meta = slot * hotWords + hotMeta;
      const flags = columns.hot[meta]!;
      if ((flags & readFlag) === 0) columns.hot[meta] = flags | readFlag;
      return slot;
    },
    peek: (key, from, to) => live(key, from, to, state.hash(key, from, to)),
    ...createEntryReader(state),
    put,
    get written() {
      return written;
    },
    expire: (slot, expiresAt) => {
      state.drawVersion(slot);
      state.setExpiry(slot, expiresAt);
      changed(slot);
    },
    delete: remove,
    clear: () => {
      const removed = columns.count - (tombstones?.count ?? 0);
      sweeping = undefined;
      ranges.unswept = [];
      wipe();
      if (journal) noteRange(Buffer.alloc(0));
      return removed;
    },
    deleteRange: (prefix) => {
      const range = noteRange(prefix);
      if (!range) return { removed: 0, step: () => false };
      ranges.unswept.push(range);
      return walkRange(range);
    },
    allocate: (bytes) => own.allocate(bytes),
    free: (buffer) => own.free(buffer),
    ownBufferBytes,
    scan: (cursor, visit) =>
      index.scan(cursor, (slot) => {
        if (!isDeadAt(slot) && !isOver(slot)) visit(slot);
      }),
    sweep: (steps) => {
      const time = options.now();
      if (ranges.list.length > 0) forgetRanges();
      let expired = 0;
      for (let step = 0; step < steps; step++) {
        const due = wheel.step(time);
        if (due >= 0) {
          room.expire(due);
          expired++;
        } else if (due === idle && !tidy()) break;
      }
      return expired;
    },
    stats: () => ({ entries: columns.count - (tombstones?.count ?? 0), tombstones: tombstones?.count ?? 0, expiring: wheel.count - (tombstones?.count ?? 0), usedBytes: state.usedBytes(), limitBytes, ...room.counts }),
    now: options.now,
    replica: createReplica({
      state,
      place,
      settled,
      createTombstone,
      grow: room.growTables,
      written: () => written,
      changes: () => changes,
      sweepRange: (range) => void ranges.unswept.push(range),
    }),
  };
};
