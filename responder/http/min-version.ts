// Reads that must not be older than a version: they wait a while for this pod to hold it, and the peers are asked for the key.
import type { ServerResponse } from "node:http";
import type { Timers } from "#lib/clock";
import type { Replication } from "../replication/port.ts";
import type { Range } from "../store/ranges.ts";
import { absent, type Store } from "../store/types.ts";
import { compareVersions, parseVersion, type Version } from "../store/version.ts";
import type { EntryAnswer } from "./entry.ts";

export const minVersionTimeoutMs = 1_000;
/** A look costs a microsecond a waiter. */
const lookEveryMs = 5;
/** More than this are not waited for: reads of what is here must not feel them. */
export const mostWaiting = 500;

/** A version as it is or as an ETag; undefined: it is neither. */
export const parseMinVersion = (text: string): Version | undefined => parseVersion(/^"(.*)"$/.exec(text)?.[1] ?? text);

/** late: it did not come in time. crowded: too many wait already. */
export type Reached = "held" | "late" | "crowded";

export const reachedAnswers = {
  late: { status: 504, error: "version_not_reached", detail: `it did not arrive within ${minVersionTimeoutMs / 1000} s` },
  crowded: { status: 504, error: "version_not_reached", detail: `not waited for: ${mostWaiting} requests wait for versions already` },
} as const satisfies Record<Exclude<Reached, "held">, EntryAnswer>;

export interface VersionWaits {
  /** Whether the key is held in that version or a later one, be it as a deletion; at once or in time. */
  reach(key: Buffer, version: Version, outgoing: ServerResponse): Promise<Reached>;
}

export interface VersionWaitsDeps {
  readonly store: Store;
  readonly replication: Pick<Replication, "fetch">;
  readonly timers: Timers;
}

interface Waiting {
  readonly isHeld: () => boolean;
  readonly end: (reached: Reached) => void;
}

const deletes = ({ prefix, version }: Range, key: Buffer, asked: Version): boolean =>
  compareVersions(version, asked) >= 0 && key.subarray(0, prefix.length).equals(prefix);

export const createVersionWaits = ({ store, replication, timers }: VersionWaitsDeps): VersionWaits => {
  const waiting = new Set<Waiting>();
  let stopLooking: (() => void) | undefined;

  /** Whatever the record is by now: an entry whose time is over, or that has made room, was held, and is missed as always. */
  const isHeld = (key: Buffer, version: Version): boolean => {
    const { replica } = store;
    const slot = replica.locate(key, 0, key.length);
    if (slot !== absent && compareVersions(store.version(slot), version) >= 0) return true;
    return replica.ranges.some((range) => deletes(range, key, version));
  };
  const look = () => {
    for (const one of waiting) if (one.isHeld()) one.end("held");
  };

  return {
    reach: (key, version, outgoing) =>
      new Promise((resolve) => {
        if (isHeld(key, version)) return resolve("held");
        if (waiting.size >= mostWaiting) return resolve("crowded");
        const one: Waiting = {
          isHeld: () => isHeld(key, version),
          end: (reached) => {
            waiting.delete(one);
            cancel();
            outgoing.off("close", onGone);
            if (waiting.size === 0) {
              stopLooking?.();
              stopLooking = undefined;
            }
            resolve(reached);
          },
        };
        // nobody is left to read the answer; the exchange ends as 499
        const onGone = () => one.end("late");
        outgoing.once("close", onGone);
        const cancel = timers.after(minVersionTimeoutMs, () => one.end("late"));
        waiting.add(one);
        stopLooking ??= timers.every(lookEveryMs, look);
        replication.fetch(key);
      }),
  };
};
