// Runs inside a node's network namespace and joins connections of sockets that listen outside it to addresses inside.
// A socket stays in the namespace where it was made, so one hand-over of the listening socket makes the crossing.
import { connect, type Server, type Socket } from "node:net";
import type { RelayOrder } from "./node-relay.ts";

const servers = new Map<number, Server>();

const join = (outside: Socket, host: string, port: number): void => {
  const inside = connect({ host, port, allowHalfOpen: true, noDelay: true });
  const open = new Set([outside, inside]);
  for (const socket of [outside, inside]) {
    // a refused or broken connection is one on the other side too: nobody may take it for an end
    socket.on("error", () => open.forEach((each) => each.resetAndDestroy()));
    socket.on("close", () => {
      open.delete(socket);
      if (socket.errored !== null) open.forEach((each) => each.resetAndDestroy());
    });
  }
  outside.setNoDelay(true);
  outside.pipe(inside);
  inside.pipe(outside);
};

process.on("message", (order: RelayOrder, handle: unknown) => {
  if (order.op === "open") {
    const server = handle as Server;
    servers.set(order.id, server);
    server.on("connection", (socket) => join(socket, order.host, order.port));
  } else {
    servers.get(order.id)?.close();
    servers.delete(order.id);
  }
  process.send?.({ id: order.id });
});
// the harness is gone
process.on("disconnect", () => process.exit(0));
