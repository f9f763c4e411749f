// Runs the operations of a batch, one after the other, each by the rules of a single entry.
import { absent, type Slot, type Store } from "../store/types.ts";
import {
  defaultContentType,
  deleteAnswers,
  deleteEntry,
  expiryOf,
  judgeRead,
  readAnswers,
  tooLargeAnswer,
  ttlLeft,
  writeAnswers,
  writeEntry,
  type EntryAnswer,
  type EntryRules,
} from "./entry.ts";
import { versionText } from "./etag.ts";
import type { Exchange } from "./exchange.ts";
import type { BatchOperation, BatchResult } from "./schema/batch.ts";
import { textOf } from "./schema/fields.ts";

/** Of all values in one answer: a thousand large ones would be gigabytes, and making JSON of them stalls everybody else. */
export const maxAnswerBytes = 2 ** 20;

export interface BatchDeps {
  readonly store: Store;
  readonly rules: EntryRules;
  readonly exchange: Pick<Exchange, "count" | "countRejected">;
}

const plain = ({ status, error }: EntryAnswer): BatchResult => (error === undefined ? { status } : { status, code: error });

export interface BatchRun {
  readonly results: readonly BatchResult[];
  /** Something was written or deleted, or may have been at a peer. */
  readonly wrote: boolean;
}

/** All in one turn of the event loop, so nobody else's operation comes between; what was done stays done when a later one fails. */
export const runBatch = ({ store, rules, exchange }: BatchDeps, operations: readonly BatchOperation[]): BatchRun => {
  let answerBytes = 0;
  let wrote = false;

  const count = (operation: "get" | "put" | "delete", { status, result, rejected }: EntryAnswer) => {
    if (rejected) exchange.countRejected(rejected);
    const counted = status >= 500 ? "error" : result;
    if (counted) exchange.count(operation, counted);
  };
  const told = (slot: Slot, status: number): BatchResult => {
    const expiresAt = store.expiresAt(slot);
    return { status, version: versionText(store, slot), ...(expiresAt === 0 ? {} : { ttl: ttlLeft(expiresAt, store.now()) }) };
  };

  const get = ({ key, condition }: BatchOperation): BatchResult => {
    const slot = store.find(key, 0, key.length);
    const outcome = judgeRead(store, slot, condition);
    const answer = readAnswers[outcome];
    count("get", answer);
    if (slot === absent || outcome === "miss" || outcome === "conflict") return plain(answer);
    if (outcome === "not_modified") return told(slot, answer.status);
    const bytes = store.valueBytes(slot);
    if (answerBytes + bytes > maxAnswerBytes) return { status: 413, code: "batch_full" };
    answerBytes += bytes;
    const value = Buffer.allocUnsafe(bytes);
    store.copyValue(slot, value, 0);
    const { text, encoding } = textOf(value);
    return { ...told(slot, answer.status), value: text, encoding, contentType: store.contentType(slot) ?? defaultContentType };
  };
  const put = ({ key, condition, value, ttlSeconds, contentType }: Extract<BatchOperation, { op: "put" }>): BatchResult => {
    if (value.length > rules.maxValueBytes) {
      const answer = tooLargeAnswer(rules);
      count("put", answer);
      return plain(answer);
    }
    const outcome = writeEntry(store, key, 0, key.length, value, 0, value.length, expiryOf(rules, ttlSeconds, store.now()), contentType, condition);
    const answer: EntryAnswer = writeAnswers[outcome];
    count("put", answer);
    wrote ||= answer.error === undefined;
    return answer.error === undefined ? { status: answer.status, version: versionText(store, store.written) } : plain(answer);
  };
  const remove = ({ key, condition }: BatchOperation): BatchResult => {
    const outcome = deleteEntry(store, key, 0, key.length, condition);
    const answer = deleteAnswers[outcome];
    count("delete", answer);
    wrote ||= outcome !== "conflict";
    return plain(answer);
  };

  const results = operations.map((operation) => {
    if (operation.op === "get") return get(operation);
    return operation.op === "put" ? put(operation) : remove(operation);
  });
  return { results, wrote };
};
