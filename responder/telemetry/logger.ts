// Structured logs of both programs: one JSON object a line, written without waiting, never lost at the end.
import pino from "pino";

export type LogLevel = "trace" | "debug" | "info" | "warn" | "error";
export type Fields = Readonly<Record<string, unknown>>;

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

/** A reader that stalls must not take our memory: beyond this, lines are dropped and counted. */
const pendingBytes = 4 * 2 ** 20;

export interface LoggerOptions {
  /** Fields on every line: tenant, namespace, pod, service, version ... */
  readonly base: Fields;
  readonly level?: LogLevel;
  /** An open file descriptor; default standard output. A path would open late and could not be flushed until then. */
  readonly to?: number;
}

export const createLogger = ({ base, level = "info", to = 1 }: LoggerOptions): Logger => {
  const destination = pino.destination({ dest: to, sync: false, maxLength: pendingBytes });
  let dropped = 0;
  destination.on("drop", () => dropped++);
  const root = pino(
    {
      level,
      base,
      timestamp: pino.stdTimeFunctions.isoTime,
      // names, not numbers: what people and log stores search for
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  );
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
      try {
        destination.flushSync();
      } catch {
        // the descriptor is gone or was never opened: nothing more can be said
      }
    },
    dropped: () => dropped,
  };
};
