// Takes keys from the queue and reconciles them, several at once but each key by one worker only.
import { AsyncResource } from "node:async_hooks";
import type { Clock, Timers } from "#lib/clock";
import { isApiError } from "../kube/errors.ts";
import { about, type Log } from "../log.ts";
import type { Request } from "../objects.ts";
import type { Controller, ControllerHooks, Ending, Reconcile, ReconcileVerdict, Result, WorkQueue } from "./types.ts";

export interface ControllerOptions {
  readonly queue: WorkQueue;
  readonly reconcile: Reconcile;
  readonly workers: number;
  /** Bound of one reconcile. Default 120,000: longer than any honest one, whose calls are bounded by 30 s each. */
  readonly timeoutMs?: number;
  readonly clock: Clock;
  readonly timers: Pick<Timers, "after">;
  readonly log: Log;
  readonly hooks?: ControllerHooks;
}

const keyOf = ({ namespace, name }: Request): string => `${namespace}/${name}`;

const requestOf = (key: string): Request => {
  const slash = key.indexOf("/");
  return { namespace: key.slice(0, slash), name: key.slice(slash + 1) };
};

/** What the log and the queue are told. */
interface Judgement {
  readonly verdict: ReconcileVerdict;
  readonly result: Result;
}

export const createController = (options: ControllerOptions): Controller => {
  const { queue, reconcile, workers, timeoutMs = 120_000, clock, timers, log, hooks = {} } = options;
  const { around = (_, work) => work() } = hooks;
  const underWay = new Map<string, { readonly abort: AbortController; readonly ended: Promise<void> }>();
  let started = false;
  let stopped = false;

  const judge = async (request: Request, signal: AbortSignal): Promise<Judgement> => {
    try {
      const result = await reconcile(request, signal);
      const success = result.outcome === "done" && result.requeueAfterMs !== undefined ? "requeue_after" : "success";
      return { verdict: result.outcome === "done" ? success : result.outcome === "terminal" ? "terminal" : "error", result };
    } catch (error) {
      if (isApiError(error)) {
        const afterMs = error.retryAfterMs;
        return { verdict: "error", result: { outcome: "retry", reason: error.message, ...(afterMs !== undefined && { afterMs }) } };
      }
      log.error({ ...about(request), err: error }, "reconcile panicked");
      return { verdict: "panic", result: { outcome: "retry", reason: "unexpected error" } };
    }
  };

  const settle = (key: string, { verdict, result }: Judgement, late: boolean): void => {
    const facts = { ...about(requestOf(key)), failures: queue.failures(key) };
    if (result.outcome === "retry") {
      if (verdict === "error") log.info({ ...facts, reason: result.reason }, "reconcile failed, will be tried again");
      queue.addRateLimited(key, result.afterMs);
      return;
    }
    // it may have ended well only because it did not heed its signal
    if (late) {
      queue.addRateLimited(key);
      return;
    }
    queue.forget(key);
    if (result.outcome === "terminal") log.warn({ ...facts, reason: result.reason }, "reconcile cannot succeed until something changes");
    else if (result.requeueAfterMs !== undefined) queue.addAfter(key, result.requeueAfterMs);
  };

  /**
   * Ends with the reconcile, or when its time is up. One that outlives its time keeps its key (no second one may start beside it) but frees its worker,
   * so that a few stuck resources cannot stop all others.
   */
  const process = async (key: string): Promise<void> => {
    const abort = new AbortController();
    const began = clock.monotonic();
    const report = (verdict: ReconcileVerdict): void => hooks.reconciled?.(verdict, (clock.monotonic() - began) / 1000);
    let late = false;
    const request = requestOf(key);
    let tellLate = (): void => log.warn({ ...about(request), timeoutMs }, "reconcile takes too long");
    const work = async (): Promise<Ending> => {
      // told from outside, when the worker is freed, with what lines of the reconcile carry
      tellLate = AsyncResource.bind(tellLate);
      const { verdict, result } = await judge(request, abort.signal);
      if (!late) report(verdict);
      settle(key, { verdict, result }, late);
      return { verdict: late ? "timeout" : verdict, ...(result.outcome !== "done" && { reason: result.reason }) };
    };
    const run = async (): Promise<void> => {
      await around(request, work);
      underWay.delete(key);
      queue.done(key);
      hooks.activeWorkers?.(underWay.size);
    };
    const ended = run();
    underWay.set(key, { abort, ended });
    hooks.activeWorkers?.(underWay.size);
    if (await within(timers, timeoutMs, ended)) return;
    late = true;
    tellLate();
    report("timeout");
    abort.abort();
  };

  const work = async (): Promise<void> => {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) await process(key);
  };

  return {
    enqueue: (request) => queue.add(keyOf(request)),

    start() {
      if (started || stopped) return;
      started = true;
      for (let i = 0; i < workers; i++) void work();
    },

    async stop(graceMs = 10_000) {
      stopped = true;
      queue.shutdown();
      const running = [...underWay.values()];
      const all = Promise.all(running.map((r) => r.ended));
      if (await within(timers, graceMs, all)) return true;
      for (const { abort } of running) abort.abort();
      // an aborted call ends at once; what does not heed its signal is left behind
      return within(timers, 1_000, all);
    },
  };
};

/** Whether the task ends within `ms`. */
const within = async (timers: Pick<Timers, "after">, ms: number, task: Promise<unknown>): Promise<boolean> => {
  let cancel: () => void = () => {};
  const late = new Promise<boolean>((resolve) => {
    cancel = timers.after(ms, () => resolve(false));
  });
  const done = await Promise.race([task.then(() => true), late]);
  cancel();
  return done;
};
