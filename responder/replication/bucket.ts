// Two peers compare what they hold in one bucket: each sees what the other lacks, and what the other has forgotten.
import type { Member } from "../peers/membership.ts";
import type { Slot, Store } from "../store/types.ts";
import { compareVersions, type Version } from "../store/version.ts";
import { type Reader, Writer } from "./wire.ts";

/** One side of the comparison: (hash, version) of every record, and what is known of those that are not there any more. */
export interface BucketList {
  readonly bucket: number;
  /** Milliseconds of versions: what is at or below and not listed may have been deleted here. */
  readonly deletionFloor: number;
  /** The same for what made room here. */
  readonly evictionFloor: number;
  /** A deletion was forgotten after the two last compared notes: what is at or below the floor and not listed goes, whyever it is not there. */
  readonly isOverdue: boolean;
  /** Hashes are of 32 bits: two keys may share one. */
  readonly versions: ReadonlyMap<number, readonly Version[]>;
}

const push = <T>(map: Map<number, T[]>, key: number, value: T): void => {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
};

/** `since`: when the two compared notes last, by this pod's clock. */
export const writeBucket = ({ replica, version }: Store, round: number, bucket: number, since: number): Buffer => {
  const { deletion, eviction, noted } = replica.floors;
  const writer = new Writer(2_048).u32(round).u16(bucket).u48(deletion[bucket]!).u48(eviction[bucket]!).u8(noted[bucket]! > since ? 1 : 0);
  replica.visitBucket(bucket, (slot) => {
    if (replica.kind(slot) !== undefined) writer.u32(replica.hash(slot)).version(version(slot));
  });
  return writer.take();
};

/** The round has been read. */
export const readBucket = (reader: Reader): BucketList => {
  const head = { bucket: reader.u16() & 4095, deletionFloor: reader.u48(), evictionFloor: reader.u48(), isOverdue: reader.u8() === 1 };
  const versions = new Map<number, Version[]>();
  while (reader.left > 0) push(versions, reader.i32(), reader.version());
  return { ...head, versions };
};

/** What the other side needs is marked in its backlog; what it has forgotten is dropped here. Returns the number of records marked. */
export const compareBucket = ({ replica, version }: Store, member: Member, theirs: BucketList): number => {
  const mine = new Map<number, Slot[]>();
  replica.visitBucket(theirs.bucket, (slot) => push(mine, replica.hash(slot), slot));
  let marked = 0;
  const send = (slot: Slot) => {
    member.backlog.mark(slot);
    marked++;
  };
  /** The other side holds nothing of this key. */
  const settle = (slot: Slot, kind: "value" | "deleted" | "evicted") => {
    const { ms } = version(slot);
    if (ms > theirs.deletionFloor && ms > theirs.evictionFloor) return send(slot);
    // where it has evicted nothing so late, it can only have forgotten the deletion
    if (kind === "value" && ms <= theirs.deletionFloor && (theirs.isOverdue || ms > theirs.evictionFloor)) replica.dropZombie(slot, theirs.deletionFloor);
  };
  for (const [hash, slots] of mine) {
    const others = theirs.versions.get(hash) ?? [];
    for (const slot of slots) {
      const kind = replica.kind(slot);
      if (kind === undefined) continue;
      const own = version(slot);
      if (others.length === 0) settle(slot, kind);
      // with one on each side it is almost surely the same key, and where it is not, the next comparison sees two
      else if (slots.length === 1 && others.length === 1 ? compareVersions(own, others[0]!) > 0 : !others.some((other) => compareVersions(own, other) === 0)) send(slot);
    }
  }
  return marked;
};
