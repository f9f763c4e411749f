// A socket without a network: tests say what arrives in which pieces, and when what is sent leaves.
import { Duplex } from "node:stream";
import type { Socket } from "node:net";

export interface TestSocket {
  readonly socket: Socket;
  /** One piece arrives, and has been worked on when this resolves; work that was put off goes on in later turns. */
  arrive(bytes: Buffer | string): Promise<void>;
  /** The client closes its side. */
  finish(): Promise<void>;
  /** Everything sent so far, as latin1. */
  sent(): string;
  /** Until called again with false, what is sent stays where it is. */
  hold(on: boolean): void;
  /** Whether the server has closed its side, or the whole. */
  readonly isFinished: boolean;
  readonly isDestroyed: boolean;
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

export const createTestSocket = (): TestSocket => {
  let sent = "";
  let finished = false;
  let held: ((err?: Error) => void) | undefined;
  let holding = false;
  const take = (text: string, done: (err?: Error) => void) => {
    const leave = (err?: Error) => {
      if (!err) sent += text;
      done(err);
    };
    if (holding) held = leave;
    else leave();
  };
  const duplex = new Duplex({
    allowHalfOpen: true,
    read: () => {},
    write: (chunk: Buffer, _encoding, done) => take(chunk.toString("latin1"), done),
    writev: (chunks, done) => take(chunks.map(({ chunk }) => (chunk as Buffer).toString("latin1")).join(""), done),
    // as the system does it: what was not sent ends with an error
    destroy: (err, done) => {
      held?.(new Error("cancelled"));
      held = undefined;
      done(err);
    },
    final: (done) => {
      finished = true;
      done();
    },
  });
  const socket = Object.assign(duplex, { remoteAddress: "127.0.0.1", remotePort: 1234, localAddress: "127.0.0.1", localPort: 6379, setTimeout: () => socket }) as unknown as Socket;
  return {
    socket,
    sent: () => sent,
    arrive: async (bytes) => {
      duplex.push(typeof bytes === "string" ? Buffer.from(bytes, "latin1") : Buffer.from(bytes));
      await turn();
    },
    finish: async () => {
      duplex.push(null);
      await turn();
    },
    hold: (on) => {
      holding = on;
      const leave = held;
      held = undefined;
      if (!on) leave?.();
    },
    get isFinished() {
      return finished;
    },
    get isDestroyed() {
      return duplex.destroyed;
    },
  };
};
