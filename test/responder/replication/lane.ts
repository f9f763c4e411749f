// The way from one pod to another: cut, late or narrow, as a test wants it. Whoever dialled, what the first sends the second takes it.
import type { Socket } from "node:net";

/** Bytes that may wait here; then their sender feels it. */
const roomBytes = 256 * 1024;
/** A narrow lane gives its bytes in such pieces. */
const pieceBytes = 4 * 1024;

export interface Lane {
  /** Bytes stay where they are, as on a network that loses every packet: TCP holds them until it gets through. */
  cut(): void;
  heal(): void;
  readonly isCut: boolean;
  /** Of each piece, in milliseconds; the order stays. Called for each. */
  delay: () => number;
  bytesPerSecond: number;
  /** Delivered so far. */
  readonly bytes: number;
  /** All that was delivered is kept in it, when it is there. */
  record: Buffer[] | undefined;
  /** Carries what `source` gives to `target`, its end too. `target` is asked for when the first bytes get through. */
  carry(source: Socket, target: () => Socket, first?: Buffer): void;
}

export const createLane = (): Lane => {
  const state = { isCut: false };
  let bytes = 0;
  /** The narrow lane is taken until then. */
  let freeAt = 0;
  const steps = new Set<() => void>();

  const lane: Lane = {
    delay: () => 0,
    bytesPerSecond: Infinity,
    record: undefined,
    get isCut() {
      return state.isCut;
    },
    get bytes() {
      return bytes;
    },
    cut: () => void (state.isCut = true),
    heal: () => {
      state.isCut = false;
      for (const step of steps) step();
    },
    carry: (source, target, first) => {
      const queue: { piece: Buffer; due: number }[] = [];
      let queued = 0;
      let lastDue = 0;
      let hasEnded = false;
      let isFull = false;
      let timer: NodeJS.Timeout | undefined;

      const add = (chunk: Buffer) => {
        lastDue = Math.max(lastDue, performance.now() + lane.delay());
        const size = lane.bytesPerSecond === Infinity ? chunk.length : pieceBytes;
        for (let at = 0; at < chunk.length; at += size) queue.push({ piece: chunk.subarray(at, at + size), due: lastDue });
        queued += chunk.length;
        if (queued > roomBytes) source.pause();
        step();
      };
      const finish = () => {
        steps.delete(step);
        target().end();
      };
      const step = () => {
        clearTimeout(timer);
        while (!state.isCut && !isFull) {
          const head = queue[0];
          if (!head) {
            if (hasEnded) finish();
            return;
          }
          const now = performance.now();
          const wait = Math.max(head.due, freeAt) - now;
          if (wait > 0) {
            timer = setTimeout(step, wait);
            return;
          }
          queue.shift();
          queued -= head.piece.length;
          bytes += head.piece.length;
          lane.record?.push(head.piece);
          freeAt = now + (head.piece.length / lane.bytesPerSecond) * 1000;
          const to = target();
          if (!to.write(head.piece)) {
            isFull = true;
            to.once("drain", () => {
              isFull = false;
              step();
            });
          }
          if (queued <= roomBytes) source.resume();
        }
      };
      steps.add(step);
      if (first) add(first);
      source.on("data", add);
      source.on("close", () => {
        hasEnded = true;
        step();
      });
    },
  };
  return lane;
};
