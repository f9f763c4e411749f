// Gives a newcomer everything that this pod holds: what is used most first, paced, while writes go on.
import { createLimits } from "#telemetry/log-limit";
import type { Member } from "../peers/membership.ts";
import { bucketCount } from "../store/digest.ts";
import { frameType } from "./frames.ts";
import type { Hub } from "./hub.ts";
import { recordBytes } from "./records.ts";
import type { Sender } from "./sender.ts";
import { Writer, type Reader } from "./wire.ts";

/** So many newcomers at once; another one asks another peer, or again. */
const maxSnapshots = 2;
/** A few records ahead of the link, so that what is evicted meanwhile is not pending by the thousands. */
const aheadRecords = 2_048;
/** Slots looked at in one turn of the event loop. */
const looksPerTurn = 4_096;
/** Bytes a second, and at once: about what a newcomer can take in, so that a donor does not run ahead of it at the cost of its own clients. */
const bytesPerSecond = 40 * 2 ** 20;
const burstBytes = 2 ** 20;
const tickMs = 5;
const lastRank = 3;

interface Snapshot {
  readonly member: Member;
  /** Monotonic milliseconds. */
  readonly beganAt: number;
  /** A bit for each slot that was given. */
  given: Int32Array;
  rank: number;
  slot: number;
  budget: number;
  refilledAt: number;
}

export interface Snapshots {
  readonly size: number;
  /** false: there are too many already. */
  begin(member: Member): boolean;
  /** Goes on with all of them; to be called when a link may have room. */
  step(): void;
  /** What a peer sent came in: a newcomer may have been given an older one. */
  relay(slot: number): void;
  forget(member: Member): void;
}

/** What the donor knew of deletions, for `readSnapshotEnd`. */
export interface Inheritance {
  readonly reconciled: readonly (readonly [string, number])[];
  readonly floors: readonly { readonly bucket: number; readonly ms: number; readonly noted: number }[];
}

const writeSnapshotEnd = ({ store, reconciled }: Hub): Buffer => {
  const writer = new Writer(4_096);
  const known = [...reconciled.entries()];
  writer.u16(known.length);
  for (const [id, at] of known) writer.text(id).u48(at);
  const { deletion, noted } = store.replica.floors;
  for (let bucket = 0; bucket < bucketCount; bucket++) if (deletion[bucket]! > 0) writer.u16(bucket).u48(deletion[bucket]!).u48(noted[bucket]!);
  return writer.take();
};

export const readSnapshotEnd = (reader: Reader): Inheritance => {
  const reconciled = Array.from({ length: reader.u16() }, () => [reader.text(), reader.u48()] as const);
  const floors = [];
  while (reader.left > 0) floors.push({ bucket: reader.u16() & (bucketCount - 1), ms: reader.u48(), noted: reader.u48() });
  return { reconciled, floors };
};

export const createSnapshots = ({ hub, senderOf }: { hub: Hub; senderOf: (member: Member) => Sender | undefined }): Snapshots => {
  const { store } = hub;
  const { replica } = store;
  const limit = createLimits(hub.clock);
  const running = new Map<Member, Snapshot>();
  let cancelTick: (() => void) | undefined;

  const finish = (snapshot: Snapshot, sender: Sender) => {
    const { backlog } = snapshot.member;
    if (backlog.dirty > 0 || backlog.sent > 0) return;
    sender.send(frameType.snapshotEnd, writeSnapshotEnd(hub));
    hub.log.info({ peer: snapshot.member.id, durationMs: Math.round(hub.clock.monotonic() - snapshot.beganAt) }, "snapshot for a peer ended");
    forget(snapshot.member);
  };

  const advance = (snapshot: Snapshot) => {
    const sender = senderOf(snapshot.member);
    if (!sender?.isReady) return;
    const { backlog } = snapshot.member;
    const time = hub.clock.monotonic();
    snapshot.budget = Math.min(burstBytes, snapshot.budget + ((time - snapshot.refilledAt) * bytesPerSecond) / 1000);
    snapshot.refilledAt = time;
    const high = replica.slots;
    if (high > snapshot.given.length * 32) {
      const given = new Int32Array(Math.ceil((high * 5) / 4 / 32));
      given.set(snapshot.given);
      snapshot.given = given;
    }
    const { given } = snapshot;
    let marked = 0;
    for (let looks = 0; looks < looksPerTurn && backlog.dirty < aheadRecords && snapshot.budget > 0; looks++) {
      if (snapshot.slot >= high) {
        if (snapshot.rank === lastRank) break;
        snapshot.rank++;
        snapshot.slot = 0;
      }
      const slot = snapshot.slot++;
      const word = slot >>> 5;
      const bit = 1 << (slot & 31);
      if ((given[word]! & bit) !== 0) continue;
      const kind = replica.kind(slot);
      // tombstones with the first: they keep what is deleted from coming back
      if (kind === undefined || (kind === "value" && replica.rank(slot) > snapshot.rank)) continue;
      given[word]! |= bit;
      backlog.mark(slot);
      snapshot.budget -= recordBytes(store, slot, kind);
      marked++;
    }
    if (marked > 0) hub.wake();
    if (snapshot.slot >= high && snapshot.rank === lastRank) finish(snapshot, sender);
  };
  const step = () => {
    for (const snapshot of running.values()) advance(snapshot);
  };
  const forget = (member: Member) => {
    running.delete(member);
    if (running.size > 0) return;
    cancelTick?.();
    cancelTick = undefined;
  };

  return {
    get size() {
      return running.size;
    },
    begin: (member) => {
      if (!running.has(member) && running.size >= maxSnapshots) return false;
      const beganAt = hub.clock.monotonic();
      limit(member.id)((times) => hub.log.info({ peer: member.id, times }, "snapshot for a peer began"));
      running.set(member, { member, beganAt, given: new Int32Array(Math.ceil(replica.slots / 32)), rank: 0, slot: 0, budget: burstBytes, refilledAt: beganAt });
      cancelTick ??= hub.timers.every(tickMs, step);
      return true;
    },
    step,
    relay: (slot) => {
      if (slot < 0) return;
      for (const { member } of running.values()) member.backlog.mark(slot);
    },
    forget,
  };
};
