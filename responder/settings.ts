// The settings that change while the process runs: re-read from the mounted file, told to whoever asks.
import { parseRuntime, type RuntimeSettings } from "#contract/runtime";
import type { Timers } from "#lib/clock";
import { pollFile } from "#lib/poll-file";
import type { Logger } from "#telemetry/logger";

const everyMs = 1_000;

export interface Settings {
  /** As of the last reading. */
  readonly current: RuntimeSettings;
  /** From now on it is called with each change. */
  onChange(listener: (settings: RuntimeSettings) => void): void;
}

export interface SettingsDeps {
  /** Absent: they stay as they are at the start. */
  readonly path: string | undefined;
  readonly timers: Timers;
  readonly log: Logger;
}

export const followSettings = ({ path, timers, log }: SettingsDeps): Settings => {
  let current = parseRuntime("{}");
  let isFollowing = false;
  let listener = (_settings: RuntimeSettings): void => {};
  const settings: Settings = {
    get current() {
      return current;
    },
    onChange: (given) => void (listener = given),
  };
  if (path === undefined) return settings;
  pollFile({
    path,
    everyMs,
    timers,
    onText: (text) => {
      const next = parseRuntime(text);
      const changed = JSON.stringify(next) !== JSON.stringify(current);
      const before = log.level();
      current = next;
      const { logLevel, ...rest } = next;
      if (logLevel !== before) {
        // the line must be seen whichever of the two levels hides it
        log.setLevel("info");
        log.info({ from: before, to: logLevel }, "log level changed");
        log.setLevel(logLevel);
      }
      // what stands at the start is no change
      if (!changed || !isFollowing) return;
      log.info(rest, "settings changed");
      listener(next);
    },
    onProblem: (err) => log.warn({ err, path }, "runtime settings not read; the last ones stay in force"),
  });
  isFollowing = true;
  return settings;
};
