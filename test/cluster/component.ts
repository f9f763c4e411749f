// One restartable process of a cluster, and the wait until it serves.
import { readFile } from "node:fs/promises";
import { logFileOf, type Reaper } from "./reaper.ts";
import type { ProcessExit } from "./supervisor-protocol.ts";
import type { Component } from "./types.ts";
import { waitFor } from "./wait.ts";

export interface ComponentSpec {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** True once it serves; what it throws counts as "not yet". Without one it serves as soon as it runs. */
  readonly serves?: () => Promise<boolean>;
}

const startTimeoutMs = 60_000;

/** The end of a log file, for an error message. */
export const logTail = async (file: string, lines = 15): Promise<string> =>
  (await readFile(file, "utf8").catch(() => "")).trimEnd().split("\n").slice(-lines).join("\n");

const exitText = async ({ name, code, signal }: ProcessExit, logFile: string): Promise<string> =>
  `${name} exited (${signal ?? code}); the end of ${logFile}:\n${await logTail(logFile)}`;

/**
 * Rejects when a process goes that was not told to; never resolves: to be raced against a start.
 * A later crash is only told: whoever waits for something should see why it does not come.
 */
export const watchCrashes = (reaper: Reaper, logs: string, warn: (text: string) => void): Promise<never> =>
  new Promise((_, reject) => {
    reaper.onCrash(async (exit) => {
      const text = await exitText(exit, logFileOf(logs, exit.name));
      warn(text);
      reject(new Error(text));
    });
  });

/** Not started yet. */
export const createComponent = ({ name, argv, env = {}, serves }: ComponentSpec, reaper: Reaper, logs: string): Component => {
  const logFile = logFileOf(logs, name);
  let pid: number | undefined;

  const died = async () => {
    const exit = reaper.exited(name);
    if (exit === undefined) return undefined;
    return new Error(await exitText(exit, logFile));
  };

  return {
    name,
    logFile,
    pid: () => (reaper.exited(name) === undefined ? pid : undefined),
    stop: async ({ signal = "SIGTERM", graceMs = 2_000 } = {}) => {
      await reaper.stop(name, { signal, graceMs });
      pid = undefined;
    },
    start: async () => {
      pid = await reaper.start({ name, argv, env, log: logFile });
      if (serves === undefined) return;
      const outcome = await waitFor(`${name} to serve`, async () => (await died()) ?? (await serves()), { timeoutMs: startTimeoutMs, intervalMs: 50 });
      if (outcome !== true) throw outcome;
    },
  };
};
