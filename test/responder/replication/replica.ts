// A store as a replica, on a clock that is set by hand, and what can be seen of it.
import type { Journal, RecordKind, StoreOptions } from "../../../responder/store/types.ts";
import { createState } from "../../../responder/store/state.ts";
import { createStore } from "../../../responder/store/store.ts";
import { formatVersion, type Version } from "../../../responder/store/version.ts";
import { createRecord } from "../../../responder/replication/records.ts";
import { checkState } from "../store/check-state.ts";

export const startOfTime = 1_700_000_000_000;
const hashSeed = Buffer.from("8 bytes!");

/** Nobody knows anything yet, so everything is remembered. */
export const strictJournal: Journal = { changed: () => {}, rangeChanged: () => {}, isKnown: () => false, forgotten: () => {}, freed: () => {}, cleared: () => {} };

export interface GivenRecord {
  readonly key: Buffer;
  readonly kind: RecordKind;
  readonly version: Version;
  readonly value?: Buffer | undefined;
  readonly contentType?: string | undefined;
  readonly expiresAt?: number | undefined;
}

export interface ReplicaOptions extends Partial<Omit<StoreOptions, "replication">> {
  readonly journal?: Journal;
  readonly retentionMs?: number;
  readonly warming?: boolean;
}

export const createReplica = ({ journal = strictJournal, retentionMs = 600_000, warming = false, ...given }: ReplicaOptions = {}) => {
  const time = { now: startOfTime };
  const options: StoreOptions = { maxBytes: 64 * 2 ** 20, evictionPolicy: "LRU", hashSeed, now: () => time.now, node: 1, ...given, replication: { journal, retentionMs, warming } };
  const state = createState(options);
  const store = createStore(options, state);
  const record = createRecord();
  return {
    time,
    state,
    store,
    put: (key: Buffer, value: Buffer, expiresAt = 0, contentType?: string) => store.put(key, 0, key.length, value, 0, value.length, expiresAt, contentType),
    delete: (key: Buffer) => store.delete(key, 0, key.length),
    merge: ({ key, kind, version, value = Buffer.alloc(0), contentType, expiresAt = 0 }: GivenRecord) => {
      const isValue = kind === "value";
      Object.assign(record, { key, keyFrom: 0, keyTo: key.length, ...version, kind, expiresAt: isValue ? expiresAt : 0, contentType: isValue ? contentType : undefined, value, valueFrom: 0, valueTo: isValue ? value.length : 0 });
      return store.replica.merge(record);
    },
    /** What a client reads. */
    shown: (key: Buffer) => {
      const slot = store.peek(key, 0, key.length);
      if (slot < 0) return undefined;
      const value = Buffer.alloc(store.valueBytes(slot));
      store.copyValue(slot, value, 0);
      return { version: formatVersion(store.version(slot)), value: value.toString("latin1"), contentType: store.contentType(slot), expiresAt: store.expiresAt(slot) };
    },
    /** The version that is held, of whatever kind. */
    held: (key: Buffer): Version | undefined => {
      const slot = store.replica.locate(key, 0, key.length);
      return slot < 0 ? undefined : store.version(slot);
    },
    digests: () => Buffer.from(state.digests.words.buffer),
    check: () => checkState(state, options.evictionPolicy),
  };
};

export type TestReplica = ReturnType<typeof createReplica>;
