// Tells which optional API groups the cluster serves, by asking discovery now and then: it needs no permission and works with namespaced Roles.
import type { Timers } from "#lib/clock";
import type { Log } from "../log.ts";
import { apiVersionOf, type Kind } from "../kinds.ts";
import type { KubeClient } from "./types.ts";

export interface PresenceOptions {
  readonly client: Pick<KubeClient, "discover">;
  readonly kinds: readonly Kind[];
  readonly timers: Pick<Timers, "after">;
  readonly log: Log;
  /** Default 15,000. */
  readonly intervalMs?: number;
  /** Once per kind at the first answer, then at each change. An API server that does not answer changes nothing. */
  readonly onChange: (kind: Kind, present: boolean) => void;
}

export interface Presence {
  /** Starts asking. Resolves after the first round: what was answered has been told, the rest is asked again. */
  start(): Promise<void>;
  /** false until known. */
  has(kind: Kind): boolean;
  stop(): Promise<void>;
}

export const createPresence = ({ client, kinds, timers, log, intervalMs = 15_000, onChange }: PresenceOptions): Presence => {
  const known = new Map<Kind, boolean>();
  const stopped = new AbortController();
  let cancel: () => void = () => {};
  let asking: Promise<void> = Promise.resolve();

  const ask = async (): Promise<void> => {
    for (const groupVersion of new Set(kinds.map(apiVersionOf))) {
      try {
        const served = await client.discover(groupVersion, { signal: stopped.signal });
        if (stopped.signal.aborted) return;
        for (const kind of kinds.filter((k) => apiVersionOf(k) === groupVersion)) tell(kind, served?.has(kind.plural) === true);
      } catch (err) {
        log.debug({ err, groupVersion }, "discovery failed");
      }
    }
  };

  const tell = (kind: Kind, present: boolean): void => {
    if (known.get(kind) === present) return;
    const first = !known.has(kind);
    known.set(kind, present);
    if (!first || !present) log.info({ kind: kind.kind, group: kind.group }, present ? "kind appeared" : first ? "kind is absent" : "kind vanished");
    onChange(kind, present);
  };

  const round = (): void => {
    asking = ask().finally(() => {
      if (!stopped.signal.aborted) cancel = timers.after(intervalMs, round);
    });
  };

  return {
    start() {
      round();
      return asking;
    },
    has: (kind) => known.get(kind) === true,
    async stop() {
      stopped.abort();
      cancel();
      await asking;
    },
  };
};
