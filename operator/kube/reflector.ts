// Keeps a store equal to what the API server has of one kind: list, then watch, for ever, whatever breaks.
import type { Clock, Timers } from "#lib/clock";
import type { Kind } from "../kinds.ts";
import type { Log } from "../log.ts";
import { isApiError } from "./errors.ts";
import { sleep } from "../runtime/timers.ts";
import { listAll } from "./list-all.ts";
import { createStore } from "./store.ts";
import type { KubeClient, Reflector, ReflectorEvent, ReflectorState } from "./types.ts";

/** Of all namespaces or of one. */
export interface PlainReflector extends Reflector {
  /** As whenSynced, and also when the API server does not permit a list. */
  whenAnswered(): Promise<void>;
}

export interface ReflectorHooks {
  /** A watch was opened that is not the first after a list. */
  readonly watchRestarted?: () => void;
  /** A full list was taken in. */
  readonly listed?: () => void;
}

export interface ReflectorOptions {
  readonly client: Pick<KubeClient, "list" | "watch">;
  readonly kind: Kind;
  /** Absent: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labelSelector?: string | undefined;
  readonly clock: Clock;
  readonly timers: Pick<Timers, "after">;
  readonly log: Log;
  /** 0 <= x < 1; for jitter. */
  readonly random?: () => number;
  /** How often a kind that is not served is looked for again. Default 15,000. */
  readonly absentRetryMs?: number;
  readonly hooks?: ReflectorHooks;
}

const firstDelayMs = 1_000;
const longestDelayMs = 30_000;
/** While nobody answers, trying costs next to nothing, and everything waits for the first success. */
const longestDelayUnreachableMs = 10_000;
const longestRetryAfterMs = 120_000;
/** A watch that lived this long was no failure, however it ended. */
const progressMs = 1_000;
/** The API server sends bookmarks every 60 to 75 s to a watch that has had one; silence beyond this is a dead peer that the kernel cannot see. */
const silenceMs = 100_000;
/** How much later than announced the end of a watch may come. */
const overdueMs = 30_000;

const filled: readonly ReflectorState[] = ["synced", "absent"];
const answered: readonly ReflectorState[] = [...filled, "forbidden"];

export const createReflector = (options: ReflectorOptions): PlainReflector => {
  const { client, kind, namespace, labelSelector, clock, timers, log, random = Math.random, absentRetryMs = 15_000, hooks = {} } = options;
  const facts = { kind: kind.kind, ...(namespace !== undefined && { resource_namespace: namespace }) };
  const handlers: ((event: ReflectorEvent) => void)[] = [];
  const store = createStore((event) => {
    for (const handle of handlers) {
      try {
        handle(event);
      } catch (err) {
        log.error({ ...facts, err }, "event handler failed");
      }
    }
  });
  let state: ReflectorState = "idle";
  let waiters: { readonly states: readonly ReflectorState[]; readonly wake: () => void }[] = [];
  let lastContact = -Infinity;
  let running: { readonly controller: AbortController; readonly ended: Promise<void> } | undefined;

  const confirmed = (): void => {
    lastContact = clock.monotonic();
  };

  const enter = (next: ReflectorState): void => {
    state = next;
    for (const { states, wake } of waiters) if (states.includes(next)) wake();
    waiters = waiters.filter(({ states }) => !states.includes(next));
  };
  const until = (states: readonly ReflectorState[]): Promise<void> =>
    states.includes(state) ? Promise.resolve() : new Promise((wake) => waiters.push({ states, wake }));

  const relist = async (signal: AbortSignal): Promise<string> => {
    store.beginList();
    const { items, resourceVersion } = await listAll(client, kind, { namespace, labelSelector, signal });
    confirmed();
    store.replace(items, resourceVersion);
    hooks.listed?.();
    return resourceVersion;
  };

  /** One watch from open to end. */
  const watchOnce = async (resourceVersion: string, signal: AbortSignal, on: { opened(): void; progress(version: string): void }): Promise<void> => {
    const timeoutSeconds = 300 + Math.floor(random() * 300);
    const cut = new AbortController();
    const stop = (): void => cut.abort();
    signal.addEventListener("abort", stop);
    let silent = false;
    let disarm: () => void = () => {};
    const expectNews = (ms: number): void => {
      disarm();
      disarm = timers.after(ms, () => {
        silent = true;
        stop();
      });
    };
    try {
      const events = await client.watch(kind, { namespace, labelSelector, resourceVersion, timeoutSeconds, signal: cut.signal });
      on.opened();
      confirmed();
      const end = clock.monotonic() + timeoutSeconds * 1000 + overdueMs;
      let bookmarked = false;
      expectNews(end - clock.monotonic());
      for await (const event of events) {
        confirmed();
        bookmarked ||= event.type === "BOOKMARK";
        expectNews(bookmarked ? silenceMs : end - clock.monotonic());
        if (event.type !== "BOOKMARK") store.observe(event);
        const version = event.type === "BOOKMARK" ? event.resourceVersion : event.object.metadata.resourceVersion;
        if (version) on.progress(version);
      }
    } catch (error) {
      throw silent ? new Error("the watch has been silent for too long", { cause: error }) : error;
    } finally {
      disarm();
      signal.removeEventListener("abort", stop);
    }
  };

  const run = async (signal: AbortSignal): Promise<void> => {
    /** Where the next watch begins; undefined: list first. */
    let version: string | undefined;
    /** Attempts in a row without progress. */
    let failures = 0;
    /** Whether the last of them found nobody. */
    let unreachable = false;

    /** How long to wait after a failure. */
    const recover = (error: unknown): number => {
      if (isApiError(error, "missingKind")) {
        confirmed();
        version = undefined;
        failures = 0;
        if (state !== "absent") log.info(facts, "kind is not served");
        store.clear();
        enter("absent");
        return absentRetryMs;
      }
      const hasAnswered = !isApiError(error, "network", "timeout");
      // whoever is back after an absence starts afresh: the absence says nothing about its health now
      failures = hasAnswered && unreachable ? 1 : failures + 1;
      unreachable = !hasAnswered;
      // what is held stays; a permission that is taken away is no news of the objects
      if (state === "syncing" && isApiError(error, "forbidden")) enter("forbidden");
      const expired = isApiError(error, "gone");
      if (expired) version = undefined;
      const backoff = backoffMs(failures, hasAnswered ? longestDelayMs : longestDelayUnreachableMs, random);
      const asked = isApiError(error) ? Math.min(error.retryAfterMs ?? 0, longestRetryAfterMs) : 0;
      const delayMs = expired && failures === 1 ? 0 : Math.max(backoff, asked);
      // the first of a row, then silence: when the API server is down every reflector has something to say
      log[failures === 1 && !expired ? "warn" : "debug"]({ ...facts, err: error, failures, delayMs: Math.round(delayMs) }, "list or watch failed");
      return delayMs;
    };

    while (!signal.aborted) {
      let opened = Infinity;
      let delayMs = 0;
      const hasLived = (): boolean => clock.monotonic() - opened >= progressMs;
      try {
        if (version === undefined) {
          version = await relist(signal);
          if (signal.aborted) return;
          enter("synced");
        } else hooks.watchRestarted?.();
        await watchOnce(version, signal, {
          opened: () => (opened = clock.monotonic()),
          progress(next) {
            version = next;
            failures = 0;
          },
        });
        if (hasLived()) failures = 0;
        else delayMs = backoffMs(++failures, longestDelayMs, random);
      } catch (error) {
        if (signal.aborted) return;
        if (hasLived()) failures = 0;
        delayMs = recover(error);
      }
      if (delayMs > 0) await sleep(timers, delayMs, signal);
    }
  };

  return {
    kind,
    store,
    get state() {
      return state;
    },
    onEvent: (handler) => void handlers.push(handler),
    stalenessMs: () => clock.monotonic() - lastContact,

    start() {
      if (running) return;
      enter("syncing");
      const controller = new AbortController();
      running = { controller, ended: run(controller.signal) };
    },

    covers: (of) => state === "synced" && (namespace === undefined || of === namespace),
    whenSynced: () => until(filled),
    whenAnswered: () => until(answered),

    async stop({ forget = false } = {}) {
      const was = running;
      running = undefined;
      was?.controller.abort();
      await was?.ended;
      if (running) return;
      enter("idle");
      if (forget) store.clear();
    },
  };
};

/** Doubles from 1 s, with half of it left to chance so that reflectors do not march in step. */
const backoffMs = (failures: number, longest: number, random: () => number): number => Math.min(longest, firstDelayMs * 2 ** (failures - 1)) * (0.5 + random() / 2);
