// Ends connections so that the client gets every byte: with FIN, and reading on until it has ended its side too.
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { errors, problemBody, problemType, type ErrorCode } from "./errors.ts";

/** The answer to what never became a request, or never ended. */
const lastWords = (code: ErrorCode): string => {
  const { status } = errors[code];
  const body = problemBody(code);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: ${problemType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;
};

export interface Closer {
  /** After what was written before, and the answer of `code`. Nothing that still arrives is looked at. */
  close(socket: Socket, code?: ErrorCode): void;
  isClosing(socket: Socket): boolean;
  /** Cuts those that were ended longer ago than allowed. */
  check(): void;
}

const nothing = (): void => {};

/** A socket that is closed with unread bytes makes the kernel send a reset, which takes answers away that the client has not read. */
export const createCloser = ({ lingerMs, now }: { lingerMs: number; now: () => number }): Closer => {
  const closing = new Map<Socket, number>();
  return {
    close: (socket, code) => {
      if (socket.destroyed || closing.has(socket)) return;
      closing.set(socket, now());
      socket.once("close", () => closing.delete(socket));
      socket.setTimeout(0);
      socket.on("error", nothing);
      // taken from whoever parsed it; node:http lets go of the handle when it sees a new listener
      socket.removeAllListeners("data");
      socket.on("data", nothing);
      if (code === undefined) socket.end();
      else socket.end(lastWords(code));
      socket.resume();
    },
    isClosing: (socket) => closing.has(socket),
    check: () => {
      const before = now() - lingerMs;
      for (const [socket, since] of closing) if (since <= before) socket.destroy();
    },
  };
};
