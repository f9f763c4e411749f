// What Node and libraries would print as plain text goes into the log, so that all that a process writes is one JSON object a line.
import { createLimited, type Limited } from "./log-limit.ts";
import type { Clock } from "#lib/clock";
import type { Log } from "./logger.ts";

export interface LogProcessDeps {
  readonly process: NodeJS.EventEmitter;
  readonly console: Pick<Console, "debug" | "error" | "info" | "log" | "trace" | "warn">;
  readonly log: Log;
  readonly clock: Pick<Clock, "monotonic">;
}

/** Of different warnings and texts: a few kinds are known, and what is beyond them shares one. */
const kindsMost = 32;

const createLimits = (clock: LogProcessDeps["clock"]) => {
  const limits = new Map<string, Limited>();
  return (kind: string): Limited => {
    const key = limits.size < kindsMost || limits.has(kind) ? kind : "";
    const limited = limits.get(key) ?? createLimited(clock);
    limits.set(key, limited);
    return limited;
  };
};

/** Takes the place of Node's own printer of warnings and of console. */
export const logProcess = ({ process, console, log, clock }: LogProcessDeps): void => {
  const limit = createLimits(clock);
  process.removeAllListeners("warning");
  process.on("warning", (err: Error) => limit(err.name)((times) => log.warn({ err, times }, "warning of Node")));
  // the text of an error alone: other arguments may be anything
  const print = (what: unknown) => {
    const err = what instanceof Error ? what : undefined;
    const text = typeof what === "string" ? what : typeof what;
    limit(err?.name ?? text)((times) => log.warn(err ? { err, times } : { text, times }, "printed by a library"));
  };
  for (const name of ["debug", "error", "info", "log", "trace", "warn"] as const) console[name] = print;
};
