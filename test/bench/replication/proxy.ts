// Stands between peers and can be cut: what they tell each other goes through it, because it is what they announce.
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { freePort } from "../harness/process.ts";
import type { Place } from "./mesh.ts";

/** silent: nothing goes through and nobody is told, as when packets are lost. refused: connections end, and new ones are refused. */
export type Cut = "silent" | "refused";

export interface Proxy {
  place(): Promise<Place>;
  cut(how: Cut): void;
  heal(): void;
  stop(): void;
}

/** Pods listen on the first address of the loopback network and announce the second, where this listens. */
const announcedHost = "127.0.0.2";

export const startProxy = (): Proxy => {
  const sockets = new Set<Socket>();
  const servers: ReturnType<typeof createServer>[] = [];
  let how: Cut | undefined;

  const keep = (socket: Socket, other: () => Socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => {
      // as much as the other side takes; the kernel's buffers hold the rest back
      if (!other().write(chunk)) socket.pause();
    });
    socket.on("drain", () => {
      if (how !== "silent") other().resume();
    });
    socket.on("close", () => {
      sockets.delete(socket);
      other().destroy();
    });
    if (how === "silent") socket.pause();
  };

  return {
    place: async () => {
      const listens = await freePort();
      const server = createServer({ noDelay: true }, (near) => {
        if (how === "refused") return near.resetAndDestroy();
        const far: Socket = connect({ host: "127.0.0.1", port: listens, noDelay: true });
        keep(near, () => far);
        keep(far, () => near);
      }).listen(0, announcedHost);
      await once(server, "listening");
      servers.push(server);
      return { listens, announced: { host: announcedHost, port: (server.address() as AddressInfo).port } };
    },
    cut: (given) => {
      how = given;
      for (const socket of sockets) {
        if (given === "silent") socket.pause();
        else socket.resetAndDestroy();
      }
    },
    heal: () => {
      how = undefined;
      for (const socket of sockets) socket.resume();
    },
    stop: () => {
      for (const server of servers) server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
};
