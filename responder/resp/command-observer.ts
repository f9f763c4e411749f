// Logs and traces commands: sampled ones one by one, and turns that took long.
import type { RequestLogging } from "#contract/runtime";
import type { Clock } from "#lib/clock";
import { createLineSampler } from "#telemetry/line-sampler";
import type { Fields, Log } from "#telemetry/logger";
import type { TraceContext, Tracing } from "#telemetry/tracing";
import type { Args } from "./args.ts";

/** A command that is logged, traced or both. */
export interface SampledCommand {
  readonly startedAt: number;
  /** How many commands its line stands for; 0: it gets none. */
  readonly stands: number;
  /** What it writes belongs to it, at the peers too. */
  readonly span: TraceContext | undefined;
}

/** What became of it. `name` is of the table, never what a client sent. */
export interface CommandOutcome {
  readonly name: string;
  readonly args: Args;
  /** Index of its first key; 0: it has none. */
  readonly firstKey: number;
  /** What went wrong, in a word or a short sentence. */
  readonly problem: string | undefined;
  readonly replyBytes: number;
}

export interface CommandObserver {
  /** A turn of commands of one connection took so long, or one command took many turns. `command`: the last one. */
  took(durationMs: number, command: string): void;
  /** Of the next command; undefined: it is only counted. */
  sample(): SampledCommand | undefined;
  observe(command: SampledCommand, outcome: CommandOutcome): void;
}

export const noCommandObserver: CommandObserver = { took: () => {}, sample: () => undefined, observe: () => {} };

export interface CommandObserverDeps {
  readonly log: Log;
  readonly tracing: Tracing;
  readonly clock: Pick<Clock, "monotonic">;
  readonly logging: () => RequestLogging;
  readonly hashKey: (bytes: Uint8Array, from: number, to: number) => string;
  readonly onSpent: (signal: "logs", seconds: number) => void;
}

export const createCommandObserver = ({ log, tracing, clock, logging, hashKey, onSpent }: CommandObserverDeps): CommandObserver => {
  const lines = createLineSampler(clock.monotonic);
  const write = (fields: Fields, message: string) => {
    const from = clock.monotonic();
    log.info(fields, message);
    onSpent("logs", (clock.monotonic() - from) / 1000);
  };
  const rounded = (ms: number) => Math.round(ms * 1000) / 1000;

  return {
    took: (durationMs, command) => {
      // which of a turn's commands took so long nobody has timed
      if (durationMs > logging().slowMs) write({ command, durationMs: rounded(durationMs), sampleRate: 1 }, "slow commands");
    },
    sample: () => {
      const isTraced = tracing.isOn && tracing.samples();
      const stands = lines.next(logging().sample);
      if (!isTraced && stands === 0) return undefined;
      return { startedAt: clock.monotonic(), stands, span: isTraced ? tracing.begin() : undefined };
    },
    observe: ({ startedAt, stands, span }, { name, args, firstKey, problem, replyBytes }) => {
      const endedAt = clock.monotonic();
      const result = problem === undefined ? "ok" : "error";
      if (stands > 0) {
        const { keyHash } = logging();
        const hash = keyHash && firstKey > 0 && firstKey < args.count ? { keyHash: hashKey(args.buffer(firstKey), args.from[firstKey] as number, args.to[firstKey] as number) } : {};
        const trace = span ? { trace_id: span.traceId, span_id: span.spanId, trace_flags: "01" } : {};
        write({ command: name, result, durationMs: rounded(endedAt - startedAt), bytes: replyBytes, sampleRate: stands, ...hash, ...trace }, "command");
      }
      if (!span) return;
      const attributes = { "network.protocol.name": "resp", "kv.command": name.toUpperCase(), "kv.result": result };
      tracing.record({ name: name.toUpperCase(), kind: "server", context: span, startedAt, endedAt, attributes, error: problem });
    },
  };
};
