import { manageLifecycle, reportCrash } from "#lib/lifecycle";
import { EventEmitter } from "node:events";
import { expect, test, vi } from "vitest";

const start = (stop: () => Promise<void>) => {
  const signals = new EventEmitter();
  const trail: string[] = [];
  const say = (fields: object, message: string) => void trail.push("durationMs" in fields ? `${message} after ${String(fields.durationMs)} ms` : message);
  let expire = () => {};
  let now = 0;
  manageLifecycle({
    signals,
    log: { info: say, warn: say, error: say, flush: () => void trail.push("flush") },
    stop,
    limitMs: 1000,
    clock: { monotonic: () => (now += 40.2) },
    timers: {
      every: () => () => {},
      after: (_, run) => {
        expire = run;
        return () => void (expire = () => {});
      },
    },
    exit: (code) => void trail.push(`exit ${code}`),
  });
  return { signals, trail, expire: () => expire() };
};

test.each(["SIGTERM", "SIGINT"])("%s stops, flushes and exits with 0", async (signal) => {
  const { signals, trail, expire } = start(async () => {});
  signals.emit(signal, signal);
  await vi.waitFor(() => expect(trail).toEqual(["stopping", "stopped after 40 ms", "flush", "exit 0"]));
  expire();
  expect(trail).toHaveLength(4);
});

test("a second signal exits at once", () => {
  const { signals, trail } = start(() => new Promise(() => {}));
  signals.emit("SIGTERM", "SIGTERM");
  signals.emit("SIGINT", "SIGINT");
  expect(trail).toEqual(["stopping", "second signal: stopping at once", "flush", "exit 1"]);
});

test("a stop that hangs is cut", () => {
  const { signals, trail, expire } = start(() => new Promise(() => {}));
  signals.emit("SIGTERM", "SIGTERM");
  expire();
  expect(trail).toEqual(["stopping", "stopping took too long", "flush", "exit 1"]);
});

test("a stop that fails is told", async () => {
  const { signals, trail } = start(() => Promise.reject(new Error("no")));
  signals.emit("SIGTERM", "SIGTERM");
  await vi.waitFor(() => expect(trail).toEqual(["stopping", "stopping failed", "flush", "exit 1"]));
});

test("an uncaught exception is the last thing in the log", () => {
  const signals = new EventEmitter();
  const trail: unknown[] = [];
  reportCrash({ signals, log: { fatal: (fields, message) => void trail.push(fields, message), flush: () => void trail.push("flush") }, exit: (code) => void trail.push(`exit ${code}`) });
  const err = new Error("bug");
  signals.emit("uncaughtException", err, "unhandledRejection");
  expect(trail).toEqual([{ err, origin: "unhandledRejection" }, "uncaught exception", "flush", "exit 1"]);
});
