// Free TCP ports on loopback that stay ours until we use them.
import { createSocket } from "node:dgram";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";

// below Linux's default range for outgoing connections (32768-60999), so that none of those takes a port while its owner restarts
const lowest = 20_000;
const beyond = 32_000;
const attempts = 100;

export interface ReservedPort {
  readonly port: number;
  release(): void;
}

const tcpIsFree = async (port: number): Promise<boolean> => {
  const server = createServer().listen({ host: "127.0.0.1", port, exclusive: true });
  const free = await Promise.race([once(server, "listening").then(() => true), once(server, "error").then(() => false)]).catch(() => false);
  if (free) await new Promise((done) => server.close(done));
  return free;
};

/**
 * The reservation is a bound UDP socket of the same number: it excludes every other caller, in this process or another,
 * leaves the TCP port to the program that is to listen there, and vanishes with this process.
 */
export const reservePort = async (): Promise<ReservedPort> => {
  for (let attempt = 0; attempt < attempts; attempt++) {
    const port = randomInt(lowest, beyond);
    const token = createSocket("udp4");
    token.bind({ port, address: "127.0.0.1", exclusive: true });
    const ours = await once(token, "listening").then(
      () => true,
      () => false,
    );
    if (ours && (await tcpIsFree(port))) {
      token.unref();
      return { port, release: () => token.close() };
    }
    token.close();
  }
  throw new Error(`no free port on 127.0.0.1 between ${lowest} and ${beyond}`);
};
