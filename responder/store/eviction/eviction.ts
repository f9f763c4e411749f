// What a policy of eviction is told, and the one thing that it is asked.
import type { Columns } from "../columns.ts";

/**
 * Told of every entry that comes, is used, changes its weight or goes (evicted ones too); asked who must go.
 * It keeps its lists in the columns (`hotPrev`, `hotNext`, the segment bits of `hotMeta`) while an entry is in the store.
 */
export interface Eviction {
  /** Memory of its own tables. */
  readonly tableBytes: number;
  /** How much more its tables should take; 0: they are right. `grow` does it. */
  readonly wantedBytes: number;
  grow(): void;
  added(slot: number): void;
  used(slot: number): void;
  /** The weight has changed by so much; does not count as a use. */
  reweighed(slot: number, by: number): void;
  removed(slot: number): void;
  /** The entry that must go, which is never `keep`; below 0: none. `incoming` is the weight of what needs the room. */
  victim(keep: number, incoming: number): number;
  /** All entries have gone. */
  cleared(): void;
}

export interface EvictionDeps {
  readonly columns: Columns;
  /** Bytes that would come free with the entry. */
  readonly weight: (slot: number) => number;
}
