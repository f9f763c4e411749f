// Mistakes that others have made, one change each: the simulation must notice every one of them.

import type { Profile } from "../simulation/schedule.ts";

export interface Mutant {
  readonly name: string;
  /** The schedules in which it shows; absent: any. */
  readonly profile?: Profile;
  /** Schedules that are passed over, since it does not show in them. Default 0. */
  readonly passOver?: number;
  /** From the root of the tree. */
  readonly file: string;
  /** Stands there exactly once. */
  readonly from: string;
  readonly to: string;
}

export const mutants: readonly Mutant[] = [
  {
    name: "versions by the wall clock alone",
    file: "responder/store/version.ts",
    from: "if (physical > clock.ms) {",
    to: "if (physical !== clock.ms) {",
  },
  {
    name: "a later version of a peer is not observed",
    file: "responder/store/version.ts",
    from: "if (ms < clock.ms || (ms === clock.ms && counter <= clock.counter)) return;",
    to: "return;",
  },
  {
    name: "a deletion leaves no tombstone",
    file: "responder/store/store.ts",
    from: "if (!tombstones) {\n      if (isLive) state.remove(slot);",
    to: "if (tombstones) {\n      if (isLive) { state.versions.draw(); changed(slot); state.remove(slot); }",
  },
  {
    name: "what arrives is written whatever is there",
    file: "responder/store/replica.ts",
    from: "if (compare(slot, ms, counter, node) >= 0) return mergeOutcome.stale;",
    to: "",
  },
  {
    name: "compared with the last record of any key, not of this one",
    file: "responder/store/replica.ts",
    from: "if (compare(slot, ms, counter, node) >= 0) return mergeOutcome.stale;",
    to: "if (ms < versions.ms) return mergeOutcome.stale;",
  },
  {
    name: "equal milliseconds and counters are not told apart by the node",
    file: "responder/store/replica.ts",
    from: " || (columns.cold[at + coldNode]! >>> 0) - node;",
    to: ";",
  },
  {
    name: "an eviction is sent as a deletion with a version of its own",
    profile: "pressure",
    passOver: 1989,
    file: "responder/store/room.ts",
    from: "if (!state.mayForget(slot)) return void tombstones?.bury(slot, \"evicted\");",
    to: "if (state.journal) { tombstones?.bury(slot, \"deleted\"); state.drawVersion(slot); return state.journal.changed(slot); }",
  },
  {
    name: "acknowledged before it is applied",
    profile: "unsteady",
    passOver: 425,
    file: "responder/replication/sender.ts",
    from: "    noteClean();\n  };\n\n  const onAck",
    to: "    noteClean();\n    if (member) member.ackedChanges = store.replica.changes;\n    hub.waiters.check();\n  };\n\n  const onAck",
  },
  {
    name: "dirty slots are freed when they are evicted or over",
    passOver: 71,
    file: "responder/replication/journal.ts",
    from: "if (!parts || parts.hasStrangers()) return false;",
    to: "return true;",
  },
  {
    name: "what others wrote is forgotten as if everyone had it",
    passOver: 1952,
    file: "responder/replication/journal.ts",
    from: "if (identity.node !== node && (applied.get(node) ?? 0) < ms) return false;",
    to: "",
  },
  {
    name: "deleting an absent key does nothing",
    file: "responder/store/store.ts",
    from: "if (slot >= 0) tombstones.bury(slot, \"deleted\");\n    else",
    to: "if (!isLive) return false;\n    if (slot >= 0) tombstones.bury(slot, \"deleted\");\n    else",
  },
  {
    name: "the digest does not see new versions",
    file: "responder/store/state.ts",
    from: "columns.cold[at + coldNode] = node;\n    if (journal) digest(slot);",
    to: "columns.cold[at + coldNode] = node;\n    if (journal && digests === undefined) digest(slot);",
  },
  {
    name: "what was on its way when a connection ended counts as arrived",
    profile: "unsteady",
    passOver: 425,
    file: "responder/replication/sender.ts",
    from: "outbox?.lost();",
    to: "outbox?.acknowledge(outbox.sent);\n    settle();\n    hub.waiters.check();",
  },
  {
    name: "a deleted range is not held against what arrives late",
    profile: "longCut",
    passOver: 203,
    file: "responder/store/replica.ts",
    from: "if (ranges.list.length > 0 && ranges.covers(ranges.list,",
    to: "if (ranges.list.length < 0 && ranges.covers(ranges.list,",
  },
  {
    name: "a forgotten deletion leaves no floor",
    profile: "longCut",
    file: "responder/store/tombstones.ts",
    from: "if (isDeletion || !known) floors.forgotten(",
    to: "if (bucket < 0) floors.forgotten(",
  },
  {
    name: "no repair",
    file: "responder/replication/repair.ts",
    from: "} else if (sender?.isReady && begins(member) && time >= state.nextAt",
    to: "} else if (sender?.isReady && begins(member) && time < 0",
  },
  {
    name: "a clock far ahead is believed",
    profile: "skewed",
    file: "responder/replication/receiver.ts",
    from: "if (record.ms > now + maxAheadMs) return",
    to: "if (record.ms > now + 1e9) return",
  },
  {
    name: "a record that was found too far ahead counts as delivered",
    profile: "skewed",
    passOver: 453,
    file: "responder/replication/sender.ts",
    from: "if (slot >= 0) member.backlog.mark(slot);\n    else ranges",
    to: "if (slot < 0) ranges",
  },
  {
    name: "expired entries go without a trace",
    passOver: 71,
    file: "responder/store/room.ts",
    from: "if (state.mayForget(slot)) state.remove(slot);\n    else {",
    to: "if (state.mayForget(slot) || state.isExpired(slot)) state.remove(slot);\n    else {",
  },
];
