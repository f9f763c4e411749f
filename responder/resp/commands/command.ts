// What a command of the table is, and what its handler gets to work with.
import type { Instruments } from "#telemetry/instruments";
import type { commandGroups, responderMetrics } from "#contract/metrics";
import type { Auth } from "../../auth/auth.ts";
import type { Replication } from "../../replication/port.ts";
import type { Store } from "../../store/types.ts";
import type { Args } from "../args.ts";
import type { SampledCommand } from "../command-observer.ts";
import type { Operations } from "../metrics.ts";
import type { Reply } from "../reply.ts";
import type { Session } from "../session.ts";

/** "other" is what is not in the table. */
export type CommandGroup = Exclude<(typeof commandGroups)[number], "other">;

/** The flags of Redis that mean something here. no_auth: before a token is shown; no_multi: not inside a transaction. */
export type Flag = "write" | "readonly" | "denyoom" | "admin" | "fast" | "loading" | "stale" | "noscript" | "no_auth" | "no_multi" | "allow_busy";

export interface KeySpec {
  /** Arguments; the last may count from the end: -1 is the last one. */
  readonly first: number;
  readonly last: number;
  readonly step: number;
}

export interface Command {
  /** Lower case; of a subcommand with its container: "client|id". */
  readonly name: string;
  /** With the name itself; negative: at least so many. */
  readonly arity: number;
  readonly flags: readonly Flag[];
  readonly group: CommandGroup;
  /** The Redis version that brought it. */
  readonly since: string;
  readonly complexity: string;
  readonly summary: string;
  readonly keys?: KeySpec;
  /** Runs at once, also inside a transaction. */
  readonly immediate?: true;
  /** How it differs from Redis, for the documentation. */
  readonly difference?: string;
  readonly subcommands?: readonly Command[];
  readonly run: Handler;
}

export type Handler = (call: Call) => void;

/** Work that goes on over many turns of the event loop: answers whether it is done. The others wait for their replies meanwhile. */
export type Step = () => boolean;

/** Begins to wait for something outside: `wake` is to be called once, perhaps at once. Returns what ends the waiting without a call. */
export type Sleep = (wake: () => void) => () => void;

export interface ClientView {
  readonly session: Session;
  /** Bytes of an unfinished command, and of a reply that waits. */
  readonly pendingInput: number;
  readonly pendingOutput: number;
  /** It waits for something outside. */
  readonly isAsleep: boolean;
  /** Ends the connection as if the client had closed it. */
  kill(): void;
}

export interface ServerView {
  readonly identity: { readonly version: string; readonly tenant: string };
  readonly startedAt: number;
  readonly port: number;
  readonly maxClients: number;
  clients(): Iterable<ClientView>;
  client(id: number): ClientView | undefined;
  /** Since the start, or since the last CONFIG RESETSTAT. */
  readonly counts: { connections: number; rejected: number; commands: number };
}

export interface Policy {
  readonly maxValueBytes: number;
  readonly defaultTtlSeconds: number | undefined;
  readonly maxTtlSeconds: number | undefined;
  readonly evictionPolicy: string;
}

/** One per server: `session` and the arguments change from command to command, the rest stays. */
export interface Call {
  args: Args;
  session: Session;
  readonly reply: Reply;
  readonly store: Store;
  readonly auth: Auth;
  readonly policy: Policy;
  readonly operations: Operations;
  readonly metrics: Instruments<typeof responderMetrics>;
  readonly server: ServerView;
  readonly replication: Replication;
  /** The command did so much more than its arguments tell, in units of RespLimits.workPerTurn. */
  work: number;
  /** Set by a handler that has not finished. */
  unfinished: Step | undefined;
  /** Set beside `unfinished`: the step is not run before this has woken the connection, or the connection can wait no longer. */
  sleep: Sleep | undefined;
  /** The command that runs, when it is logged or traced one by one. */
  sampled: SampledCommand | undefined;
  /** EXEC is running: a handler must finish in one go. */
  atomic: boolean;
  /** Runs a command on `args`, and counts it. */
  run(row: Row): void;
  /** For what is kept of commands that cannot run yet. */
  readonly inputBudget: Budget;
}

/** A command with what dispatching it needs, made once. */
export interface Row {
  readonly command: Command;
  readonly name: string;
  readonly run: Handler;
  readonly arity: number;
  /** Where its successes are counted; its errors one further. */
  readonly cell: number;
  /** 0: it has no keys. */
  readonly firstKey: number;
  readonly lastKey: number;
  readonly keyStep: number;
  readonly beforeLogin: boolean;
  readonly immediate: boolean;
  readonly subcommands: ReadonlyMap<string, Row> | undefined;
}

/** Bytes that many clients share. */
export interface Budget {
  /** false: there are not so many left, and nothing was taken. */
  take(bytes: number): boolean;
  give(bytes: number): void;
}
