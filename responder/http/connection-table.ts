// All connections on the fast path: what they share, the limits in time that one timer looks after, and their part of a drain.
import type { Socket } from "node:net";
import type { TurnClock } from "#lib/turn-clock";
import type { OutputBudget } from "#lib/output-budget";
import type { Log } from "#telemetry/logger";
import type { Auth } from "../auth/auth.ts";
import { noReplication, type Replication } from "../replication/port.ts";
import type { Store } from "../store/types.ts";
import type { BodyBudget } from "./body.ts";
import type { Closer } from "./connection-close.ts";
import { FastConnection, type FastServer } from "./connection.ts";
import type { ConnectionObserver } from "./connection-observer.ts";
import type { EntryRules } from "./entry.ts";
import type { Recorder } from "./exchange.ts";
import { createFastOutput } from "./fast-path-output.ts";
import { createFastPath } from "./fast-path.ts";
import { createHead, createHeadParser } from "./grammar.ts";
import type { HttpLimits } from "./limits.ts";

/** What the fast path needs beside what every HTTP server has. */
export interface FastDeps {
  readonly store: Store;
  readonly rules: EntryRules;
  /** Shared with the general routes. */
  readonly budget: BodyBudget;
  /** The store's clock: it is read once for each chunk of bytes. */
  readonly turn: TurnClock;
  readonly log: Pick<Log, "error">;
  /** Absent: the pod is alone. */
  readonly replication?: Pick<Replication, "level" | "within">;
}

export interface ConnectionTableDeps extends FastDeps {
  readonly limits: HttpLimits;
  readonly recorder: Recorder;
  readonly auth: Auth;
  readonly observer: ConnectionObserver;
  readonly closer: Closer;
  readonly outputs: OutputBudget;
  readonly handOver: (connection: FastConnection, rest: Buffer) => void;
}

export interface ConnectionTable {
  accept(socket: Socket): void;
  /** Ends what has lasted too long. */
  check(): void;
  /** From now on connections end with their next answer. */
  lastAnswers(): void;
  /** Ends those that ask nothing, now and from now on. */
  closeIdle(): void;
  inFlight(): number;
}

export const createConnectionTable = (deps: ConnectionTableDeps): ConnectionTable => {
  const { limits, turn, closer, observer, store, replication = noReplication } = deps;
  const open = new Set<FastConnection>();
  let draining = false;
  let ending = false;
  const output = createFastOutput({ store, limits, now: turn.now });
  const server: FastServer = {
    ...deps,
    parse: createHeadParser(limits),
    head: createHead(),
    output,
    path: createFastPath({ ...deps, output, replication }),
    draining: () => draining,
    ending: () => ending,
    close: ({ socket }, code) => closer.close(socket, code),
    slowReader: ({ socket }) => {
      observer.slowReaderClosed();
      socket.destroy();
    },
    closed: (connection) => open.delete(connection),
  };
  /** Milliseconds that a connection may be in each phase; the others have limits of their own or none. */
  const most = { silent: limits.headMs, idle: limits.keepAliveMs, head: limits.headMs, body: limits.requestMs, busy: Infinity, waiting: Infinity, closing: Infinity };

  return {
    accept: (socket) => void open.add(new FastConnection(socket, server)),
    check: () => {
      const now = turn.now();
      for (const connection of open) if (now - connection.since > most[connection.phase]) connection.expire();
    },
    lastAnswers: () => void (draining = true),
    closeIdle: () => {
      ending = true;
      for (const connection of open) if (connection.phase === "silent" || connection.phase === "idle") connection.end();
    },
    inFlight: () => {
      let n = 0;
      for (const connection of open) n += connection.inFlight();
      return n;
    },
  };
};
