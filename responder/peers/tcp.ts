// The network of peers over TCP sockets.
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import type { Conn, ConnHandlers, Network } from "./network.ts";

const connectMs = 1_000;
/** A peer that reads nothing costs so much and no more. */
const highWaterBytes = 256 * 1024;
/** Peers that may connect at once: twice as many as there can be, for connections that are being replaced. */
const maxConnections = 64;
const keepAliveMs = 10_000;

const wrap = (socket: Socket): { readonly conn: Conn; use(handlers: ConnHandlers): void } => {
  let isOpen = true;
  let handlers: ConnHandlers | undefined;
  const close = (end = false) => {
    if (!isOpen) return;
    isOpen = false;
    if (end) {
      socket.end();
      // read on, or what is unread would turn the end into a reset
      socket.resume();
      socket.setTimeout(connectMs, () => socket.destroy());
    } else socket.destroy();
  };
  const conn: Conn = {
    write: (bytes) => {
      if (!isOpen) return true;
      socket.write(bytes);
      return socket.writableLength < highWaterBytes;
    },
    close,
    remoteHost: (socket.remoteAddress ?? "").replace(/^::ffff:/, ""),
  };
  socket.on("error", () => {});
  socket.on("data", (chunk: Buffer) => {
    if (isOpen) handlers?.onData(chunk);
  });
  socket.on("drain", () => {
    if (isOpen) handlers?.onDrain();
  });
  socket.on("close", () => {
    if (!isOpen) return;
    isOpen = false;
    handlers?.onClose();
  });
  socket.on("end", () => {
    if (isOpen) socket.destroy();
  });
  return { conn, use: (given) => void (handlers = given) };
};

export const tcpNetwork: Network = {
  dial: ({ host, port }, handlers) => {
    const socket = connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs });
    const { conn, use } = wrap(socket);
    use(handlers);
    socket.setTimeout(connectMs, () => socket.destroy());
    socket.once("connect", () => {
      socket.setTimeout(0);
      handlers.onOpen();
    });
    return conn;
  },
};

export interface PeerListener {
  readonly address: AddressInfo;
  close(): void;
}

/** `accept` gives the one who uses a connection that was dialled from elsewhere. Rejects when the port cannot be had. */
export const listenTcp = (host: string | undefined, port: number, accept: (conn: Conn) => ConnHandlers): Promise<PeerListener> =>
  new Promise((resolve, reject) => {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs }, (socket) => {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
      const { conn, use } = wrap(socket);
      use(accept(conn));
    });
    server.maxConnections = maxConnections;
    server.once("error", reject);
    server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
      server.off("error", reject);
      resolve({
        address: server.address() as AddressInfo,
        close: () => {
          server.close();
          for (const socket of sockets) socket.destroy();
        },
      });
    });
  });
