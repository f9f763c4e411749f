// What Node and libraries would print as plain text goes into the log, so that all that a process writes is one JSON object a line.
import type { Clock } from "#lib/clock";
import { createLimits } from "./log-limit.ts";
import type { Log } from "./logger.ts";

export interface LogProcessDeps {
  readonly process: NodeJS.EventEmitter;
  readonly console: Pick<Console, "debug" | "error" | "info" | "log" | "trace" | "warn">;
  readonly log: Log;
  readonly clock: Pick<Clock, "monotonic">;
}

/** Takes the place of Node's own printer of warnings and of console. */
export const logProcess = ({ process, console, log, clock }: LogProcessDeps): void => {
  const limit = createLimits(clock);
  process.removeAllListeners("warning");
  process.on("warning", (err: Error & { code?: string }) => limit(`${err.name} ${err.code}`)((times) => log.warn({ err, times }, "warning of Node")));
  // the first argument alone, and of objects only errors: anything may be in them
  const print = (what: unknown) => {
    if (what instanceof Error) return limit(what.name)((times) => log.warn({ err: what, times }, "printed by a library"));
    const text = typeof what === "string" ? what : typeof what;
    limit(text)((times) => log.warn({ text, times }, "printed by a library"));
  };
  for (const name of ["debug", "error", "info", "log", "trace", "warn"] as const) console[name] = print;
};
