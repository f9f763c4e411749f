// The judge of histories: a history as it should be, and one of each kind that should not.
import { describe, expect, test } from "vitest";
import type { Inventory, Life, Operation } from "./history.ts";
import { innocent, judge, type Verdict } from "./judge.ts";

const [a, b]: readonly Life[] = [{ pod: "a", start: 0 }, { pod: "b", start: 0 }];
const killed: Life = { pod: "c", start: 0, end: "killed" };
const version = (n: number): string => n.toString(16).padStart(24, "0");

/** Each second one operation, of a tenth of a second. */
const put = (second: number, life: Life | undefined, value: string, more: Partial<Operation> = {}): Operation => ({
  life: life ?? killed, kind: "put", key: "k", value, ack: "local", startedAt: second * 1000, endedAt: second * 1000 + 100, status: 201, version: version(second), ...more,
});
const remove = (second: number, life: Life | undefined, more: Partial<Operation> = {}): Operation => ({
  life: life ?? killed, kind: "delete", key: "k", ack: "local", startedAt: second * 1000, endedAt: second * 1000 + 100, status: 204, ...more,
});
const get = (second: number, life: Life | undefined, of?: Operation): Operation => ({
  life: life ?? killed, kind: "get", key: "k", startedAt: second * 1000, endedAt: second * 1000 + 100, status: of ? 200 : 404, ...(of && { value: of.value, version: of.version }),
});
const holding = (...of: readonly (Operation | undefined)[]): ReadonlyMap<string, Inventory> =>
  new Map(of.map((each, i) => [`pod${i}`, new Map(each ? [[each.key, { version: each.version ?? "", value: each.value ?? "" }]] : [])]));
const guiltyOf = (verdict: Verdict): string[] => Object.entries(verdict).filter(([, found]) => found.length > 0).map(([name]) => name);

const [one, two] = [put(1, a, "one"), put(3, b, "two")];
const all = { ack: "all", acked: { by: 2, of: 2 } } as const;

describe("is innocent", () => {
  test.each<[string, Operation[], ReadonlyMap<string, Inventory>]>([
    ["the last one is held everywhere", [one, get(2, a, one), two, get(4, a, two)], holding(two, two)],
    ["a late reader at another pod", [one, two, get(4, a, one), get(5, b, two)], holding(two, two)],
    ["deleted, and written again", [one, remove(2, a), get(3, a), put(4, b, "again")], holding(put(4, b, "again"))],
    ["a write nobody but a killed pod had", [put(1, killed, "lost")], holding(undefined, undefined)],
    ["a write without an answer that was done all the same", [put(1, killed, "perhaps", { status: 0 })], holding(put(1, a, "perhaps"))],
    ["a deletion without an answer", [one, remove(2, killed, { status: 0 })], holding(undefined)],
    ["written while it was being deleted", [put(1, a, "one", { endedAt: 2_500 }), remove(2, b)], holding(put(1, a, "one"))],
  ])("%s", (_, operations, inventories) => expect(judge(operations, inventories)).toEqual(innocent));
});

describe("is guilty", () => {
  test.each<[keyof Verdict, string, Operation[], ReadonlyMap<string, Inventory>]>([
    ["unexpected", "an error", [one, { ...get(2, a), status: 500 }], holding(one)],
    ["unexpected", "no answer of a pod that lives", [one, { ...get(2, a), status: 0 }], holding(one)],
    ["unexpected", "a local write that waited for peers", [put(1, a, "one", { status: 504 })], holding(one)],
    ["unwritten", "a value from nowhere", [one, get(2, b, { ...one, value: "ghost" })], holding(one)],
    ["unwritten", "a value of another key", [{ ...one, key: "other" }, get(2, a, one)], holding()],
    ["unwritten", "a value with another one's version", [one, get(2, b, { ...one, version: version(7) })], holding(one)],
    ["wentBack", "an older version after a newer one", [one, two, get(4, a, two), get(5, a, one)], holding(two)],
    ["wentBack", "what this pod had not any more", [one, get(2, a, one), get(3, a), get(4, a, one), remove(5, b)], holding(undefined)],
    ["wentBack", "what was deleted at this very pod", [one, remove(2, a), get(3, a, one), remove(4, a)], holding(undefined)],
    ["unequal", "a pod that has not got it", [one], holding(one, undefined)],
    ["unequal", "two values of one version", [one], holding(one, { ...one, value: "two" })],
    ["unkept", "an older one won", [one, two], holding(one, one)],
    ["unkept", "gone, and nobody deleted it", [one], holding(undefined)],
    ["unkept", "deleted before, never since", [remove(1, a), put(3, a, "three")], holding(undefined)],
    ["unkept", "acknowledged by peers before its pod was killed", [put(1, killed, "one", all)], holding(undefined)],
    ["unkept", "acknowledged by one peer, in time or not", [put(1, killed, "one", { ack: "all", status: 504, acked: { by: 1, of: 2 } })], holding(undefined)],
    ["unkept", "a deletion undone", [one, remove(3, b)], holding(one)],
    ["resurrected", "read after all peers had its deletion", [one, remove(3, b, all), get(4, a, one), remove(5, a)], holding(undefined)],
  ])("%s: %s", (name, _, operations, inventories) => expect(guiltyOf(judge(operations, inventories))).toContain(name));
});
