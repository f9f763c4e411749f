// All clients of the Redis protocol: what they share, and a place for each.
import type { Socket } from "node:net";
import type { responderMetrics } from "#contract/metrics";
import type { Timers } from "#lib/clock";
import type { TurnClock } from "#lib/turn-clock";
import type { Instruments } from "#telemetry/instruments";
import type { Log } from "#telemetry/logger";
import { followTraffic } from "#telemetry/traffic";
import type { Auth } from "../auth/auth.ts";
import { noReplication, type Replication } from "../replication/port.ts";
import type { Store } from "../store/types.ts";
import { createBudget } from "./budget.ts";
import type { Call, Policy, ServerView } from "./commands/command.ts";
import { noCommandObserver, type CommandObserver } from "./command-observer.ts";
import { Connection } from "./connection.ts";
import { createDispatcher } from "./dispatch.ts";
import type { Hub } from "./hub.ts";
import { defaultLimits, type RespLimits } from "./limits.ts";
import { connectionMetricsOf, countOperations, createCommandCounts } from "./metrics.ts";
import { Parser } from "./parser.ts";
import { Reply } from "./reply.ts";
import { createSession, type Session } from "./session.ts";
import { createTurns } from "./turns.ts";

export interface ClientsDeps extends Policy {
  readonly store: Store;
  readonly clock: TurnClock;
  readonly timers: Timers;
  readonly auth: Auth;
  readonly metrics: Instruments<typeof responderMetrics>;
  readonly log: Pick<Log, "error">;
  readonly identity: ServerView["identity"];
  readonly limits?: Partial<RespLimits>;
  /** Absent: the pod is alone. */
  readonly replication?: Replication;
  /** Absent: commands are only counted. */
  readonly observer?: CommandObserver;
}

export interface Clients {
  /** Takes the socket over, or tells it that there are too many. */
  accept(socket: Socket): void;
  /** Counts a client that was closed without a word. */
  dropped(): void;
  /** From now on connections are closed when they are quiet, and within half of `ms` also the others, each after an answer. */
  drain(ms: number): void;
  /** Cuts what is left; answers how many had something unanswered. */
  cut(): number;
  /** For INFO. */
  listensOn(port: number): void;
  readonly limits: RespLimits;
}

/** How often a drain looks for connections that have become quiet. */
const drainEveryMs = 5;
const tooMany = "-ERR max number of clients reached\r\n";

export const createClients = (deps: ClientsDeps): Clients => {
  const { store, clock, timers, auth, metrics, log, identity, replication = noReplication, observer = noCommandObserver } = deps;
  const limits = { ...defaultLimits, ...deps.limits };
  const connectionMetrics = connectionMetricsOf(metrics);
  const follow = followTraffic(metrics, "resp");
  const connections = new Map<number, Connection>();
  const turns = createTurns<Connection>(limits.connectionsPerTurn);
  const dispatcher = createDispatcher(createCommandCounts(metrics), observer, clock);
  const counts = countOperations(metrics);
  const parser = new Parser({ ...limits, largeBytes: store.ownBufferBytes });
  let impatient = false;
  let lastId = 0;
  let port = 0;
  let waitingBytes = 0;

  const server: ServerView = {
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
    // set before each piece of work
    session: undefined as unknown as Session,
    reply: new Reply(),
    store,
    auth,
    policy: deps,
    operations: counts.operations,
    metrics,
    server,
    replication,
    work: 0,
    unfinished: undefined,
    sleep: undefined,
    sampled: undefined,
    atomic: false,
    run: (row) => dispatcher.run(call, row),
    inputBudget: createBudget(Math.max(limits.inputBudgetBytes, deps.maxValueBytes + limits.lineBytes)),
  };

  const hub: Hub<Connection> = {
    call,
    parser,
    dispatcher,
    observer,
    counts,
    limits,
    clock,
    timers,
    metrics: connectionMetrics,
    log,
    get impatient() {
      return impatient;
    },
    defer: (connection) => turns.add(connection),
    outputChanged: (bytes) => {
      waitingBytes += bytes;
      if (bytes < 0 || waitingBytes <= limits.outputBudgetBytes) return;
      // slow readers share a budget; who holds most of it goes first
      let largest: Connection | undefined;
      for (const each of connections.values()) if (each.pendingOutput > (largest?.pendingOutput ?? 0)) largest = each;
      largest?.closeSlow();
    },
    closed: ({ session }) => {
      connections.delete(session.id);
      connectionMetrics.open.dec();
    },
  };

  const dropped = () => {
    server.counts.rejected++;
    connectionMetrics.rejected.inc();
  };

  const turnAway = (socket: Socket) => {
    dropped();
    socket.on("error", () => {});
    const cancel = timers.after(limits.lingerMs, () => socket.destroy());
    socket.once("close", cancel);
    // what it sends is read, or closing would reset the connection and take the message with it
    socket.resume();
    socket.end(tooMany);
  };

  return {
    limits,
    dropped,
    accept: (socket) => {
      if (connections.size >= limits.connections) return turnAway(socket);
      const session = createSession(socket, ++lastId, clock.tick(), auth.required);
      connections.set(session.id, new Connection(socket, session, hub));
      connectionMetrics.open.inc();
      follow(socket);
      server.counts.connections++;
    },
    drain: (ms) => {
      const patience = Math.min(limits.patienceMs, ms / 2);
      const start = clock.tick();
      const look = () => {
        const elapsed = clock.tick() - start;
        impatient = elapsed >= patience;
        const quiet = impatient ? 0 : limits.quietMs * (1 - elapsed / patience);
        for (const each of connections.values()) if (elapsed + start - each.session.lastAt >= quiet) each.drain();
        if (connections.size === 0) cancel();
      };
      const cancel = timers.every(drainEveryMs, look);
      look();
    },
    cut: () => {
      let busy = 0;
      for (const each of connections.values()) {
        if (each.isBusy) busy++;
        each.destroy();
      }
      return busy;
    },
    listensOn: (at) => void (port = at),
  };
};
