// A bare connection that speaks bytes: no client library between the test and the server.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { readReply, show, type Reply } from "./reply.ts";
import type { Endpoint } from "./server.ts";

/** How long a reply may take before the test says that there is none. */
const patienceMs = 10_000;

/** A command as latin1 strings, one character a byte, so that a failing case can be printed and read. */
export type Command = readonly string[];

export const encode = (command: Command): Buffer =>
  Buffer.from(`*${command.length}\r\n${command.map((arg) => `$${arg.length}\r\n${arg}\r\n`).join("")}`, "latin1");

export interface Connection extends Disposable {
  write(bytes: Buffer | string): void;
  /** The next `count` replies; fewer when the server closes first. Throws when neither happens in time. */
  replies(count: number): Promise<Reply[]>;
  /** All bytes until the server closes, or until what has come in passes the test. Throws when neither happens in time. */
  bytesUntil(isAll: (bytes: Buffer) => boolean): Promise<Buffer>;
  call(...command: string[]): Promise<Reply>;
  /** The server has ended it. */
  readonly closed: boolean;
  readonly socket: Socket;
}

export const open = async ({ host, port }: Endpoint): Promise<Connection> => {
  const socket = connect({ host, port, noDelay: true });
  await once(socket, "connect");
  let pending: Buffer = Buffer.alloc(0);
  const state = { closed: false };
  let wake = () => {};
  socket.on("data", (chunk: Buffer) => {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    wake();
  });
  // a reset is an end as well: redis resets when bytes arrive after it has closed
  socket.on("error", () => {});
  socket.on("close", () => {
    state.closed = true;
    wake();
  });
  socket.on("end", () => {
    state.closed = true;
    wake();
  });

  const news = () =>
    new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`no answer within ${patienceMs} ms; so far: ${show(pending)}`)), patienceMs);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const replies = async (count: number) => {
    const got: Reply[] = [];
    while (got.length < count) {
      const next = readReply(pending);
      if (next) {
        got.push(next.reply);
        pending = pending.subarray(next.end);
      } else if (state.closed) break;
      else await news();
    }
    return got;
  };
  return {
    write: (bytes) => void socket.write(bytes, "latin1"),
    replies,
    bytesUntil: async (isAll) => {
      while (!state.closed && !isAll(pending)) await news();
      const all = pending;
      pending = Buffer.alloc(0);
      return all;
    },
    call: async (...command) => {
      socket.write(encode(command));
      const [reply] = await replies(1);
      if (!reply) throw new Error(`the server closed the connection at ${show(command.join(" "))}`);
      return reply;
    },
    get closed() {
      return state.closed && pending.length === 0;
    },
    socket,
    [Symbol.dispose]: () => socket.destroy(),
  };
};
