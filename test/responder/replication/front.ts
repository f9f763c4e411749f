// Stands before a pod's peer port and is the only address that others are told: finds out who dials, and takes each direction through its lane.
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { createDeframer, frameType } from "../../../responder/replication/frames.ts";
import { readHello } from "../../../responder/replication/handshake.ts";
import type { Lane } from "./lane.ts";

/** What pods announce; they themselves listen on 127.0.0.1, at the same port. */
export const frontHost = "127.0.0.2";

export interface FrontDeps {
  readonly port: number;
  /** There and back, by the UID that the dialler says it has. */
  readonly lanes: (uid: string) => { readonly there: Lane; readonly back: Lane };
}

export interface Front {
  /** Ends the connections that this UID has dialled, as a crash would. */
  reset(uid: string): void;
  close(): void;
}

export const openFront = async ({ port, lanes }: FrontDeps): Promise<Front> => {
  const sockets = new Map<Socket, string>();
  const keep = (socket: Socket, uid: string) => {
    sockets.set(socket, uid);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
  };

  const accept = (outside: Socket) => {
    keep(outside, "");
    let first = Buffer.alloc(0);
    const deframer = createDeframer(
      (type, bytes, from, to) => {
        if (type !== frameType.hello) return void outside.destroy();
        outside.off("data", read);
        introduce(readHello(bytes, from, to).identity.uid);
      },
      () => false,
    );
    const read = (chunk: Buffer) => {
      first = Buffer.concat([first, chunk]);
      deframer.push(chunk);
    };
    const introduce = (uid: string) => {
      const { there, back } = lanes(uid);
      sockets.set(outside, uid);
      let inside: Socket | undefined;
      const reach = (): Socket => {
        if (inside) return inside;
        inside = connect({ host: "127.0.0.1", port, noDelay: true });
        keep(inside, uid);
        back.carry(inside, () => outside);
        return inside;
      };
      there.carry(outside, reach, first);
    };
    outside.on("data", read);
  };

  const server = createServer({ noDelay: true }, accept).listen({ host: frontHost, port });
  await once(server, "listening");
  const end = (which: (uid: string) => boolean) => {
    for (const [socket, uid] of sockets) if (which(uid)) socket.resetAndDestroy();
  };
  return {
    reset: (uid) => end((each) => each === uid),
    close: () => {
      server.close();
      end(() => true);
    },
  };
};
