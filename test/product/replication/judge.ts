// Judges a history: what clients saw while pods came and went, and what the pods hold when they have met again.
import { isDone, type Inventory, type Operation } from "./history.ts";

/**
 * A pod reads its clock once a turn, and clients at one pod may overtake those at another by that much. Of two operations at
 * different pods the second one counts as later when it began so long after the first one's end, and did not itself hang.
 */
const marginMs = 250;
const hangsMs = 1_000;

const at = ({ life: { pod, start }, kind, key, startedAt }: Operation): string => `${kind} ${key} at ${pod}#${start} ${startedAt.toFixed(0)} ms`;

/** There is somebody left who has it: a peer that acknowledged it, or the pod that took it. At most one pod is killed before all are equal again. */
const isDurable = (operation: Operation): boolean => isDone(operation) && ((operation.acked?.by ?? 0) >= 1 || operation.life.end !== "killed");

const isLater = (second: Operation, first: Operation): boolean => first.endedAt + marginMs < second.startedAt && second.endedAt - second.startedAt < hangsMs;

const byKey = (operations: readonly Operation[]): ReadonlyMap<string, readonly Operation[]> => Map.groupBy(operations, ({ key }) => key);

const allowed: Readonly<Record<Operation["kind"], readonly number[]>> = { get: [200, 404], put: [201, 204, 504], delete: [204, 404, 504] };

/** Answers that no situation excuses. No answer at all is one that a killed pod gives. */
export const unexpected = (operations: readonly Operation[]): string[] =>
  operations.filter(({ kind, status, life, ack }) => (status === 0 ? life.end === undefined : !allowed[kind].includes(status) || (status === 504 && ack === "local"))).map((each) => `${at(each)} answered ${each.status || "nothing"}`);

/** Every value that was read was written to that very key, with that version. */
export const unwritten = (operations: readonly Operation[], inventories: ReadonlyMap<string, Inventory>): string[] => {
  const puts = new Map(operations.filter(({ kind }) => kind === "put").map((each) => [each.value, each]));
  const check = (who: string, key: string, value: string | undefined, version: string | undefined): string[] => {
    const put = puts.get(value);
    if (put?.key !== key) return [`${who} has ${value}, which nobody wrote to ${key}`];
    return isDone(put) && put.version !== version ? [`${who} has ${value} with version ${version}; it was written with ${put.version}`] : [];
  };
  const read = operations.filter(({ kind, status }) => kind === "get" && status === 200);
  return [
    ...read.flatMap((each) => check(at(each), each.key, each.value, each.version)),
    ...[...inventories].flatMap(([pod, held]) => [...held].flatMap(([key, { value, version }]) => check(`${pod} in the end`, key, value, version))),
  ];
};

/** At one pod, while it lives: versions of a key never go back, and what was gone comes back only as something newer. */
export const wentBack = (operations: readonly Operation[]): string[] => {
  const found: string[] = [];
  for (const all of Map.groupBy(operations.filter(({ status }) => status !== 0), ({ life, key }) => `${life.pod}#${life.start} ${key}`).values()) {
    /** The greatest version that somebody had seen, and the greatest one that was seen gone. */
    let seen = "";
    let gone = "";
    const before = new Map<Operation, { readonly seen: string; readonly gone: string }>();
    const events = all.flatMap((operation) => [{ ms: operation.startedAt, isStart: true, operation }, { ms: operation.endedAt, isStart: false, operation }]);
    for (const { isStart, operation } of events.sort((a, b) => a.ms - b.ms)) {
      if (isStart) {
        before.set(operation, { seen, gone });
        continue;
      }
      const known = before.get(operation) ?? { seen: "", gone: "" };
      const { version, kind, status } = operation;
      if (version !== undefined) {
        if (version < known.seen) found.push(`${at(operation)} has version ${version} after ${known.seen}`);
        else if (kind === "get" && version <= known.gone) found.push(`${at(operation)} has version ${version}, which was gone`);
        if (version > seen) seen = version;
      } else if (status === 404 || isDone(operation)) {
        if (known.seen > gone) gone = known.seen;
      }
    }
  }
  return found;
};

/** Pods that hold something else than the first one. */
export const unequal = (inventories: ReadonlyMap<string, Inventory>): string[] => {
  const [[first, expected] = ["", new Map() as Inventory], ...others] = inventories;
  return others.flatMap(([pod, held]) =>
    [...new Set([...expected.keys(), ...held.keys()])]
      .filter((key) => expected.get(key)?.version !== held.get(key)?.version || expected.get(key)?.value !== held.get(key)?.value)
      .map((key) => `${key} is ${expected.get(key)?.version ?? "absent"} at ${first} and ${held.get(key)?.version ?? "absent"} at ${pod}`),
  );
};

/** Nothing that was deleted is there, and nothing that somebody was told is written is lost: the last one of a key is held, unless it was deleted. */
export const unkept = (operations: readonly Operation[], inventories: ReadonlyMap<string, Inventory>): string[] => {
  const found: string[] = [];
  for (const [key, all] of byKey(operations)) {
    const puts = all.filter(({ kind }) => kind === "put");
    const durable = puts.filter(isDurable);
    const deletes = all.filter(({ kind }) => kind === "delete");
    for (const [pod, held] of inventories) {
      const entry = held.get(key);
      const put = entry && puts.find(({ value }) => value === entry.value);
      for (const each of durable) {
        const wasDeleted = deletes.some((other) => other.status === 0 || other.endedAt + marginMs >= each.startedAt);
        if (entry ? entry.version < (each.version ?? "") : !wasDeleted) found.push(`${at(each)} was written with ${each.version} and is ${entry?.version ?? "absent"} at ${pod}`);
      }
      const end = put && isDone(put) ? deletes.find((each) => isDurable(each) && isLater(each, put)) : undefined;
      if (end) found.push(`${key} is ${entry?.version} at ${pod} in spite of ${at(end)}`);
    }
  }
  return found;
};

/** Once every peer had acknowledged a deletion, nobody reads what was there before: neither they nor who comes later. */
export const resurrected = (operations: readonly Operation[]): string[] => {
  const found: string[] = [];
  for (const all of byKey(operations).values()) {
    const puts = new Map(all.filter(({ kind }) => kind === "put").map((each) => [each.value, each]));
    const deletes = all.filter(({ kind, ack, acked, status }) => kind === "delete" && ack === "all" && status !== 504 && status !== 0 && acked !== undefined && acked.by > 0 && acked.by === acked.of);
    for (const read of all.filter(({ kind, status }) => kind === "get" && status === 200)) {
      const put = puts.get(read.value);
      const end = put && isDone(put) && deletes.find((each) => isLater(each, put) && each.endedAt < read.startedAt);
      if (end) found.push(`${at(read)} has ${read.value} in spite of ${at(end)}, acknowledged by ${end.acked?.by}`);
    }
  }
  return found;
};

export interface Verdict {
  readonly unexpected: readonly string[];
  readonly unwritten: readonly string[];
  readonly wentBack: readonly string[];
  readonly unequal: readonly string[];
  readonly unkept: readonly string[];
  readonly resurrected: readonly string[];
}

const shown = 5;

/** Empty lists, or the first few of each kind. */
export const judge = (operations: readonly Operation[], inventories: ReadonlyMap<string, Inventory>): Verdict => {
  const few = (all: readonly string[]): readonly string[] => (all.length > shown ? [...all.slice(0, shown), `and ${all.length - shown} more`] : all);
  return {
    unexpected: few(unexpected(operations)),
    unwritten: few(unwritten(operations, inventories)),
    wentBack: few(wentBack(operations)),
    unequal: few(unequal(inventories)),
    unkept: few(unkept(operations, inventories)),
    resurrected: few(resurrected(operations)),
  };
};

export const innocent: Verdict = { unexpected: [], unwritten: [], wentBack: [], unequal: [], unkept: [], resurrected: [] };
