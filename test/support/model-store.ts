// The store as anyone would write it, with a Map: what the real one is compared with, and a stand-in where only the interface matters.
import { absent, putOutcome, type Replica, type Slot, type Store } from "../../responder/store/types.ts";
import { createVersions, formatVersion, type Version } from "../../responder/store/version.ts";

interface Entry {
  readonly slot: Slot;
  readonly key: Buffer;
  value: Buffer;
  contentType: string | undefined;
  expiresAt: number;
  version: Version;
}

export interface ModelOptions {
  readonly now: () => number;
  readonly node?: number;
  readonly ownBufferBytes?: number;
}

/** Throws when it is used, not when a store is copied with it. */
const replica = new Proxy({} as Replica, {
  get: () => {
    throw new Error("the model replicates nothing");
  },
});

/** Never evicts and has no bound: the test takes back what the real store says it evicted. */
export const createModelStore = ({ now, node = 1, ownBufferBytes = 65_536 }: ModelOptions): Store => {
  const byKey = new Map<string, Entry>();
  const bySlot = new Map<Slot, Entry>();
  const draw = createVersions({ now, node });
  let nextSlot = 0;
  let written: Slot = absent;
  let expirations = 0;
  const of = (slot: Slot): Entry => {
    const entry = bySlot.get(slot);
    if (!entry) throw new Error(`slot ${slot} holds nothing`);
    return entry;
  };
  const drop = (name: string, entry: Entry) => {
    byKey.delete(name);
    bySlot.delete(entry.slot);
  };
  const isOver = (entry: Entry) => entry.expiresAt !== 0 && entry.expiresAt <= now();
  const find = (key: Buffer, from: number, to: number): Slot => {
    const name = key.toString("latin1", from, to);
    const entry = byKey.get(name);
    if (!entry) return absent;
    if (!isOver(entry)) return entry.slot;
    drop(name, entry);
    expirations++;
    return absent;
  };
  return {
    find,
    peek: find,
    keyBytes: (slot) => of(slot).key.length,
    copyKey: (slot, target, at) => at + of(slot).key.copy(target, at),
    valueBytes: (slot) => of(slot).value.length,
    copyValue: (slot, target, at, from = 0, count = of(slot).value.length - from) => at + of(slot).value.copy(target, at, from, from + count),
    borrowValue: (slot) => (of(slot).value.length > ownBufferBytes ? { bytes: of(slot).value, release: () => {} } : undefined),
    contentType: (slot) => of(slot).contentType,
    expiresAt: (slot) => of(slot).expiresAt,
    version: (slot) => of(slot).version,
    copyVersion: (slot, target, at) => at + target.write(formatVersion(of(slot).version), at, "hex"),
    writeVersion: (slot, target, at) => at + target.write(formatVersion(of(slot).version), at, "latin1"),
    put: (key, keyFrom, keyTo, value, valueFrom, valueTo, expiresAt, contentType) => {
      const old = find(key, keyFrom, keyTo);
      const fields = { value: Buffer.from(value.subarray(valueFrom, valueTo)), expiresAt, contentType, version: draw() };
      if (old !== absent) {
        Object.assign(of(old), fields);
        written = old;
        return putOutcome.replaced;
      }
      const entry: Entry = { slot: nextSlot++, key: Buffer.from(key.subarray(keyFrom, keyTo)), ...fields };
      byKey.set(key.toString("latin1", keyFrom, keyTo), entry);
      bySlot.set(entry.slot, entry);
      written = entry.slot;
      return putOutcome.created;
    },
    get written() {
      return written;
    },
    expire: (slot, expiresAt) => void Object.assign(of(slot), { expiresAt, version: draw() }),
    delete: (key, from, to) => {
      const slot = find(key, from, to);
      if (slot === absent) return false;
      drop(key.toString("latin1", from, to), of(slot));
      return true;
    },
    clear: () => {
      const { size } = byKey;
      byKey.clear();
      bySlot.clear();
      return size;
    },
    deleteRange: (prefix) => {
      const found = [...byKey].filter(([, { key }]) => key.subarray(0, prefix.length).equals(prefix));
      for (const [name, entry] of found) drop(name, entry);
      return { removed: found.length, step: () => false };
    },
    replica,
    allocate: (bytes) => Buffer.alloc(bytes),
    free: () => {},
    ownBufferBytes,
    // a slot is its own position: it is never used again, so a cursor survives everything
    scan: (cursor, visit) => {
      for (const [slot, entry] of bySlot) {
        if (slot < cursor || isOver(entry)) continue;
        visit(slot);
        return slot + 1;
      }
      return 0;
    },
    sweep: () => {
      let over = 0;
      for (const [name, entry] of byKey) {
        if (!isOver(entry)) continue;
        drop(name, entry);
        over++;
      }
      expirations += over;
      return over;
    },
    stats: () => ({
      entries: byKey.size,
      tombstones: 0,
      expiring: [...byKey.values()].filter((e) => e.expiresAt !== 0).length,
      usedBytes: 0,
      limitBytes: Infinity,
      evictedForMemory: 0,
      evictedForEntries: 0,
      refusedPuts: 0,
      expirations,
    }),
    now,
  };
};
