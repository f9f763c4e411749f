// The cache of one pod: bytes by key, bounded in memory, without an object per entry. See docs/store.md.
import { hotHash, hotMeta, hotRef, hotValueBytes, hotWords, isOwn, maxKeyBytes, maxTypeBytes, packMeta, segmentMask } from "./columns.ts";
import { createEntryReader } from "./entry.ts";
import { accountedOwnBytes } from "./own-buffers.ts";
import { createRoom, noChunk } from "./room.ts";
import { chunkHeaderBytes } from "./slab.ts";
import { createState, type State } from "./state.ts";
import { absent, putOutcome, type PutOutcome, type Slot, type Store, type StoreOptions } from "./types.ts";
import { idle } from "./wheel.ts";

/** Cells of a growing index that one step of a sweep moves. */
const sweepCells = 64;

/** `state` is given by tests that look inside. */
export const createStore = (options: StoreOptions, state: State = createState(options)): Store => {
  const { columns, index, discards, slab, own, wheel, eviction, ownBufferBytes, limitBytes, locate, isOver } = state;
  const { maxEntries = Infinity } = options;
  const room = createRoom(state);
  let written: Slot = absent;

  const live = (key: Buffer, from: number, to: number, hash: number): Slot => {
    const slot = locate(key, from, to, hash);
    if (slot < 0 || !isOver(slot)) return slot;
    room.expire(slot);
    return absent;
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
    const meta = columns.hot[at + hotMeta]!;
    const before = columns.hot[at + hotRef]!;
    const weight = state.weight(slot);
    const ownBefore = isOwn(meta) ? accountedOwnBytes(columns.hot[at + hotValueBytes]!) : 0;
    const isSameClass = slab.classAt(before) === c;
    const hasRoom = (isSameClass && ownBytes <= ownBefore) || room.reserve(isSameClass ? noChunk : c, Math.max(0, ownBytes - ownBefore), slot, ownBytes);
    // where there is no room for another chunk, a smaller value may stay in its large one
    if (!hasRoom && (ownBytes > ownBefore || slab.chunkBytes(before) < slab.sizes[c]!)) return false;
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
    eviction.reweighed(slot, state.weight(slot) - weight);
    eviction.used(slot);
    return true;
  };

  const isFull = () => index.count >= maxEntries || index.isPressing || columns.count === columns.capacity;

  const create = (hash: number, c: number, ownBytes: number, key: Buffer, keyFrom: number, keyTo: number, value: Buffer, from: number, to: number, contentType: string | undefined): Slot => {
    while (isFull()) if (!room.evictOne()) return absent;
    if (!room.reserve(c, ownBytes + columns.nextBytes, absent, ownBytes)) return absent;
    const slot = columns.take();
    const ref = slab.take(c, slot);
    const at = slot * hotWords;
    columns.hot[at + hotHash] = hash;
    columns.hot[at + hotRef] = ref;
    columns.hot[at + hotMeta] = packMeta(keyTo - keyFrom, contentType?.length ?? 0, ownBytes > 0);
    columns.expiry[slot * 4 + 2] = 0;
    key.copy(slab.page(ref), slab.offset(ref), keyFrom, keyTo);
    writeContent(slot, ref, keyTo - keyFrom, value, from, to, contentType);
    index.insert(hash, slot);
    eviction.added(slot);
    return slot;
  };

  const put = (key: Buffer, keyFrom: number, keyTo: number, value: Buffer, from: number, to: number, expiresAt: number, contentType?: string): PutOutcome => {
    const keyBytes = keyTo - keyFrom;
    const typeBytes = contentType === undefined ? 0 : contentType.length;
    const isApart = to - from > ownBufferBytes;
    const ownBytes = isApart ? accountedOwnBytes(to - from) : 0;
    if (keyBytes > maxKeyBytes || typeBytes > maxTypeBytes || ownBytes > state.maxOwnBytes) return putOutcome.tooLarge;
    const c = slab.classFor(chunkHeaderBytes + keyBytes + typeBytes + (isApart ? 0 : to - from));
    const hash = state.hash(key, keyFrom, keyTo);
    let slot = live(key, keyFrom, keyTo, hash);
    const isNew = slot < 0;
    if (!isNew && !replace(slot, c, ownBytes, keyBytes, value, from, to, contentType)) {
      if (options.evictionPolicy === "NoEviction") return putOutcome.full;
      // it is alone and in its own way: only without its old value there is room
      state.remove(slot);
      slot = absent;
    }
    if (slot < 0) slot = create(hash, c, ownBytes, key, keyFrom, keyTo, value, from, to, contentType);
    if (slot < 0) return putOutcome.full;
    state.drawVersion(slot);
    state.setExpiry(slot, expiresAt);
    if (isNew) room.growTables(slot);
    written = slot;
    return isNew ? putOutcome.created : putOutcome.replaced;
  };

  /** One step of what waits beside expiry. false: nothing does. */
  const tidy = (): boolean => {
    if (index.growing) index.migrate(sweepCells);
    else if (index.wantedBytes > 0 && state.usedBytes() + index.wantedBytes <= limitBytes) index.grow();
    else return own.reap() || discards.release() || slab.release();
    return true;
  };

  return {
    find: (key, from, to) => {
      const slot = live(key, from, to, state.hash(key, from, to));
      if (slot >= 0) eviction.used(slot);
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
    },
    delete: (key, from, to) => {
      const slot = live(key, from, to, state.hash(key, from, to));
      if (slot >= 0) state.remove(slot);
      return slot >= 0;
    },
    clear: () => {
      const removed = columns.count;
      own.drop();
      slab.clear();
      columns.clear(discards);
      index.clear(discards);
      wheel.clear();
      eviction.cleared();
      return removed;
    },
    allocate: (bytes) => own.allocate(bytes),
    free: (buffer) => own.free(buffer),
    ownBufferBytes,
    scan: (cursor, visit) =>
      index.scan(cursor, (slot) => {
        if (!isOver(slot)) visit(slot);
      }),
    sweep: (steps) => {
      const time = options.now();
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
    stats: () => ({ entries: columns.count, expiring: wheel.count, usedBytes: state.usedBytes(), limitBytes, ...room.counts }),
    now: options.now,
  };
};
