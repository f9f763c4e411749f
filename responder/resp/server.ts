// The Redis protocol on a port: accepts clients up to a cap, and lets them go politely.
import { createServer, type AddressInfo } from "node:net";
import type { Listener } from "#lib/listener";
import { createClients, type ClientsDeps } from "./clients.ts";

/** Sockets above the cap that are being told so; beyond these they are closed without a word. */
const maxTurnedAway = 128;

export const createRespServer = (deps: ClientsDeps): Listener => {
  const { timers } = deps;
  const clients = createClients(deps);
  const { connections, keepAliveMs } = clients.limits;
  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs }, clients.accept);
  server.maxConnections = connections + maxTurnedAway;
  server.on("drop", clients.dropped);

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
          server.off("error", reject);
          const address = server.address() as AddressInfo;
          clients.listensOn(address.port);
          resolve(address);
        });
      }),
    drain: (ms) =>
      new Promise((resolve) => {
        let cut = 0;
        const cancel = timers.after(ms, () => void (cut = clients.cut()));
        server.close(() => {
          cancel();
          resolve(cut);
        });
        clients.drain(ms);
      }),
  };
};
