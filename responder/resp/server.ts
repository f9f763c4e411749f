// The Redis protocol on a socket: accepts clients up to a cap, and lets them go politely.
import { createServer, type AddressInfo, type Socket } from "node:net";
import type { responderMetrics } from "#contract/metrics";
import type { Timers } from "#lib/clock";
import type { Listener } from "#lib/listener";
import type { TurnClock } from "#lib/turn-clock";
import type { Instruments } from "#telemetry/instruments";
import type { Auth } from "../auth/auth.ts";
import type { Store } from "../store/types.ts";
import { createBudget } from "./budget.ts";
import type { Call, Policy, ServerView } from "./commands/command.ts";
import { Connection, type Hub } from "./connection.ts";
import { createDispatcher } from "./dispatch.ts";
import { defaultLimits, type RespLimits } from "./limits.ts";
import { connectionMetricsOf, createCommandCounts, operationsOf } from "./metrics.ts";
import { Parser } from "./parser.ts";
import { Reply } from "./reply.ts";
import type { Session } from "./session.ts";
import { createTurns } from "./turns.ts";

export interface RespServerDeps extends Policy {
  readonly store: Store;
  readonly clock: TurnClock;
  readonly timers: Timers;
  readonly auth: Auth;
  readonly metrics: Instruments<typeof responderMetrics>;
  readonly identity: ServerView["identity"];
  readonly limits?: Partial<RespLimits>;
}

const tooMany = "-ERR max number of clients reached\r\n";
/** Sockets that are being told so; beyond it they are closed without a word. */
const maxTurnedAway = 128;

const addressOf = (host = "", port = 0) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`);

const createSession = (socket: Socket, id: number, now: number, stranger: boolean): Session => ({
  id,
  address: addressOf(socket.remoteAddress, socket.remotePort),
  localAddress: addressOf(socket.localAddress, socket.localPort),
  host: socket.remoteAddress ?? "",
  since: now,
  lastAt: now,
  lastCommand: "",
  name: "",
  libraryName: "",
  libraryVersion: "",
  protocol: 2,
  stranger,
  token: undefined,
  tokenGeneration: 0,
  transaction: undefined,
  replies: "on",
  noEvict: false,
  noTouch: false,
  closing: false,
});

export const createRespServer = (deps: RespServerDeps): Listener => {
  const { store, clock, timers, auth, metrics, identity } = deps;
  const limits = { ...defaultLimits, ...deps.limits };
  const connectionMetrics = connectionMetricsOf(metrics);
  const connections = new Map<number, Connection>();
  const turns = createTurns<Connection>(limits.connectionsPerTurn);
  const dispatcher = createDispatcher(createCommandCounts(metrics));
  const parser = new Parser({ ...limits, largeBytes: store.ownBufferBytes });
  let draining = false;
  let lastId = 0;
  let port = 0;

  const view: ServerView = {
    identity,
    startedAt: clock.now(),
    get port() {
      return port;
    },
    maxClients: limits.connections,
    clients: () => connections.values(),
    client: (id) => connections.get(id),
    counts: { connections: 0, rejected: 0, commands: 0 },
  };
  const call: Call = {
    args: parser.args,
    session: undefined as unknown as Session,
    reply: new Reply(),
    store,
    auth,
    policy: deps,
    operations: operationsOf(metrics),
    metrics,
    server: view,
    work: 0,
    unfinished: undefined,
    atomic: false,
    run: (row) => dispatcher.run(call, row),
    inputBudget: createBudget(limits.inputBudgetBytes),
  };

  /** Slow readers share a budget; who holds most of it goes first. */
  const outputGrew = () => {
    let total = 0;
    let largest: Connection | undefined;
    for (const each of connections.values()) {
      const bytes = each.pendingOutput;
      total += bytes;
      if (bytes > (largest?.pendingOutput ?? 0)) largest = each;
    }
    if (total > limits.outputBudgetBytes) largest?.closeSlow();
  };

  const hub: Hub = {
    call,
    parser,
    dispatcher,
    limits,
    clock,
    timers,
    metrics: connectionMetrics,
    get draining() {
      return draining;
    },
    defer: (connection) => turns.add(connection),
    outputGrew,
    closed: ({ session }) => {
      connections.delete(session.id);
      connectionMetrics.open.dec();
    },
  };

  const rejected = () => {
    view.counts.rejected++;
    connectionMetrics.rejected.inc();
  };

  const turnAway = (socket: Socket) => {
    rejected();
    socket.on("error", () => {});
    const cancel = timers.after(limits.lingerMs, () => socket.destroy());
    socket.once("close", cancel);
    // what it sends is read, or closing would reset the connection and take the message with it
    socket.resume();
    socket.end(tooMany);
  };

  const server = createServer({ allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: limits.keepAliveMs }, (socket) => {
    if (connections.size >= limits.connections) return turnAway(socket);
    const session = createSession(socket, ++lastId, clock.tick(), auth.required);
    connections.set(session.id, new Connection(socket, session, hub));
    connectionMetrics.open.inc();
    view.counts.connections++;
  });
  server.maxConnections = limits.connections + maxTurnedAway;
  server.on("drop", rejected);

  return {
    listen: (host, wanted) =>
      new Promise((resolve, reject) => {
        server.once("error", reject);
        server.listen({ port: wanted, ...(host === undefined ? {} : { host }) }, () => {
          server.off("error", reject);
          const address = server.address() as AddressInfo;
          port = address.port;
          resolve(address);
        });
      }),
    drain: (ms) =>
      new Promise((resolve) => {
        draining = true;
        let cut = 0;
        const cancel = timers.after(ms, () => {
          for (const each of connections.values()) {
            if (each.isBusy) cut++;
            each.destroy();
          }
        });
        server.close(() => {
          cancel();
          resolve(cut);
        });
        for (const each of connections.values()) each.drain();
      }),
  };
};
