// When notes were last compared with each peer: what was forgotten since, the other may still hold.
/** So many peers are kept in mind, dead ones too. */
const maxKept = 256;
/** Two clocks may differ by so much, twice. */
const skewMs = 1_000;

export interface Reconciled {
  /** Milliseconds of this pod's clock. Of a peer never met: what holds for whoever came from nowhere. */
  at(id: string): number;
  set(id: string, at: number): void;
  /** A deletion that this peer may not know was forgotten. */
  void(id: string): void;
  /** Where the two stand: what is known here, or learned from a donor; else the other's own word, in its clock. */
  agreed(id: string, claimed: number): number;
  /** For who is warmed from here. */
  entries(): Iterable<readonly [string, number]>;
  /** Entries come from a donor: until it has told what it knows, nothing is known. */
  begin(): void;
  /** What the donor knew is what is known here. */
  inherit(entries: Iterable<readonly [string, number]>): void;
}

/** `bornAt`: an empty pod knows as much as anybody of what was deleted before it was there. */
export const createReconciled = (bornAt: number): Reconciled => {
  const kept = new Map<string, number>();
  let otherwise = bornAt;
  const set = (id: string, at: number) => {
    kept.delete(id);
    kept.set(id, at);
    if (kept.size <= maxKept) return;
    const [oldest] = kept.keys();
    if (oldest !== undefined) kept.delete(oldest);
    // who is no longer kept in mind may be anybody
    otherwise = 0;
  };
  return {
    at: (id) => kept.get(id) ?? otherwise,
    set,
    void: (id) => set(id, 0),
    agreed: (id, claimed) => {
      const mine = kept.get(id);
      // who has never met a newcomer has nothing to say of it, and what the newcomer holds is what its donor compared
      return mine ?? Math.max(0, claimed - skewMs);
    },
    entries: () => kept,
    begin: () => {
      kept.clear();
      otherwise = 0;
    },
    inherit: (entries) => {
      for (const [id, at] of entries) set(id, Math.max(0, Math.min(at - skewMs, bornAt)));
    },
  };
};
