// The thread that watches: looks at the last beat five thousand times a second.
import { readFileSync } from "node:fs";
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import type { Stalls } from "./heartbeat.ts";

const beats = workerData as Int32Array;
const sleeper = new Int32Array(new SharedArrayBuffer(4));
const everyMs = 0.2;
const micros = (): number => Number(process.hrtime.bigint() / 1000n) | 0;

interface Books {
  /** Microseconds on a core, and microseconds of waiting for one. */
  readonly ran: number;
  readonly waited: number;
}

/** Linux's books of the main thread. A wait is entered when it is over, so a gap is only judged once the next beat has come. */
const books = (): Books => {
  const [ran = 0, waited = 0] = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8").split(" ").map(Number);
  return { ran: ran / 1000, waited: waited / 1000 };
};

const none: Stalls = { clock: 0, own: 0, processor: 0, above5: 0 };

const watch = (port: NonNullable<typeof parentPort>): never => {
  let [beat, atBeat, gap] = [Atomics.load(beats, 0), books(), 0];
  let worst = none;
  for (;;) {
    // the clock before the beat: when this thread is held up in between, the gap looks shorter and never longer
    const now = micros();
    const seen = Atomics.load(beats, 0);
    if (seen === beat) {
      gap = ((now - beat) | 0) / 1000;
    } else {
      const { ran, waited } = books();
      const own = Math.max(0, gap - (waited - atBeat.waited) / 1000);
      worst = {
        clock: Math.max(worst.clock, gap),
        own: Math.max(worst.own, own),
        processor: Math.max(worst.processor, Math.min(gap, (ran - atBeat.ran) / 1000)),
        above5: worst.above5 + (own > 5 ? 1 : 0),
      };
      [beat, atBeat, gap] = [seen, { ran, waited }, 0];
    }
    const asked = receiveMessageOnPort(port) as { message: "read" | "reset" } | undefined;
    if (asked?.message === "reset") [worst, gap] = [none, 0];
    if (asked) port.postMessage(worst);
    Atomics.wait(sleeper, 0, 0, everyMs);
  }
};

if (parentPort) watch(parentPort);
