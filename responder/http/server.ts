// The HTTP listener: the fast path first, node:http and hono behind it on the same sockets, and a drain that fails no request in flight.
import { Server as NetServer, type AddressInfo, type Socket } from "node:net";
import type { Timers } from "#lib/clock";
import type { Listener } from "#lib/listener";
import { createOutputBudget } from "#lib/output-budget";
import { createTurnClock } from "#lib/turn-clock";
import { noAuth, type Auth } from "../auth/auth.ts";
import type { App } from "./app.ts";
import { createCloser } from "./connection-close.ts";
import { noObserver, type ConnectionObserver } from "./connection-observer.ts";
import { createConnectionTable, type FastDeps } from "./connection-table.ts";
import type { FastConnection } from "./connection.ts";
import type { Recorder } from "./exchange.ts";
import { defaultLimits, type HttpLimits } from "./limits.ts";
import { createGeneralServer } from "./server-general.ts";

export interface HttpServerDeps {
  readonly app: App;
  readonly recorder: Recorder;
  readonly timers: Timers;
  readonly limits?: Partial<HttpLimits>;
  readonly observer?: ConnectionObserver;
  /** Asked before every route but /metrics. Absent: nobody is asked for a token. */
  readonly auth?: Auth;
  /** Absent: every request takes the general way. */
  readonly fast?: FastDeps;
}

/** Idle clients hear of a drain with their next request for a quarter of its time, at most this long. */
const maxNoticeMs = 2_000;

export const createHttpServer = ({ app, recorder, timers, limits: given = {}, observer = noObserver, auth = noAuth, fast }: HttpServerDeps): Listener => {
  const limits = { ...defaultLimits, ...given };
  const turn = fast?.turn ?? createTurnClock();
  const closer = createCloser({ lingerMs: limits.lingerMs, now: turn.now });
  const outputs = createOutputBudget(limits.outputBytes);
  const general = createGeneralServer({ app, recorder, limits, auth, observer, closer, outputs });
  const handOver = ({ socket, auth }: FastConnection, rest: Buffer) => {
    observer.handedOver();
    socket.pause();
    socket.unshift(rest);
    general.serve(socket, auth);
    socket.resume();
  };
  const table = fast && createConnectionTable({ ...fast, limits, recorder, auth, observer, closer, outputs, handOver });
  const sockets = new Set<Socket>();
  const { server } = general;

  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    observer.opened(socket);
    socket.once("close", () => {
      sockets.delete(socket);
      observer.closed();
    });
    if (table) table.accept(socket);
    else general.serve(socket);
  });
  server.on("drop", () => observer.rejected());

  const check = () => {
    turn.tick();
    closer.check();
    table?.check();
  };

  return {
    listen: (host, port) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen({ port, ...(host === undefined ? {} : { host }) }, () => {
          server.off("error", reject);
          // after the turn's reads: a process that was held up must not take it out on clients whose bytes are waiting
          server.once("close", timers.every(limits.checkMs, () => setImmediate(check)));
          resolve(server.address() as AddressInfo);
        });
      }),
    drain: (ms) =>
      new Promise((resolve) => {
        let cut = 0;
        general.lastAnswers();
        table?.lastAnswers();
        // after this turn's reads: what has arrived is a request, not idleness
        const closeIdle = () =>
          setImmediate(() => {
            general.closeIdle();
            table?.closeIdle();
          });
        const cutAll = () => {
          cut = general.inFlight() + (table?.inFlight() ?? 0);
          for (const socket of sockets) socket.destroy();
        };
        const cancels = [timers.after(Math.min(maxNoticeMs, ms / 4), closeIdle), timers.after(ms, cutAll)];
        server.once("close", () => {
          for (const cancel of cancels) cancel();
          // ends the checks of the request limits, which went on until here
          server.close();
          resolve(cut);
        });
        // http's own close would cut idle connections at once, and with them requests that are on the wire already
        NetServer.prototype.close.call(server);
      }),
  };
};
