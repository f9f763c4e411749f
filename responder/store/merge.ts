// Which of two records of one key stands: the later version, everywhere the same.
import { compareVersions, type Version } from "./version.ts";

/** What is known of one key. A version belongs to one content; a pod may have forgotten the content, by eviction or because its time was over. */
export interface KeyRecord {
  readonly version: Version;
  /** undefined: deleted, or forgotten. */
  readonly content: string | undefined;
}

/**
 * The join of a semilattice: commutative, associative, idempotent, so that records may come in any order and any number of times (Shapiro, Preguica, Baquero,
 * Zawirski, "Conflict-free replicated data types", 2011; the register in which the last writer wins). Of one version the content that is still known stands.
 */
export const merge = (a: KeyRecord | undefined, b: KeyRecord | undefined): KeyRecord | undefined => {
  if (a === undefined || b === undefined) return a ?? b;
  const order = compareVersions(a.version, b.version);
  if (order !== 0) return order > 0 ? a : b;
  return a.content === undefined ? b : a;
};
