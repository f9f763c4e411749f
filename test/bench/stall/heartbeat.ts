// Watches an event loop from a thread of its own, so that a loop that stands still cannot hide it.
import { Worker } from "node:worker_threads";

/** The longest in milliseconds, by three measures, each its own worst. */
export interface Stalls {
  /** Between two turns of the loop, as the clock saw it: what a client feels. */
  readonly clock: number;
  /** Without the time in which the thread could run and was not given a core: what other programs take is not the loop's doing. */
  readonly own: number;
  /** Processor time of the thread alone, to the tick (4 ms on many kernels): also without its waits for helper threads, which other programs hold up too. */
  readonly processor: number;
  /** How many gaps were above 5 ms, by `own`. */
  readonly above5: number;
}

export interface Heart {
  /** Called once a turn. */
  beat(): void;
  /** Forgets what was seen. */
  reset(): Promise<void>;
  read(): Promise<Stalls>;
  stop(): Promise<void>;
}

const micros = (): number => Number(process.hrtime.bigint() / 1000n) | 0;

export const startHeart = async (): Promise<Heart> => {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  // without our own arguments: one of them may be the module that started this
  const worker = new Worker(new URL("./watcher.child.ts", import.meta.url), { workerData: shared, execArgv: [] });
  const ask = (what: "read" | "reset"): Promise<Stalls> =>
    new Promise((answer) => {
      worker.once("message", answer);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
      worker.postMessage(what);
    });
  const beat = () => void Atomics.store(shared, 0, micros());
  beat();
  await ask("reset");
  return { beat, reset: async () => void (await ask("reset")), read: () => ask("read"), stop: async () => void (await worker.terminate()) };
};
