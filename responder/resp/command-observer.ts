// Times, logs and traces commands: each turn by the clock once, sampled commands one by one.
import type { responderMetrics } from "#contract/metrics";
import type { RequestLogging } from "#contract/runtime";
import type { Clock } from "#lib/clock";
import type { HistogramHandle, Instruments } from "#telemetry/instruments";
import type { Fields, Log } from "#telemetry/logger";
import type { TraceContext, Tracing } from "#telemetry/tracing";
import type { Args } from "./args.ts";
import { operationNames } from "./metrics.ts";

/** A command that is logged, traced or both. */
export interface SampledCommand {
  readonly startedAt: number;
  readonly isLogged: boolean;
  /** What it writes belongs to it, at the peers too. */
  readonly span: TraceContext | undefined;
}

/** What became of it. `name` is of the table, never what a client sent. */
export interface CommandOutcome {
  readonly name: string;
  readonly args: Args;
  /** Index of its first key; 0: it has none. */
  readonly firstKey: number;
  readonly failed: boolean;
  readonly replyBytes: number;
}

export interface CommandObserver {
  /** A turn of commands of one connection begins. */
  begin(): void;
  /** Its replies are with the kernel. */
  end(lastCommand: string): void;
  /** Of the next command; undefined: it is only counted. */
  sample(): SampledCommand | undefined;
  observe(command: SampledCommand, outcome: CommandOutcome): void;
  /** Keys by operation since the turn began: counted by the handlers. */
  readonly operations: Float64Array;
}

export const noCommandObserver: CommandObserver = { begin: () => {}, end: () => {}, sample: () => undefined, observe: () => {}, operations: new Float64Array(operationNames.length) };

export interface CommandObserverDeps {
  readonly metrics: Instruments<typeof responderMetrics>;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly clock: Pick<Clock, "monotonic">;
  readonly logging: () => RequestLogging;
  readonly hashKey: (bytes: Uint8Array, from: number, to: number) => string;
  readonly onSpent: (signal: "logs", seconds: number) => void;
}

export const createCommandObserver = ({ metrics, log, tracing, clock, logging, hashKey, onSpent }: CommandObserverDeps): CommandObserver => {
  const durations: readonly HistogramHandle[] = operationNames.map((operation) => metrics.kv_operation_duration_seconds.with({ operation }));
  const operations = new Float64Array(operationNames.length);
  let begunAt = 0;
  let commands = 0;
  const write = (fields: Fields, message: string) => {
    const from = clock.monotonic();
    log.info(fields, message);
    onSpent("logs", (clock.monotonic() - from) / 1000);
  };
  const rounded = (ms: number) => Math.round(ms * 1000) / 1000;

  return {
    operations,
    begin: () => void (begunAt = clock.monotonic()),
    end: (command) => {
      const durationMs = clock.monotonic() - begunAt;
      for (let i = 0; i < operations.length; i++) {
        const keys = operations[i]!;
        if (keys === 0) continue;
        durations[i]!.observeMany(durationMs / 1000, keys);
        operations[i] = 0;
      }
      // which of them took so long nobody has timed
      if (durationMs > logging().slowMs) write({ command, durationMs: rounded(durationMs), sampleRate: 1 }, "slow commands");
    },
    sample: () => {
      const isTraced = tracing.isOn && tracing.samples();
      const isLogged = commands++ % logging().sample === 0;
      if (!isTraced && !isLogged) return undefined;
      return { startedAt: clock.monotonic(), isLogged, span: isTraced ? tracing.begin() : undefined };
    },
    observe: ({ startedAt, isLogged, span }, { name, args, firstKey, failed, replyBytes }) => {
      const endedAt = clock.monotonic();
      if (isLogged) {
        const { keyHash, sample } = logging();
        const hash = keyHash && firstKey > 0 && firstKey < args.count ? { keyHash: hashKey(args.buffer(firstKey), args.from[firstKey] as number, args.to[firstKey] as number) } : {};
        const trace = span ? { trace_id: span.traceId, span_id: span.spanId, trace_flags: "01" } : {};
        write({ command: name, result: failed ? "error" : "ok", durationMs: rounded(endedAt - startedAt), bytes: replyBytes, sampleRate: sample, ...hash, ...trace }, "command");
      }
      if (!span) return;
      const attributes = { "network.protocol.name": "resp", "kv.command": name.toUpperCase(), "kv.result": failed ? "error" : "ok" };
      tracing.record({ name: name.toUpperCase(), kind: "server", context: span, startedAt, endedAt, attributes, error: failed ? "answered an error" : undefined });
    },
  };
};
