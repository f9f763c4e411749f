// Answers the requests that the grammar accepts: head, store, output, with the rules that the general routes follow too.
import type { Log } from "#telemetry/logger";
import type { TraceContext } from "#telemetry/trace-context";
import type { Replication } from "../replication/port.ts";
import type { Precondition } from "../store/precondition.ts";
import { absent, type BorrowedValue, type Store } from "../store/types.ts";
import {
  deleteAnswers,
  deleteEntry,
  expiryOf,
  judgeRead,
  planCondition,
  planWrite,
  plainWrite,
  readAnswers,
  writeAnswers,
  writeEntry,
  type EntryAnswer,
  type EntryRules,
  type WritePlan,
} from "./entry.ts";
import { errors } from "./errors.ts";
import { traceFields, type Exchange } from "./exchange.ts";
import type { FastOutput } from "./fast-path-output.ts";
import { field, type Head } from "./grammar.ts";

/** What a request asks for beside its key; undefined: it is for the general server, which refuses what a header says, or waits for peers. */
export type Plan = WritePlan | undefined;

export interface FastPath {
  plan(bytes: Buffer, head: Head): Plan;
  /** GET, HEAD and DELETE. Returns the value when it is to be sent after the output. */
  answer(head: Head, plan: WritePlan, exchange: Exchange, close: boolean): BorrowedValue | undefined;
  write(key: Buffer, keyFrom: number, keyTo: number, value: Buffer, valueFrom: number, valueTo: number, plan: WritePlan, exchange: Exchange, close: boolean): void;
}

export interface FastPathDeps {
  readonly store: Store;
  readonly rules: EntryRules;
  readonly output: FastOutput;
  readonly log: Pick<Log, "error">;
  readonly replication: Pick<Replication, "level" | "within">;
}

const textOf = (bytes: Buffer, head: Head, index: number): string | undefined => {
  const from = head.from[index] as number;
  return from < 0 ? undefined : bytes.toString("latin1", from, head.to[index]);
};

/** The same as a lent one, for a store that does not lend. */
const copied = (store: Store, slot: number): BorrowedValue => {
  const bytes = Buffer.allocUnsafeSlow(store.valueBytes(slot));
  store.copyValue(slot, bytes, 0);
  return { bytes, release: () => {} };
};

export const createFastPath = ({ store, rules, output, log, replication }: FastPathDeps): FastPath => {
  const refuse = (answer: EntryAnswer, exchange: Exchange, close: boolean) => {
    exchange.result = answer.result;
    exchange.rejected = answer.rejected;
    exchange.status = answer.status;
    output.problem(answer.error ?? "internal", answer.detail, exchange.method !== "HEAD", close);
  };
  const accept = (answer: EntryAnswer, exchange: Exchange) => {
    exchange.result = answer.result;
    exchange.status = answer.status;
  };
  const fail = (err: unknown, mark: number, exchange: Exchange, close: boolean) => {
    output.cut(mark);
    log.error({ err, route: exchange.route, ...traceFields(exchange) }, "request failed");
    exchange.status = errors.internal.status;
    output.problem("internal", undefined, exchange.method !== "HEAD", close);
  };

  // apart, because a function that makes a closure pays for it on each call
  const tracedDelete = (span: TraceContext, { key, keyFrom, keyTo }: Head, condition: Precondition | undefined) =>
    replication.within(span, () => deleteEntry(store, key, keyFrom, keyTo, condition));
  const tracedWrite = (span: TraceContext, write: Parameters<typeof writeEntry>) => replication.within(span, () => writeEntry(...write));

  const read = (head: Head, condition: Precondition | undefined, exchange: Exchange, close: boolean): BorrowedValue | undefined => {
    exchange.operation = "get";
    const slot = store.find(head.key, head.keyFrom, head.keyTo);
    const outcome = judgeRead(store, slot, condition);
    if (slot === absent || outcome === "miss" || outcome === "conflict") return void refuse(readAnswers[outcome], exchange, close);
    accept(readAnswers[outcome], exchange);
    if (outcome === "not_modified") return void output.notModified(slot, close);
    if (head.method === "HEAD") return void output.entry(slot, false, close);
    const size = store.valueBytes(slot);
    exchange.bytes = size;
    const large = size > store.ownBufferBytes;
    output.entry(slot, !large, close);
    return large ? (store.borrowValue(slot) ?? copied(store, slot)) : undefined;
  };

  const remove = (head: Head, condition: Precondition | undefined, exchange: Exchange, close: boolean) => {
    exchange.operation = "delete";
    const outcome = exchange.span ? tracedDelete(exchange.span, head, condition) : deleteEntry(store, head.key, head.keyFrom, head.keyTo, condition);
    if (outcome !== "deleted") return refuse(deleteAnswers[outcome], exchange, close);
    accept(deleteAnswers[outcome], exchange);
    output.deleted(close);
  };

  return {
    plan: (bytes, head) => {
      if ((head.method === "PUT" || head.method === "DELETE") && replication.level() !== "local") return undefined;
      const { from } = head;
      const conditional = (from[field.ifMatch] as number) >= 0 || (from[field.ifNoneMatch] as number) >= 0;
      const typed = head.method === "PUT" && ((from[field.ttl] as number) >= 0 || (from[field.contentType] as number) >= 0);
      if (!conditional && !typed) return plainWrite;
      const ifMatch = textOf(bytes, head, field.ifMatch);
      const ifNoneMatch = textOf(bytes, head, field.ifNoneMatch);
      if (head.method === "PUT") {
        const plan = planWrite({ ttl: textOf(bytes, head, field.ttl), contentType: textOf(bytes, head, field.contentType), ifMatch, ifNoneMatch });
        return "status" in plan ? undefined : plan;
      }
      const condition = planCondition(ifMatch, ifNoneMatch);
      return condition === "invalid" ? undefined : { ...plainWrite, condition };
    },
    answer: (head, { condition }, exchange, close) => {
      const mark = output.length;
      try {
        return head.method === "DELETE" ? void remove(head, condition, exchange, close) : read(head, condition, exchange, close);
      } catch (err) {
        return void fail(err, mark, exchange, close);
      }
    },
    write: (key, keyFrom, keyTo, value, valueFrom, valueTo, { ttlSeconds, contentType, condition }, exchange, close) => {
      exchange.operation = "put";
      const mark = output.length;
      try {
        const expiresAt = expiryOf(rules, ttlSeconds, store.now());
        const outcome = exchange.span
          ? tracedWrite(exchange.span, [store, key, keyFrom, keyTo, value, valueFrom, valueTo, expiresAt, contentType, condition])
          : writeEntry(store, key, keyFrom, keyTo, value, valueFrom, valueTo, expiresAt, contentType, condition);
        if (outcome !== "created" && outcome !== "replaced") return refuse(writeAnswers[outcome], exchange, close);
        accept(writeAnswers[outcome], exchange);
        if (outcome === "created") output.created(store.written, close);
        else output.replaced(store.written, close);
      } catch (err) {
        fail(err, mark, exchange, close);
      }
    },
  };
};
