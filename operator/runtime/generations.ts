// Measures how long a change of a spec waits for its answer: from seeing a generation to a status that has observed it.
import type { Clock } from "#lib/clock";
import type { KVResponder, Request } from "../objects.ts";

/** A spec that is changed faster than it is reconciled: later changes are not measured until an answer comes. */
const mostWaiting = 8;

interface Waiting {
  readonly generation: number;
  readonly since: number;
}

export interface Generations {
  /** At each event of the resource. */
  seen(resource: Pick<KVResponder, "metadata" | "status">): void;
  /** A status with this observedGeneration is in the cluster. */
  answered(request: Request, observedGeneration: number): void;
  forget(request: Request): void;
}

const keyOf = ({ namespace, name }: Request): string => `${namespace}/${name}`;

export const createGenerations = (clock: Pick<Clock, "monotonic">, onAnswer: (seconds: number) => void): Generations => {
  const waiting = new Map<string, readonly Waiting[]>();
  return {
    seen({ metadata: { namespace = "", name, generation = 0, deletionTimestamp }, status }) {
      // a deletion is a generation that nobody answers
      if (deletionTimestamp !== undefined || generation <= (status?.observedGeneration ?? 0)) return;
      const known = waiting.get(keyOf({ namespace, name })) ?? [];
      if (known.length >= mostWaiting || generation <= (known.at(-1)?.generation ?? 0)) return;
      waiting.set(keyOf({ namespace, name }), [...known, { generation, since: clock.monotonic() }]);
    },

    answered(request, observedGeneration) {
      const known = waiting.get(keyOf(request));
      if (!known) return;
      const left = known.filter((w) => w.generation > observedGeneration);
      for (const { since } of known.slice(0, known.length - left.length)) onAnswer((clock.monotonic() - since) / 1_000);
      if (left.length > 0) waiting.set(keyOf(request), left);
      else waiting.delete(keyOf(request));
    },

    forget: (request) => void waiting.delete(keyOf(request)),
  };
};
