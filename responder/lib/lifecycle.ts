// From the first signal to the exit: stop once, in bounded time, with every log line written.
import type { Timers } from "./clock.ts";

type Emit = (fields: Readonly<Record<string, unknown>>, message: string) => void;

export interface Lifecycle {
  /** The process, or something that emits its signals and uncaughtException in a test. */
  readonly signals: { on(event: string, listener: (what: unknown) => void): unknown };
  readonly log: { readonly info: Emit; readonly warn: Emit; readonly error: Emit; readonly fatal: Emit; flush(): void };
  /** Ends the work. Expected to keep its own deadline; `limitMs` is the net below it. */
  readonly stop: () => Promise<void>;
  readonly limitMs: number;
  readonly timers: Timers;
  readonly exit: (code: number) => void;
}

export const manageLifecycle = ({ signals, log, stop, limitMs, timers, exit }: Lifecycle): void => {
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
    log.info({ signal }, "stopping");
    const giveUp = timers.after(limitMs, () => {
      log.error({ limitMs }, "stopping took too long");
      end(1);
    });
    const finish = async () => {
      try {
        await stop();
        log.info({}, "stopped");
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
  // an unhandled rejection arrives here too: Node raises it as an exception
  signals.on("uncaughtException", (err) => {
    log.fatal({ err }, "uncaught exception");
    end(1);
  });
};
