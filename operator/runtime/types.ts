// The ports of operator/runtime: the work queue and the controller.
import type { Request } from "../objects.ts";

/** What became of one reconcile. */
export type Result =
  /** Forgets earlier failures of the key. */
  | { readonly outcome: "done"; readonly requeueAfterMs?: number }
  /** Transient: tried again after the key's backoff, and not before `afterMs` (a server's Retry-After). */
  | { readonly outcome: "retry"; readonly reason: string; readonly afterMs?: number }
  /** Nothing helps but a change, and a change is an event: not tried again by itself. */
  | { readonly outcome: "terminal"; readonly reason: string };

/**
 * Level-based: reads what is, not what happened. `signal` fires when the time is up or the grace of a stop has run out; pass it to the client.
 * A thrown ApiError counts as "retry"; anything else that is thrown is a panic: counted, logged with its stack, tried again with backoff.
 */
export type Reconcile = (request: Request, signal: AbortSignal) => Promise<Result>;

/** Where the queue's numbers go. All optional; durations in seconds. */
export interface QueueHooks {
  /** A key was queued that was not queued before. */
  readonly added?: () => void;
  readonly retried?: () => void;
  /** Keys that wait for a worker. */
  readonly depth?: (keys: number) => void;
  /** How long a key waited before it was taken. */
  readonly waited?: (seconds: number) => void;
  /** How long it was worked on. */
  readonly worked?: (seconds: number) => void;
}

/** Keys to work on, after client-go's workqueue: a key is queued at most once, is never worked on twice at once, and no add is lost. */
export interface WorkQueue {
  /** While the key is worked on it is remembered and queued again at its end. */
  add(key: string): void;
  /** Of several delayed adds of a key the earliest wins. 0 adds at once. */
  addAfter(key: string, ms: number): void;
  /** After the key's backoff, and not before `atLeastMs`. */
  addRateLimited(key: string, atLeastMs?: number): void;
  /** Failures start to count from 0 again. */
  forget(key: string): void;
  /** Failures since the last forget. */
  failures(key: string): number;
  /** The oldest key, as soon as there is one; undefined after shutdown. Each key got must be given to done(). */
  get(): Promise<string | undefined>;
  done(key: string): void;
  /** Drops what waits, ends every get(); keys being worked on may end. Adds are ignored from now on. */
  shutdown(): void;
  readonly depth: number;
  /** Seconds for which the keys under way have been worked on so far: all together, and the one that began first. */
  unfinished(): { readonly seconds: number; readonly longestSeconds: number };
}

export type ReconcileVerdict = "success" | "requeue_after" | "error" | "terminal" | "panic" | "timeout";

/** What came of one reconcile, for whoever looks at it from outside. */
export interface Ending {
  readonly verdict: ReconcileVerdict;
  /** Why it failed; absent when it did not. */
  readonly reason?: string;
}

export interface ControllerHooks {
  /** Runs `work`, once, and may look at how it ended. What is logged about the reconcile is logged inside. */
  readonly around?: (request: Request, work: () => Promise<Ending>) => Promise<unknown>;
  /** Once per reconcile. */
  readonly reconciled?: (verdict: ReconcileVerdict, seconds: number) => void;
  readonly activeWorkers?: (n: number) => void;
}

export interface Controller {
  enqueue(request: Request): void;
  start(): void;
  /** Nothing new starts; what runs may end within `graceMs`, then its signal fires. Resolves to false when something did not end even so. */
  stop(graceMs?: number): Promise<boolean>;
}
