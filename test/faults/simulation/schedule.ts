// What may happen in a simulation, as data: fast-check draws it, shrinks it, and prints it so that it can be replayed.
import fc from "fast-check";
import type { EvictionPolicy } from "../../../responder/store/types.ts";

export const cutKinds = ["one", "oneWay", "isolate", "ring", "bridge", "all"] as const;

/** Nodes and keys are numbers, taken modulo how many there are. */
export type Action =
  | { readonly do: "put"; readonly node: number; readonly key: number; readonly bytes: number; readonly ttlMs: number }
  | { readonly do: "delete"; readonly node: number; readonly key: number }
  | { readonly do: "expire"; readonly node: number; readonly key: number; readonly ttlMs: number }
  | { readonly do: "deleteRange"; readonly node: number; readonly prefix: number }
  | { readonly do: "flush"; readonly node: number }
  | { readonly do: "putAll"; readonly node: number; readonly key: number }
  /** Many keys that nobody asks for again. */
  | { readonly do: "flood"; readonly node: number; readonly count: number; readonly bytes: number }
  /** Deletes of keys that are not there: each leaves a tombstone. */
  | { readonly do: "bury"; readonly node: number; readonly count: number }
  | { readonly do: "wait"; readonly ms: number }
  | { readonly do: "cut"; readonly kind: (typeof cutKinds)[number]; readonly node: number }
  | { readonly do: "heal" }
  | { readonly do: "reset"; readonly node: number; readonly other: number }
  | { readonly do: "kill"; readonly node: number; readonly downMs: number }
  | { readonly do: "leave"; readonly node: number; readonly downMs: number }
  | { readonly do: "pause"; readonly node: number; readonly ms: number }
  | { readonly do: "skew"; readonly node: number; readonly ms: number }
  | { readonly do: "slow"; readonly ms: number };

export interface Schedule {
  readonly seed: number;
  readonly nodes: number;
  readonly keys: number;
  readonly maxBytes: number;
  /** The first node has room for everything: what makes room elsewhere must stay there. */
  readonly roomy: boolean;
  readonly policy: EvictionPolicy;
  readonly retentionMs: number;
  /** All start with one node id. */
  readonly sameNode: boolean;
  readonly actions: readonly Action[];
}

const node = fc.nat(4);
const key = fc.nat(15);
const ttlMs = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.integer({ min: 1, max: 400 }) }, { weight: 1, arbitrary: fc.integer({ min: 400, max: 20_000 }) });
const act = <const D extends Action["do"]>(kind: D, fields: Record<string, fc.Arbitrary<unknown>> = {}) => fc.record({ do: fc.constant(kind), ...fields }) as unknown as fc.Arbitrary<Action>;

const action = fc.oneof(
  { weight: 30, arbitrary: act("put", { node, key, bytes: fc.oneof(fc.nat(60), fc.nat(60), fc.nat(3_000)), ttlMs }) },
  { weight: 10, arbitrary: act("delete", { node, key }) },
  { weight: 3, arbitrary: act("expire", { node, key, ttlMs }) },
  { weight: 2, arbitrary: act("deleteRange", { node, prefix: fc.nat(3) }) },
  { weight: 1, arbitrary: act("flush", { node }) },
  { weight: 4, arbitrary: act("putAll", { node, key }) },
  { weight: 4, arbitrary: act("flood", { node, count: fc.integer({ min: 1, max: 300 }), bytes: fc.nat(2_000) }) },
  { weight: 1, arbitrary: act("bury", { node, count: fc.integer({ min: 1, max: 250 }) }) },
  { weight: 14, arbitrary: act("wait", { ms: fc.oneof({ weight: 6, arbitrary: fc.nat(30) }, { weight: 3, arbitrary: fc.nat(1_500) }, { weight: 1, arbitrary: fc.nat(15_000) }) }) },
  { weight: 6, arbitrary: act("cut", { kind: fc.constantFrom(...cutKinds), node }) },
  { weight: 4, arbitrary: act("heal") },
  { weight: 2, arbitrary: act("reset", { node, other: node }) },
  { weight: 2, arbitrary: act("kill", { node, downMs: fc.oneof(fc.nat(100), fc.nat(8_000)) }) },
  { weight: 1, arbitrary: act("leave", { node, downMs: fc.nat(3_000) }) },
  { weight: 2, arbitrary: act("pause", { node, ms: fc.oneof(fc.nat(500), fc.nat(8_000)) }) },
  { weight: 2, arbitrary: act("skew", { node, ms: fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer({ min: -4_000, max: 4_000 })) }) },
  { weight: 1, arbitrary: act("slow", { ms: fc.oneof(fc.nat(5), fc.nat(400)) }) },
);

/** Long cuts, few keys: what was deleted meanwhile is forgotten before the cut heals. */
const longCut = fc.oneof(
  { weight: 8, arbitrary: act("put", { node, key, bytes: fc.nat(30), ttlMs: fc.constantFrom(0, 0, 0, 500) }) },
  { weight: 8, arbitrary: act("delete", { node, key }) },
  { weight: 1, arbitrary: act("deleteRange", { node, prefix: fc.nat(3) }) },
  { weight: 1, arbitrary: act("flood", { node, count: fc.integer({ min: 1, max: 200 }), bytes: fc.nat(1_500) }) },
  { weight: 1, arbitrary: act("bury", { node, count: fc.integer({ min: 1, max: 250 }) }) },
  { weight: 3, arbitrary: act("cut", { kind: fc.constantFrom(...cutKinds), node }) },
  { weight: 1, arbitrary: act("heal") },
  { weight: 1, arbitrary: act("kill", { node, downMs: fc.nat(500) }) },
  { weight: 5, arbitrary: act("wait", { ms: fc.integer({ min: 1_000, max: 15_000 }) }) },
  { weight: 3, arbitrary: act("wait", { ms: fc.nat(40) }) },
);

/** Connections break while records are on their way, and clients wait for acknowledgements. */
const unsteady = fc.oneof(
  { weight: 8, arbitrary: act("put", { node, key, bytes: fc.nat(30), ttlMs: fc.constantFrom(0, 0, 0, 5, 60) }) },
  { weight: 6, arbitrary: act("putAll", { node, key }) },
  { weight: 3, arbitrary: act("delete", { node, key }) },
  { weight: 4, arbitrary: act("reset", { node, other: node }) },
  { weight: 2, arbitrary: act("kill", { node, downMs: fc.nat(300) }) },
  { weight: 2, arbitrary: act("pause", { node, ms: fc.nat(1_000) }) },
  { weight: 1, arbitrary: act("slow", { ms: fc.nat(60) }) },
  { weight: 6, arbitrary: act("wait", { ms: fc.nat(20) }) },
);

/** More than there is room for, at some. */
const pressure = fc.oneof(
  { weight: 6, arbitrary: act("put", { node, key, bytes: fc.nat(300), ttlMs: fc.constantFrom(0, 0, 0, 300) }) },
  { weight: 2, arbitrary: act("delete", { node, key }) },
  { weight: 6, arbitrary: act("flood", { node, count: fc.integer({ min: 100, max: 300 }), bytes: fc.integer({ min: 500, max: 2_500 }) }) },
  { weight: 1, arbitrary: act("cut", { kind: fc.constantFrom(...cutKinds), node }) },
  { weight: 2, arbitrary: act("heal") },
  { weight: 6, arbitrary: act("wait", { ms: fc.oneof(fc.nat(30), fc.nat(3_000)) }) },
);

/** Clocks that are wrong, by less and by more than is accepted. */
const skewed = fc.oneof(
  { weight: 8, arbitrary: act("put", { node, key, bytes: fc.nat(30), ttlMs: fc.constantFrom(0, 0, 0, 2_000) }) },
  { weight: 4, arbitrary: act("delete", { node, key }) },
  { weight: 1, arbitrary: act("deleteRange", { node, prefix: fc.nat(3) }) },
  { weight: 3, arbitrary: act("skew", { node, ms: fc.oneof(fc.integer({ min: -450, max: 450 }), fc.integer({ min: -6_000, max: 6_000 })) }) },
  { weight: 1, arbitrary: act("reset", { node, other: node }) },
  { weight: 1, arbitrary: act("kill", { node, downMs: fc.nat(500) }) },
  { weight: 6, arbitrary: act("wait", { ms: fc.oneof(fc.nat(20), fc.nat(1_000)) }) },
);

const actions = {
  anything: fc.array(action, { minLength: 1, maxLength: 60 }),
  longCut: fc.array(longCut, { minLength: 5, maxLength: 40 }),
  unsteady: fc.array(unsteady, { minLength: 5, maxLength: 60 }),
  pressure: fc.array(pressure, { minLength: 5, maxLength: 30 }),
  skewed: fc.array(skewed, { minLength: 5, maxLength: 40 }),
};
export type Profile = keyof typeof actions;
export const profiles = Object.keys(actions) as Profile[];

/** Of one profile, or of all of them. */
export const schedulesOf = (profile?: Profile): fc.Arbitrary<Schedule> =>
  fc.record({
    seed: fc.integer(),
    nodes: fc.integer({ min: 2, max: 4 }),
    keys: fc.integer({ min: 1, max: 12 }),
    maxBytes: fc.constantFrom(1_048_576, 4_194_304, 262_144, 393_216),
    roomy: fc.boolean(),
    policy: fc.constantFrom<EvictionPolicy>("TinyLFU", "LRU", "NoEviction"),
    retentionMs: fc.constantFrom(3_000, 3_000, 600_000),
    sameNode: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
    actions: profile ? actions[profile] : fc.oneof({ weight: 2, arbitrary: actions.anything }, ...profiles.filter((each) => each !== "anything").map((each) => ({ weight: 1, arbitrary: actions[each] }))),
  });
