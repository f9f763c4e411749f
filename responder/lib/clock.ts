// Time as a dependency: production passes the machine's clocks and timers, tests hand-driven ones.

export interface Clock {
  /** Wall time in milliseconds since the epoch; may jump. */
  wall(): number;
  /** Monotonic milliseconds with a fraction; never goes back. */
  monotonic(): number;
}

export const systemClock: Clock = { wall: () => Date.now(), monotonic: () => performance.now() };

export interface Timers {
  /** Runs again and again until the returned function is called. Never keeps the process alive. */
  every(ms: number, run: () => void): () => void;
  /** Runs once, unless the returned function is called before. Keeps the process alive until then. */
  after(ms: number, run: () => void): () => void;
}

export const systemTimers: Timers = {
  every: (ms, run) => {
    const timer = setInterval(run, ms).unref();
    return () => clearInterval(timer);
  },
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};
