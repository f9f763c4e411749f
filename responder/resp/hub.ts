// What all connections of a server share.
import type { Timers } from "#lib/clock";
import type { TurnClock } from "#lib/turn-clock";
import type { Log } from "#telemetry/logger";
import type { Call } from "./commands/command.ts";
import type { CommandObserver } from "./command-observer.ts";
import type { Dispatcher } from "./dispatch.ts";
import type { RespLimits } from "./limits.ts";
import type { ConnectionMetrics, OperationCounts } from "./metrics.ts";
import type { Parser } from "./parser.ts";

export interface Hub<Connection> {
  readonly call: Call;
  readonly parser: Parser;
  readonly dispatcher: Dispatcher;
  readonly observer: CommandObserver;
  readonly counts: OperationCounts;
  readonly limits: RespLimits;
  readonly clock: TurnClock;
  readonly timers: Timers;
  readonly metrics: ConnectionMetrics;
  readonly log: Pick<Log, "error">;
  /** Whether busy clients are no longer waited for: they are closed with their next answer. */
  readonly impatient: boolean;
  /** `goOn` is called in a later turn. */
  defer(connection: Connection): void;
  /** So many bytes of replies more, or fewer, wait for slow readers. */
  outputChanged(bytes: number): void;
  closed(connection: Connection): void;
}
