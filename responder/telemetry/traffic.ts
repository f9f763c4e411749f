// What comes and goes over the connections of one protocol: asked of the sockets when somebody scrapes, 40 ns each, so that a request pays nothing.
import type { responderMetrics } from "#contract/metrics";
import type { Instruments } from "./instruments.ts";

/** Of a socket, what is used here; the numbers stay readable after its end. */
export interface CountedSocket {
  readonly bytesRead: number;
  readonly bytesWritten: number;
  once(event: "close", listener: () => void): unknown;
}

/** To be called with each connection that is taken in. */
export const followTraffic = ({ kv_connections_accepted_total, kv_network_receive_bytes_total, kv_network_transmit_bytes_total }: Instruments<typeof responderMetrics>, protocol: "http" | "resp"): ((socket: CountedSocket) => void) => {
  const open = new Set<CountedSocket>();
  const accepted = kv_connections_accepted_total.with({ protocol });
  const count = (bytesOf: (socket: CountedSocket) => number) => {
    let closed = 0;
    let last = 0;
    return {
      closed: (socket: CountedSocket) => void (closed += bytesOf(socket)),
      total: () => {
        let total = closed;
        for (const socket of open) total += bytesOf(socket);
        // a connection that breaks takes back what it had not sent yet; a counter must not
        return (last = Math.max(last, total));
      },
    };
  };
  const received = count((socket) => socket.bytesRead);
  const sent = count((socket) => socket.bytesWritten);
  kv_network_receive_bytes_total.with({ protocol }).collect(received.total);
  kv_network_transmit_bytes_total.with({ protocol }).collect(sent.total);
  return (socket) => {
    accepted.inc();
    open.add(socket);
    socket.once("close", () => {
      open.delete(socket);
      received.closed(socket);
      sent.closed(socket);
    });
  };
};
