// A client whose lists are answered from a script and whose watches are played by hand.
import { ApiError, type ApiErrorKind } from "../../../operator/kube/errors.ts";
import type { KubeClient, ListOptions, Page, WatchEvent, WatchOptions } from "../../../operator/kube/types.ts";
import type { KubeObject } from "../../../operator/objects.ts";

export const object = (name: string, resourceVersion: string, uid = `${name}-1`): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "n", uid, resourceVersion },
});

export const failure = (kind: ApiErrorKind, retryAfterMs?: number): ApiError =>
  new ApiError("watch configmaps", { kind, status: 0, reason: "", detail: kind, ...(retryAfterMs !== undefined && { retryAfterMs }) });

export interface PlayedWatch {
  readonly options: WatchOptions;
  push(...events: readonly WatchEvent[]): void;
  /** In an orderly way. */
  end(): void;
  fail(error: Error): void;
  /** Nobody reads it any more. */
  readonly closed: boolean;
}

export interface ScriptedClient extends Pick<KubeClient, "list" | "watch"> {
  /** What the next list is answered with; the last one is used again and again. */
  lists: (Page | Error)[];
  /** What the next attempt to open a watch meets; empty: it opens. */
  refusals: Error[];
  /** Answers to the list under way wait while this is set. */
  hold?: Promise<void>;
  readonly listed: ListOptions[];
  readonly watches: PlayedWatch[];
  /** The newest watch. */
  watching(): PlayedWatch;
  /** Watches asked for, the refused ones included. */
  readonly attempts: number;
}

export const page = (resourceVersion: string, ...items: readonly KubeObject[]): Page => ({ items, resourceVersion });

export const scriptedClient = (...lists: (Page | Error)[]): ScriptedClient => {
  const watches: PlayedWatch[] = [];
  const client: ScriptedClient & { attempts: number } = {
    lists,
    refusals: [],
    listed: [],
    watches,
    attempts: 0,
    watching() {
      const last = watches.at(-1);
      if (!last) throw new Error("no watch was opened");
      return last;
    },
    async list(_, options = {}) {
      client.listed.push(options);
      await client.hold;
      const next = client.lists.length > 1 ? client.lists.shift() : client.lists[0];
      if (next instanceof Error) throw next;
      if (!next) throw new Error("the script has no list");
      return next;
    },
    async watch(_, options) {
      client.attempts++;
      const refusal = client.refusals.shift();
      if (refusal) throw refusal;
      const queue: (WatchEvent | Error | "end")[] = [];
      let wake: () => void = () => {};
      const put = (...what: typeof queue): void => {
        queue.push(...what);
        wake();
      };
      const watch = {
        options,
        closed: false,
        push: put,
        end: () => put("end"),
        fail: (error: Error) => put(error),
      };
      watches.push(watch);
      options.signal?.addEventListener("abort", () => put(failure("aborted")));
      return {
        async *[Symbol.asyncIterator]() {
          try {
            for (;;) {
              const next = queue.shift();
              if (next === undefined) await new Promise<void>((resolve) => (wake = resolve));
              else if (next === "end") return;
              else if (next instanceof Error) throw next;
              else yield next;
            }
          } finally {
            watch.closed = true;
          }
        },
      };
    },
  };
  return client;
};
