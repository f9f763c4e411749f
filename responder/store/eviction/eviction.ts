// What a policy of eviction is told, and the one thing that it is asked.
import type { Columns } from "../columns.ts";

/** A table that follows the number of entries. */
export interface Growable {
  /** How much more memory it should take; 0: it is right. `grow` takes it. */
  readonly wantedBytes: number;
  /** It can wait no longer: entries have to go for it. */
  readonly isPressing: boolean;
  grow(): void;
}

/**
 * Told of every entry that comes, is used, changes its weight or goes (evicted ones too); asked who must go.
 * It keeps its lists in the columns (`hotPrev`, `hotNext`, the segment bits of `hotMeta`) while an entry is in the store.
 */
export interface Eviction extends Growable {
  /** Memory of its own tables. */
  readonly tableBytes: number;
  added(slot: number): void;
  used(slot: number): void;
  /** The weight has changed by so much; does not count as a use. */
  reweighed(slot: number, by: number): void;
  removed(slot: number): void;
  /** The entry that must go, which is never `keep`; below 0: none. `incoming` is the weight of what needs the room. */
  victim(keep: number, incoming: number): number;
  /** 0: among the last to go, 3: among the first. A guess, for who copies the entries in an order. */
  rank(slot: number): number;
  /** All entries have gone. */
  cleared(): void;
}

export interface EvictionDeps {
  readonly columns: Columns;
  /** Bytes that would come free with the entry. */
  readonly weight: (slot: number) => number;
}
