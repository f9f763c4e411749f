// A bound on answers that wait for clients to read them: beyond it, who has waited longest goes.

export interface OutputBudget {
  /** So many bytes wait from now on. `close` is called, once and perhaps at once, when they can wait no longer. Returns what to call when they have left or are lost. */
  wait(bytes: number, close: () => void): () => void;
}

interface Waiting {
  readonly bytes: number;
  readonly close: () => void;
}

export const createOutputBudget = (limitBytes: number): OutputBudget => {
  // in the order of their beginning
  const waiting = new Set<Waiting>();
  let total = 0;
  const done = (one: Waiting) => {
    if (waiting.delete(one)) total -= one.bytes;
  };
  return {
    wait: (bytes, close) => {
      const one = { bytes, close };
      waiting.add(one);
      total += bytes;
      for (const oldest of waiting) {
        // a single answer may be larger than the budget: values have a bound of their own
        if (total <= limitBytes || waiting.size === 1) break;
        done(oldest);
        oldest.close();
      }
      return () => done(one);
    },
  };
};
