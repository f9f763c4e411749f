// A pod that starts fills itself from a peer before it is ready, if there is one that has something; and never waits for ever.
import { createLimits } from "#telemetry/log-limit";
import type { Member } from "../peers/membership.ts";
import { frameType } from "./frames.ts";
import type { Hub } from "./hub.ts";
import type { Sender } from "./sender.ts";
import type { Inheritance } from "./snapshot.ts";

export type Warmup = "warming" | "copied" | "alone" | "timedOut";

const tickMs = 50;
/** A donor that said it is busy is asked again after so long. */
const busyMs = 500;
/** Where there should be peers and discovery knows none, so long: the records of a Service come late (kubernetes #92559). */
const lonelyMs = 3_000;

export interface WarmupDeps {
  readonly hub: Hub;
  readonly timeoutMs: number;
  readonly senderOf: (member: Member) => Sender | undefined;
  /** Discovery has answered, and every address that it gave was reached or has failed twice. */
  readonly isSettled: () => boolean;
  /** There should be peers, and discovery knows of none. */
  readonly isLonely: () => boolean;
  readonly onEnd: (how: Exclude<Warmup, "warming">, ms: number) => void;
}

export interface WarmupProcess {
  readonly state: Warmup;
  start(): void;
  /** The donor has given all that it has. */
  onSnapshotEnd(member: Member, inheritance: Inheritance): void;
  onRefused(member: Member): void;
}

export const createWarmup = ({ hub, timeoutMs, senderOf, isSettled, isLonely, onEnd }: WarmupDeps): WarmupProcess => {
  const { store, members, reconciled } = hub;
  const limit = createLimits(hub.clock);
  const busyUntil = new Map<Member, number>();
  let state: Warmup = "warming";
  let donor: Member | undefined;
  let donorSender: Sender | undefined;
  let startedAt = 0;
  let cancelTick = () => {};

  const end = (how: Exclude<Warmup, "warming">) => {
    const before = state;
    state = how;
    if (before !== "warming") return;
    store.replica.settle();
    onEnd(how, hub.clock.monotonic() - startedAt);
  };
  const ask = (member: Member, sender: Sender) => {
    donor = member;
    donorSender = sender;
    reconciled.begin();
    // a donor that is busy is asked again and again
    limit(member.id)((times) => hub.log.info({ peer: member.id, times }, "warm-up began"));
    sender.send(frameType.snapshotRequest);
  };

  const tick = () => {
    const time = hub.clock.monotonic();
    if (time - startedAt >= timeoutMs) {
      cancelTick();
      return end("timedOut");
    }
    // the donor may have gone, or its connection: then from the beginning, perhaps from another one
    if (donor && senderOf(donor) === donorSender && donorSender?.isReady && donor.state === "joined") return;
    donor = undefined;
    const serving = members.members.filter((member) => member.state === "joined" && member.phase === "serving" && senderOf(member)?.isReady && (busyUntil.get(member) ?? 0) <= time);
    const least = serving.reduce<Member | undefined>((best, member) => (best === undefined || member.load < best.load ? member : best), undefined);
    const sender = least && senderOf(least);
    if (least && sender) return ask(least, sender);
    if (isLonely() && time - startedAt < Math.min(lonelyMs, timeoutMs)) return;
    // those who start with us have nothing to give; who was only met may have
    if (isSettled() && !members.members.some((member) => member.state === "joined" && (member.phase === "serving" || !member.hasSpoken))) {
      cancelTick();
      end("alone");
    }
  };

  return {
    get state() {
      return state;
    },
    start: () => {
      startedAt = hub.clock.monotonic();
      cancelTick = hub.timers.every(tickMs, tick);
    },
    onSnapshotEnd: (member, { reconciled: known, floors }) => {
      if (member !== donor) return;
      cancelTick();
      const at = store.now();
      reconciled.inherit([...known, [member.id, at] as const]);
      for (const { bucket, ms, noted } of floors) if (ms <= at) store.replica.floors.forgotten(bucket, ms, noted);
      end("copied");
    },
    onRefused: (member) => {
      if (member !== donor) return;
      donor = undefined;
      busyUntil.set(member, hub.clock.monotonic() + busyMs);
    },
  };
};
