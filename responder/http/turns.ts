// Shares the event loop: long work is done in slices, one slice a turn over all requests, and everybody else comes in between.

export type TakeTurn = () => Promise<void>;

/** First come, first served. */
export const createTurns = (): TakeTurn => {
  let last: Promise<void> = Promise.resolve();
  return () => (last = last.then(() => new Promise((resolve) => void setImmediate(resolve))));
};
