// Structured logs of both programs: one JSON object a line, written without waiting, never lost at the end.
import pino from "pino";
import { systemClock, systemTimers, type Clock, type Timers } from "#lib/clock";
import { boundedFields, type Fields } from "./log-fields.ts";
import { createLogOutput } from "./log-output.ts";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";
export type { Fields };

/** A constant message; the facts are fields. An error goes in as `err`. Never a key, a value or a token. */
export type LogFn = (fields: Fields, message: string) => void;

export type Log = Readonly<Record<LogLevel | "fatal", LogFn>>;

export interface Logger extends Log {
  /** Fields on every line of the child. */
  child(fields: Fields): Log;
  level(): LogLevel;
  setLevel(level: LogLevel): void;
  /** Writes what is pending, now: for the last moments of the process. */
  flush(): void;
  /** Lines dropped because the reader of our output did not keep up. */
  dropped(): number;
}

/** That lines were dropped is told once in so long. */
const tellMs = 60_000;

export interface LoggerOptions {
  /** Fields on every line: tenant, namespace, pod, service, version ... */
  readonly base: Fields;
  readonly level?: LogLevel;
  /** An open file descriptor; default standard output. */
  readonly to?: number;
  readonly clock?: Pick<Clock, "monotonic">;
  readonly timers?: Pick<Timers, "after">;
}

export const createLogger = ({ base, level = "info", to = 1, clock = systemClock, timers = systemTimers }: LoggerOptions): Logger => {
  let told = 0;
  let toldAt = -Infinity;
  const tell = (isLast: boolean) => {
    const lines = output.dropped() - told;
    if (lines === 0 || (clock.monotonic() - toldAt < tellMs && !isLast)) return;
    told += lines;
    toldAt = clock.monotonic();
    anyLevelLog.warn({ lines }, "log lines dropped");
  };
  // that the reader is back shows by its having taken everything
  const output = createLogOutput({ fd: to, timers, onWritten: () => tell(false) });
  const root = pino(
    {
      level,
      base: boundedFields(base),
      timestamp: pino.stdTimeFunctions.isoTime,
      // errors have become fields by then
      serializers: { err: (err: unknown) => err },
      // names, not numbers: what people and log stores search for
      formatters: { level: (label) => ({ level: label }), log: boundedFields },
    },
    { write: output.write },
  );
  // those who hide warnings must know all the same that their log has gaps
  const anyLevelLog = root.child({}, { level: "warn" });
  // fields are merged per line instead of in a pino child, which would keep the level that it was born with
  const bind = (bound?: Fields): Log => {
    const at = (name: LogLevel | "fatal"): LogFn => (bound ? (fields, message) => root[name]({ ...bound, ...fields }, message) : (fields, message) => root[name](fields, message));
    return { trace: at("trace"), debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error"), fatal: at("fatal") };
  };
  return {
    ...bind(),
    child: bind,
    level: () => root.level as LogLevel,
    setLevel: (next) => void (root.level = next),
    flush: () => {
      output.flushSync();
      tell(true);
      output.flushSync();
    },
    dropped: output.dropped,
  };
};
