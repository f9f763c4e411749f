// The way of the replies to one socket: no more of them than it takes.
import type { Socket } from "node:net";
import type { Reply } from "./reply.ts";

export interface Output {
  /** Hands over what `reply` holds. false: some of it waits, and nothing more must be written until `left` is called. */
  flush(): boolean;
  readonly waiting: boolean;
  /** Bytes that wait. */
  readonly bytes: number;
}

export interface OutputDeps {
  readonly socket: Socket;
  /** Shared by all connections. */
  readonly reply: Reply;
  /** Everything has left, after a flush that said false. */
  readonly left: () => void;
}

export const createOutput = ({ socket, reply, left }: OutputDeps): Output => {
  let waiting = false;
  const written = () => {
    if (!waiting || socket.writableLength > 0) return;
    waiting = false;
    left();
  };

  const writeParts = () => {
    let from = 0;
    // in one system call
    socket.cork();
    for (const { at, value } of reply.inserts) {
      socket.write(reply.bytes.subarray(from, at));
      socket.write(value.bytes, () => {
        value.release();
        written();
      });
      from = at;
    }
    socket.write(reply.bytes.subarray(from, reply.length), written);
    socket.uncork();
  };

  return {
    get waiting() {
      return waiting;
    },
    get bytes() {
      return waiting ? socket.writableLength : 0;
    },
    flush: () => {
      if (reply.length === 0) return true;
      if (socket.destroyed || socket.writableEnded) {
        reply.discard();
        return true;
      }
      if (reply.inserts.length === 0) socket.write(reply.bytes.subarray(0, reply.length), written);
      else writeParts();
      // the kernel took all of it at once, as it does nearly always: the buffer is free again
      if (socket.writableLength === 0) {
        reply.reset();
        return true;
      }
      reply.detach();
      waiting = true;
      return false;
    },
  };
};
