// Decides when to look for a resource's Secrets again. They cannot be watched: whoever may watch Secrets may read them.
import type { SecretFinding } from "./outcome.ts";

/** While pods are missing, a lost Secret may be why: soon, then less and less often. */
const soonMs = 5_000;
/** Else only for whoever starts the next pod, or wants to read the token. */
const seldomMs = 600_000;

interface Look {
  readonly atMs: number;
  readonly waitMs: number;
  /** What was looked for. */
  readonly what: string;
  /** Urgent looks in a row. */
  readonly urgent: number;
  readonly finding: SecretFinding;
}

export interface LooksDeps {
  /** Milliseconds. */
  readonly monotonic: () => number;
  /** 0 to 1: spreads the resources over the time between two looks. */
  readonly random: () => number;
}

/** One resource; `what` names the Secrets and their owners: other ones are looked for at once. */
export interface LookFor {
  readonly key: string;
  readonly what: string;
  /** Something is not as it should be, and a Secret that is gone may be why. */
  readonly urgent: boolean;
}

export interface Looks {
  /** What was found last; undefined when it is time to look again, and when never looked. */
  last(look: LookFor): SecretFinding | undefined;
  looked(look: LookFor, finding: SecretFinding): void;
  /** Milliseconds until the next look. */
  nextMs(look: LookFor): number;
  forget(key: string): void;
}

export const createLooks = ({ monotonic, random }: LooksDeps): Looks => {
  const looks = new Map<string, Look>();

  const nextMs = ({ key, what, urgent }: LookFor): number => {
    const look = looks.get(key);
    if (look?.what !== what) return 0;
    const waitMs = urgent ? Math.min(look.waitMs, soonMs * 2 ** look.urgent) : look.waitMs;
    return Math.max(0, look.atMs + waitMs - monotonic());
  };

  return {
    nextMs,
    last: (look) => (nextMs(look) > 0 ? looks.get(look.key)?.finding : undefined),

    looked({ key, what, urgent }, finding) {
      const before = looks.get(key);
      // under a new owner a Secret that is there already may be the old one, which goes in a moment with the old owner
      const isDoubtful = before !== undefined && before.what !== what && finding.outcomes.some((o) => o.result === "unchanged");
      const waitMs = isDoubtful ? soonMs : seldomMs * (0.75 + random() / 2);
      looks.set(key, { atMs: monotonic(), waitMs, what, urgent: urgent ? (before?.urgent ?? -1) + 1 : -1, finding });
    },

    forget: (key) => void looks.delete(key),
  };
};
