// A command that goes on over many turns of the event loop: counted, timed and told once, when it is over.
import type { TurnClock } from "#lib/turn-clock";
import type { TraceContext } from "#telemetry/tracing";
import type { Call, Row, Step } from "./commands/command.ts";
import type { CommandObserver } from "./command-observer.ts";

export interface LongCommand {
  readonly span: TraceContext | undefined;
  /** Does the next piece; answers whether that was the last. */
  goOn(): boolean;
  /** It waits for the peers, or for its client to read: how long it takes does not make it slow. */
  waits(): void;
  /** Its reply is written. `problem`: the reply is that of a fault. */
  answered(problem?: string): void;
  /** Nobody is there to be answered any more. */
  abandoned(): void;
}

export interface LongCommandDeps {
  readonly call: Call;
  readonly row: Row;
  readonly step: Step;
  readonly counts: Float64Array;
  readonly observer: CommandObserver;
  readonly clock: TurnClock;
  /** Monotonic, when the turn began that it came in: when the command itself began only sampled ones have read. */
  readonly startedAt: number;
  /** What it has written so far. */
  readonly replyBytes: number;
}

export const createLongCommand = (deps: LongCommandDeps): LongCommand => {
  const { call, row, step, counts, observer, clock, startedAt } = deps;
  const { sampled } = call;
  const { name } = row;
  let { replyBytes } = deps;
  let failed = false;
  let hasWaited = false;

  const tell = (problem: string | undefined) => {
    clock.tick();
    if (!hasWaited) observer.took(clock.monotonic() - startedAt, name);
    // the arguments of the command have been written over by now, so there is no key to be hashed
    if (sampled) observer.observe(sampled, { name, args: call.args, firstKey: 0, problem, replyBytes });
  };

  return {
    span: sampled?.span,
    goOn: () => {
      const { reply } = call;
      const from = reply.length;
      reply.failed = false;
      const isDone = step();
      failed ||= reply.failed;
      replyBytes += reply.length - from;
      return isDone;
    },
    waits: () => void (hasWaited = true),
    answered: (problem = failed ? "answered an error" : undefined) => {
      const cell = row.cell + (problem === undefined ? 0 : 1);
      counts[cell] = (counts[cell] as number) + 1;
      tell(problem);
    },
    abandoned: () => tell("not answered"),
  };
};
