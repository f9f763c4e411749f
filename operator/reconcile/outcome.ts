// What became of one child in one reconcile, as a value.
import type { KubeObject } from "../objects.ts";

export type OutcomeResult = "created" | "updated" | "unchanged" | "pending" | "waiting" | "conflict" | "forbidden" | "missingKind" | "deleting" | "failed";

export interface Outcome {
  /** What should exist. */
  readonly desired: KubeObject;
  /** pending: it differs but the resource is paused. waiting: new pods of the operator's release wait for their turn. deleting: the live object has a deletionTimestamp; wait for it to go. */
  readonly result: OutcomeResult;
  /** For a person: which path differed, or why it failed. */
  readonly detail?: string;
  /** The API server asked not to be tried again before. */
  readonly retryAfterMs?: number;
  /** The operator itself has changed, or the author wants a restart: what was written repairs nothing. */
  readonly isChange?: true;
  /** The live object after this step, when it is known. */
  readonly live?: KubeObject;
}

/** What a look for the Secrets of a resource found. */
export interface SecretFinding {
  /** Of the Secrets that the operator makes; their `desired` and `live` hold no value. */
  readonly outcomes: readonly Outcome[];
  /** Names of Secrets that the spec refers to and that do not exist. */
  readonly missing: readonly string[];
}
