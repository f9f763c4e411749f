// Walks the keys that begin with a prefix: a page of them, or all of them to delete. In slices, so that a million keys stall nobody.
import { maxKeyBytes } from "#contract/http";
import type { Slot, Store } from "../store/types.ts";
import { ttlLeft } from "./entry.ts";
import { versionText } from "./etag.ts";
import { textOf } from "./schema/fields.ts";
import type { ListAnswer, ListedKey } from "./schema/keys.ts";
import type { TakeTurn } from "./turns.ts";

/** Entries looked at; a step that found none counts as one. Looking at that many takes a third of a millisecond. */
const looksPerTurn = 500;
/** Of a deletion; a step looks at some eight entries. */
const stepsPerTurn = 60;
/** A page ends here even when it is not full: a rare prefix in a large cache must not hold a request for seconds. */
export const looksPerPage = 100_000;

export interface Walk {
  readonly store: Store;
  /** Empty: every key. */
  readonly prefix: Buffer;
  readonly takeTurn: TakeTurn;
  /** Nobody waits for the answer any more. */
  readonly cancelled: () => boolean;
}

const scratch = Buffer.alloc(maxKeyBytes);

/** The key in the scratch buffer, when it begins with the prefix. */
const matching = (store: Store, slot: Slot, prefix: Buffer): Buffer | undefined => {
  if (store.keyBytes(slot) < prefix.length) return undefined;
  const length = store.copyKey(slot, scratch, 0);
  return scratch.compare(prefix, 0, prefix.length, 0, prefix.length) === 0 ? scratch.subarray(0, length) : undefined;
};

const describe = (store: Store, slot: Slot, key: Buffer): ListedKey => {
  const { text, encoding } = textOf(key);
  const expiresAt = store.expiresAt(slot);
  return {
    key: text,
    keyEncoding: encoding,
    bytes: store.valueBytes(slot),
    version: versionText(store, slot),
    ...(expiresAt === 0 ? {} : { ttl: ttlLeft(expiresAt, store.now()) }),
  };
};

export const formatCursor = (cursor: number): string => cursor.toString(16).padStart(8, "0");

/** At most `limit` keys, unless the store's first step alone has more: no cursor points into a step. */
export const listKeys = async ({ store, prefix, takeTurn, cancelled }: Walk, start: number, limit: number): Promise<ListAnswer> => {
  const keys: ListedKey[] = [];
  let cursor = start;
  let looks = 0;
  let turnEnds = 0;
  do {
    if (looks >= turnEnds) {
      await takeTurn();
      turnEnds = looks + looksPerTurn;
    }
    const found: ListedKey[] = [];
    let visits = 0;
    const next = store.scan(cursor, (slot) => {
      visits++;
      const key = matching(store, slot, prefix);
      if (key) found.push(describe(store, slot, key));
    });
    looks += Math.max(visits, 1);
    // the step begins the next page
    if (keys.length > 0 && keys.length + found.length > limit) break;
    keys.push(...found);
    cursor = next;
  } while (cursor !== 0 && keys.length < limit && looks < looksPerPage && !cancelled());
  return { keys, cursor: cursor === 0 ? null : formatCursor(cursor) };
};

/** Returns how many were deleted. Gone for readers at once, also when nobody waits for the count any more; a key that is written while this runs stays. */
export const deleteKeys = async ({ store, prefix, takeTurn, cancelled }: Walk): Promise<number> => {
  const walk = store.deleteRange(prefix);
  do {
    await takeTurn();
    for (let steps = 0; steps < stepsPerTurn; steps++) if (!walk.step()) return walk.removed;
  } while (!cancelled());
  return walk.removed;
};
