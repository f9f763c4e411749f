// Who the peers are, and which of them can be heard: joined, suspected, left, each with a reason.
import { createBacklog, type Backlog } from "../replication/backlog.ts";
import { memberId, type Identity } from "./identity.ts";

export type MemberState = "joined" | "suspected" | "left";
/** handshake: it proved that it belongs to us. silent: nothing came for a while. replaced: its pod has started again. gone: unreachable, and discovery no longer knows it. */
export type MemberReason = "handshake" | "silent" | "leave" | "replaced" | "gone";
export type Phase = "warming" | "serving" | "leaving";

export interface Member {
  readonly id: string;
  identity: Identity;
  state: MemberState;
  reason: MemberReason;
  /** As it says itself. */
  phase: Phase;
  /** It has said so: until then the phase is only assumed. */
  hasSpoken: boolean;
  /** How busy it is, as it says itself; only compared. */
  load: number;
  /** What it has taken in, by the node id of who wrote it: everything up to this millisecond of versions, and what it sent us before that has come. */
  applied: ReadonlyMap<number, number>;
  /** What it has not got yet. */
  readonly backlog: Backlog;
  /** Of the local changes, those up to this one have been acknowledged; and of their versions up to this millisecond. */
  ackedChanges: number;
  ackedMs: number;
  /** It did not take one of the local changes up to this one: of those it has at most most. */
  refusedChanges: number;
  /** It says that our clock is ahead of its own by more than is accepted. */
  findsUsAhead: boolean;
  /** Its clock is ahead of ours by more than is accepted. */
  isAhead: boolean;
  /** Notes have been compared with it once at least. */
  isReconciled: boolean;
  /** Monotonic milliseconds. */
  heardAt: number;
}

/** Without a word for so long, a member is suspected: three heartbeats. */
const suspectMs = 3_500;
/** Suspected for so long and unknown to discovery, it has left. Discovery may be late or in error for a while. */
const goneMs = 60_000;
/** Names of those that left are remembered for so long, so that what others tell of them is not believed. */
const rememberMs = 60_000;
const maxRemembered = 256;

export interface MembershipDeps {
  readonly self: () => Identity;
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Whether discovery lists the address. */
  readonly isListed: (identity: Identity) => boolean;
  readonly onChange: (member: Member, before: MemberState | undefined) => void;
}

export interface Membership {
  /** Joined and suspected ones. */
  readonly members: readonly Member[];
  find(id: string): Member | undefined;
  /** Who draws with this node id. */
  byNode(node: number): Member | undefined;
  /** It has proved who it is. Its former starts have left. undefined: it has left itself. */
  meet(identity: Identity): Member | undefined;
  heard(member: Member): void;
  leave(member: Member, reason: "leave" | "replaced" | "gone"): void;
  hasLeft(id: string): boolean;
  /** Suspects the silent and gives up the gone. */
  check(): void;
}

export const createMembership = ({ self, now, isListed, onChange }: MembershipDeps): Membership => {
  const byId = new Map<string, Member>();
  const left = new Map<string, number>();
  let members: Member[] = [];

  const change = (member: Member, state: MemberState, reason: MemberReason) => {
    const before = member.state;
    if (before === state) return;
    member.state = state;
    member.reason = reason;
    onChange(member, before);
  };
  const leave: Membership["leave"] = (member, reason) => {
    if (!byId.delete(member.id)) return;
    members = members.filter((each) => each !== member);
    left.delete(member.id);
    left.set(member.id, now());
    for (const [id] of left) if (left.size > maxRemembered) left.delete(id);
    change(member, "left", reason);
  };
  const heard = (member: Member) => {
    member.heardAt = now();
    if (member.state === "suspected") change(member, "joined", "handshake");
  };

  return {
    get members() {
      return members;
    },
    find: (id) => byId.get(id),
    byNode: (node) => members.find((member) => member.identity.node === node),
    hasLeft: (id) => left.has(id),
    meet: (identity) => {
      const id = memberId(identity);
      if (id === memberId(self()) || left.has(id)) return undefined;
      const known = byId.get(id);
      if (known) {
        known.identity = identity;
        heard(known);
        return known;
      }
      for (const other of members) if (other.identity.uid === identity.uid) leave(other, "replaced");
      const member: Member = {
        id,
        identity,
        state: "joined",
        reason: "handshake",
        phase: "warming",
        hasSpoken: false,
        load: 0,
        applied: new Map(),
        backlog: createBacklog(),
        ackedChanges: 0,
        ackedMs: 0,
        refusedChanges: -1,
        findsUsAhead: false,
        isAhead: false,
        isReconciled: false,
        heardAt: now(),
      };
      byId.set(id, member);
      members = [...members, member];
      onChange(member, undefined);
      return member;
    },
    heard,
    leave,
    check: () => {
      const time = now();
      for (const [id, at] of left) if (time - at > rememberMs) left.delete(id);
      for (const member of members) {
        const silent = time - member.heardAt;
        if (silent > suspectMs) change(member, "suspected", "silent");
        if (silent > goneMs && !isListed(member.identity)) leave(member, "gone");
      }
    },
  };
};
