// From the first signal to the exit: stop once, in bounded time, with every log line written; and the exit that nobody asked for.
import type { Clock, Timers } from "./clock.ts";

type Emit = (fields: Readonly<Record<string, unknown>>, message: string) => void;

interface Ending {
  /** The process, or something that emits its signals and uncaughtException in a test. */
  readonly signals: { on(event: string, listener: (what: unknown, origin: unknown) => void): unknown };
  readonly exit: (code: number) => void;
}

export interface Lifecycle extends Ending {
  readonly log: { readonly info: Emit; readonly warn: Emit; readonly error: Emit; flush(): void };
  /** Ends the work. Expected to keep its own deadline; `limitMs` is the net below it. */
  readonly stop: () => Promise<void>;
  readonly limitMs: number;
  readonly clock: Pick<Clock, "monotonic">;
  readonly timers: Timers;
}

export const manageLifecycle = ({ signals, log, stop, limitMs, clock, timers, exit }: Lifecycle): void => {
  let stopping = false;
  const end = (code: number) => {
    log.flush();
    exit(code);
  };
  const onSignal = (signal: unknown) => {
    if (stopping) {
      log.warn({ signal }, "second signal: stopping at once");
      end(1);
      return;
    }
    stopping = true;
    const since = clock.monotonic();
    log.info({ signal }, "stopping");
    const giveUp = timers.after(limitMs, () => {
      log.error({ limitMs }, "stopping took too long");
      end(1);
    });
    const finish = async () => {
      try {
        await stop();
        log.info({ durationMs: Math.round(clock.monotonic() - since) }, "stopped");
        return 0;
      } catch (err) {
        log.error({ err }, "stopping failed");
        return 1;
      } finally {
        giveUp();
      }
    };
    void finish().then(end);
  };
  signals.on("SIGTERM", onSignal);
  signals.on("SIGINT", onSignal);
};

export interface Crash extends Ending {
  readonly log: { readonly fatal: Emit; flush(): void };
}

/** What nobody caught is the last line of the log, and the exit code is 1. To be called before anything can fail. */
export const reportCrash = ({ signals, log, exit }: Crash): void => {
  // an unhandled rejection arrives here too: Node raises it as an exception
  signals.on("uncaughtException", (err, origin) => {
    log.fatal({ err, origin }, "uncaught exception");
    log.flush();
    exit(1);
  });
};
