// Lets no more than so many tasks run at once; the others wait in the order in which they came.

export type Slots = <T>(task: () => Promise<T>) => Promise<T>;

export const createSlots = (most: number): Slots => {
  const waiting: (() => void)[] = [];
  let free = most;
  return async (task) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((go) => waiting.push(go));
    try {
      return await task();
    } finally {
      // handed on rather than given back, so that nobody overtakes
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
};
