// The rules of one entry, whoever asks for it: which head may write, what a read, write or delete comes to, and how that is answered and counted.
// No bytes of HTTP are made here: the fast path writes them, the routes make Responses, a batch makes JSON.
import { maxTtlSeconds } from "#contract/env";
import { holds, type Precondition } from "../store/precondition.ts";
import { absent, putOutcome, type Slot, type Store } from "../store/types.ts";
import type { ErrorCode } from "./errors.ts";
import { parsePrecondition } from "./etag.ts";
import type { Exchange, RejectReason } from "./exchange.ts";

export interface EntryRules {
  /** Of one value. */
  readonly maxValueBytes: number;
  /** For writes that bring none. */
  readonly defaultTtlSeconds: number | undefined;
  /** Longer ones are cut to it, and entries without one get it when there is no default. */
  readonly maxTtlSeconds: number | undefined;
}

/** How an outcome is told: the status, the code of the problem when it is one, and how it counts. */
export interface EntryAnswer {
  readonly status: number;
  readonly error?: ErrorCode;
  readonly detail?: string;
  readonly result?: NonNullable<Exchange["result"]>;
  readonly rejected?: RejectReason;
}

export const readAnswers = {
  hit: { status: 200, result: "hit" },
  not_modified: { status: 304, result: "hit" },
  miss: { status: 404, error: "key_not_found", result: "miss" },
  conflict: { status: 412, error: "precondition_failed", result: "conflict" },
} as const satisfies Record<string, EntryAnswer>;
export type ReadOutcome = keyof typeof readAnswers;

export const writeAnswers = {
  created: { status: 201, result: "ok" },
  replaced: { status: 204, result: "ok" },
  conflict: { status: 412, error: "precondition_failed", result: "conflict" },
  too_large: { status: 413, error: "value_too_large", detail: "the entry is larger than the whole cache; raise spec.cache.maxMemory", rejected: "too_large" },
  full: { status: 507, error: "out_of_memory", rejected: "no_memory" },
} as const satisfies Record<string, EntryAnswer>;
export type WriteOutcome = keyof typeof writeAnswers;

export const deleteAnswers = {
  deleted: { status: 204, result: "hit" },
  absent: { status: 404, error: "key_not_found", result: "miss" },
  conflict: { status: 412, error: "precondition_failed", result: "conflict" },
} as const satisfies Record<string, EntryAnswer>;
export type DeleteOutcome = keyof typeof deleteAnswers;

/** A body over the limit, before the store is asked. */
export const tooLargeAnswer = ({ maxValueBytes }: EntryRules): EntryAnswer => ({
  status: 413,
  error: "value_too_large",
  detail: `this cache accepts at most ${maxValueBytes} bytes`,
  rejected: "too_large",
});

/** Of an entry that was written without one. */
export const defaultContentType = "application/octet-stream";

export const contentTypePattern = /^[\x20-\x7e]{1,255}$/;
const wholeSeconds = /^[1-9]\d{0,8}$/;

/** The headers that matter to a write, as they came. */
export interface WriteHead {
  readonly ttl?: string | undefined;
  readonly contentType?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: string | undefined;
}

export interface WritePlan {
  readonly ttlSeconds: number | undefined;
  readonly contentType: string | undefined;
  /** undefined: written whatever is there. */
  readonly condition: Precondition | undefined;
}

/** Of a head with none of the headers. */
export const plainWrite: WritePlan = { ttlSeconds: undefined, contentType: undefined, condition: undefined };

/** Checked in this order, after the key and before the body: both ways through the server must name the same error first. */
export const planWrite = ({ ttl, contentType, ifMatch, ifNoneMatch }: WriteHead): WritePlan | EntryAnswer => {
  const ttlSeconds = ttl === undefined ? undefined : wholeSeconds.test(ttl) ? Number(ttl) : Infinity;
  if (ttlSeconds !== undefined && ttlSeconds > maxTtlSeconds) return { status: 400, error: "invalid_ttl", rejected: "ttl" };
  if (contentType !== undefined && !contentTypePattern.test(contentType)) return { status: 400, error: "invalid_content_type", rejected: "content_type" };
  const condition = planCondition(ifMatch, ifNoneMatch);
  if (condition === "invalid") return { status: 400, error: "invalid_precondition" };
  return { ttlSeconds, contentType, condition };
};

/** undefined: there is none. */
export const planCondition = (ifMatch: string | undefined, ifNoneMatch: string | undefined): Precondition | undefined | "invalid" =>
  ifMatch === undefined && ifNoneMatch === undefined ? undefined : (parsePrecondition(ifMatch, ifNoneMatch) ?? "invalid");

/** In milliseconds since the epoch, as the store wants it; 0: never. */
export const expiryOf = (rules: EntryRules, ttlSeconds: number | undefined, now: number): number => {
  const seconds = Math.min(ttlSeconds ?? rules.defaultTtlSeconds ?? Infinity, rules.maxTtlSeconds ?? Infinity);
  return seconds === Infinity ? 0 : now + seconds * 1000;
};

/** What is left in whole seconds, rounded up: at least 1 for a live entry. `expiresAt` is not 0. */
export const ttlLeft = (expiresAt: number, now: number): number => Math.ceil((expiresAt - now) / 1000);

const versionOf = (store: Store, slot: Slot) => (slot === absent ? undefined : store.version(slot));

/** Of GET and HEAD. `slot` is what `find` gave. If-Match comes first, as RFC 9110 section 13.2.2 has it. */
export const judgeRead = (store: Store, slot: Slot, condition: Precondition | undefined): ReadOutcome => {
  if (condition?.match !== undefined && !holds({ match: condition.match }, versionOf(store, slot))) return "conflict";
  if (slot === absent) return "miss";
  return condition?.noneMatch === undefined || holds(condition, store.version(slot)) ? "hit" : "not_modified";
};

/** Of a write or delete: whether the condition holds for what is there. */
export const judgeWrite = (store: Store, slot: Slot, condition: Precondition | undefined): boolean => condition === undefined || holds(condition, versionOf(store, slot));

/**
 * Checks and writes in one step; `store.written` is the entry's slot when it was created or replaced. A value from `store.allocate`
 * is the store's from then on; otherwise it still is the caller's to free.
 */
export const writeEntry = (
  store: Store,
  key: Buffer,
  keyFrom: number,
  keyTo: number,
  value: Buffer,
  valueFrom: number,
  valueTo: number,
  expiresAt: number,
  contentType: string | undefined,
  condition: Precondition | undefined,
): WriteOutcome => {
  if (condition !== undefined && !judgeWrite(store, store.peek(key, keyFrom, keyTo), condition)) return "conflict";
  const outcome = store.put(key, keyFrom, keyTo, value, valueFrom, valueTo, expiresAt, contentType);
  if (outcome === putOutcome.created) return "created";
  if (outcome === putOutcome.replaced) return "replaced";
  return outcome === putOutcome.full ? "full" : "too_large";
};

export const deleteEntry = (store: Store, key: Buffer, keyFrom: number, keyTo: number, condition: Precondition | undefined): DeleteOutcome => {
  if (condition !== undefined && !judgeWrite(store, store.peek(key, keyFrom, keyTo), condition)) return "conflict";
  return store.delete(key, keyFrom, keyTo) ? "deleted" : "absent";
};
