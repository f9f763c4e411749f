// Does something so many times a second, evenly: what is late is caught up with, because clients do not wait for each other either.

const everyMs = 1;

/** `act` is told how many are due now, about once a millisecond. Resolves with how many there were. */
export const paced = (perSecond: number, seconds: number, act: (due: number) => void): Promise<number> =>
  new Promise((resolve) => {
    const startedAt = performance.now();
    const all = Math.round(perSecond * seconds);
    let done = 0;
    const timer = setInterval(() => {
      const due = Math.min(all, Math.floor(((performance.now() - startedAt) / 1000) * perSecond)) - done;
      if (due > 0) act(due);
      done += Math.max(0, due);
      if (done < all) return;
      clearInterval(timer);
      resolve(done);
    }, everyMs);
  });

export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
};
