// Work that was put off: each connection in its order, a bounded number in each turn of the event loop.

export interface Deferred {
  takeTurn(): void;
}

export interface Turns<T extends Deferred> {
  add(work: T): void;
}

export const createTurns = <T extends Deferred>(perTurn: number): Turns<T> => {
  let queue: T[] = [];
  let running = false;
  const turn = () => {
    const now = queue.slice(0, perTurn);
    queue = queue.slice(perTurn);
    for (const each of now) each.takeTurn();
    running = queue.length > 0;
    // sockets are read between two of these
    if (running) setImmediate(turn);
  };
  return {
    add: (work) => {
      queue.push(work);
      if (running) return;
      running = true;
      setImmediate(turn);
    },
  };
};
