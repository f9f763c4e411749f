// Keeps the backlogs of all peers in step with the store, and tells the store what it may forget.
import type { TraceContext } from "#telemetry/trace-context";
import type { Membership } from "../peers/membership.ts";
import type { Journal } from "../store/types.ts";
import type { Reconciled } from "./reconciled.ts";
import type { Sender } from "./sender.ts";

/** Filled in when the parts are there: the store, which asks, is made first. */
export interface JournalParts {
  readonly members: Membership;
  readonly reconciled: Reconciled;
  readonly senders: () => Iterable<Sender>;
  readonly node: () => number;
  /** There may be peers that were never reached. */
  readonly hasStrangers: () => boolean;
  readonly wake: () => void;
  /** Monotonic milliseconds. */
  readonly now: () => number;
}

export type PeersJournal = Journal & {
  attach(parts: JournalParts): void;
  /** What it writes belongs to the span. */
  within<T>(span: TraceContext | undefined, write: () => T): T;
};

/** Of one span, slots whose records carry it to the peers: a batch of a thousand must not be a thousand spans at each of them. */
const tracedSlots = 8;
/** When two clocks may differ by so much, what was seen before is so much older. */
const skewMs = 1_000;

/** `attach` gives it its parts. Before that nobody is there who could miss anything. */
export const createJournal = (): PeersJournal => {
  let parts: JournalParts | undefined;
  /** Of the write under way. */
  let span: TraceContext | undefined;
  /** Slots that may still carry it. */
  let left = 0;

  /** Without news from whoever wrote it: everyone has compared notes since. */
  const isOld = ({ members, reconciled }: JournalParts, ms: number): boolean => members.members.every((member) => member.isReconciled && ms < reconciled.at(member.id) - skewMs);

  const trace = ({ members, now }: JournalParts, slot: number, context: TraceContext) => {
    const write = { context, at: now() };
    for (const { backlog } of members.members) backlog.trace(slot, write);
  };

  return {
    attach: (given) => void (parts = given),
    within: (given, write) => {
      span = given;
      left = tracedSlots;
      try {
        return write();
      } finally {
        span = undefined;
      }
    },
    changed: (slot) => {
      if (!parts) return;
      const { members } = parts.members;
      for (let i = 0; i < members.length; i++) members[i]!.backlog.mark(slot);
      if (span && left-- > 0) trace(parts, slot, span);
      parts.wake();
    },
    rangeChanged: (range) => {
      if (!parts) return;
      for (const sender of parts.senders()) sender.range(range);
      parts.wake();
    },
    isKnown: (slot, node, ms) => {
      if (!parts || parts.hasStrangers()) return false;
      const { members } = parts.members;
      for (let i = 0; i < members.length; i++) {
        const member = members[i]!;
        // a newcomer may have been given an older one by somebody who had no newer
        if (!member.isReconciled || member.backlog.isPending(slot)) return false;
      }
      const isOwn = node === parts.node();
      if (!isOwn && !parts.members.byNode(node)) return isOld(parts, ms);
      for (let i = 0; i < members.length; i++) {
        const { identity, applied } = members[i]!;
        // who wrote it has it; of the others each has to have said so, behind all that it sent before
        if (identity.node !== node && (applied.get(node) ?? 0) < ms) return false;
      }
      return true;
    },
    forgotten: (slot) => {
      if (!parts) return;
      for (const member of parts.members.members) if (member.backlog.isPending(slot)) parts.reconciled.void(member.id);
    },
    freed: (slot) => {
      if (!parts) return;
      const { members } = parts.members;
      for (let i = 0; i < members.length; i++) members[i]!.backlog.freed(slot);
    },
    cleared: () => {
      if (!parts) return;
      for (const { backlog } of parts.members.members) backlog.clear();
      for (const { outbox } of parts.senders()) outbox?.cleared();
    },
  };
};
