// Writes log lines to a descriptor whose reader may stall, go away or come back: that must neither stop the process nor take its memory.
import { fstatSync, writeSync } from "node:fs";
import { Socket } from "node:net";
import type { Timers } from "#lib/clock";

export interface LogOutput {
  /** Never waits. A line that has no room is dropped and counted. */
  write(line: string): void;
  /** Writes what is pending before it returns, as far as the reader takes it in `flushMs` of waiting. */
  flushSync(): void;
  dropped(): number;
}

export interface LogOutputDeps {
  readonly fd: number;
  readonly timers: Pick<Timers, "after">;
  /** Called when a reader has taken everything. */
  readonly onWritten?: () => void;
}

/** A reader that stalls must not take our memory: beyond these characters, lines are dropped. */
export const pendingMost = 4 * 2 ** 20;
/** What an abort of the process loses at most, and lines of so long share one system call. */
const gatherMs = 5;
/** As much as a pipe holds. */
const gatherMost = 65_536;
/** While the reader takes nothing, it is tried again: soon, then less and less often. */
const firstRetryMs = 1;
const lastRetryMs = 100;
/** The last moments of a process are bounded, whatever its reader does. A reader that is there takes megabytes in it. */
const flushMs = 500;
const flushRetryMs = 5;

/** A write to a full pipe would stop the whole process until somebody reads. Node has no fcntl(), but what it takes over as a socket becomes non-blocking. */
const withoutBlocking = (fd: number): Socket | undefined => {
  const stat = fstatSync(fd);
  return stat.isFIFO() || stat.isSocket() ? new Socket({ fd, readable: false, writable: true }) : undefined;
};

const nothing = Buffer.alloc(0);
const newline = 10;

/** A newline at the very beginning ends what was written before, and is written before the next lines when it is lost. */
const linesIn = (bytes: Buffer): number => {
  let lines = 0;
  for (let i = 1; i < bytes.length; i++) if (bytes[i] === newline) lines++;
  return lines;
};

/**
 * Always writeSync on a non-blocking descriptor, and never the thread pool: there a write that waits could not be ended, not even by the end of the process,
 * and how much of it had been written would be unknown to a flush, which would tear lines.
 */
export const createLogOutput = ({ fd, timers, onWritten = () => {} }: LogOutputDeps): LogOutput => {
  // held, so that it is not collected, which would close the descriptor
  const held = { fd, socket: withoutBlocking(fd) };
  let lines: string[] = [];
  /** Characters of `lines`. */
  let gathered = 0;
  /** Taken from `lines`, and not yet written. */
  let head: Buffer = nothing;
  /** The last that was written is a part of a line. */
  let isTorn = false;
  let dropped = 0;
  let retryMs = 0;
  let isWaiting = false;

  const writeSome = (): "written" | "full" | "lost" => {
    if (head.length === 0) {
      // the rest of a torn line is lost, and the next one must not follow it
      head = Buffer.from(`${isTorn ? "\n" : ""}${lines.join("")}`);
      lines = [];
      gathered = 0;
    }
    try {
      const written = writeSync(held.fd, head);
      isTorn = head[written - 1] !== newline;
      head = head.subarray(written);
      return "written";
    } catch (err) {
      if ((err as NodeJS.ErrnoException).code === "EAGAIN") return "full";
      // nobody will ever read this, or the disk is full: later lines may still find a way
      dropped += linesIn(head);
      head = nothing;
      return "lost";
    }
  };
  const isEmpty = () => head.length === 0 && lines.length === 0;

  const wait = (ms: number) => {
    isWaiting = true;
    timers.after(ms, () => {
      isWaiting = false;
      drain();
    });
  };
  const drain = () => {
    while (!isEmpty()) {
      const how = writeSome();
      if (how === "lost") continue;
      if (how === "written") {
        retryMs = 0;
        if (isEmpty()) onWritten();
        continue;
      }
      retryMs = Math.min(lastRetryMs, Math.max(firstRetryMs, retryMs * 2));
      if (!isWaiting) wait(retryMs);
      return;
    }
  };

  return {
    write: (line) => {
      if (head.length + gathered + line.length > pendingMost) {
        dropped++;
        return;
      }
      lines.push(line);
      gathered += line.length;
      if (gathered >= gatherMost && retryMs === 0) drain();
      else if (!isWaiting) wait(gatherMs);
    },
    flushSync: () => {
      for (let waited = 0; !isEmpty() && waited < flushMs; ) {
        if (writeSome() !== "full") continue;
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, flushRetryMs);
        waited += flushRetryMs;
      }
    },
    dropped: () => dropped,
  };
};
