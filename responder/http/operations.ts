// The table of what clients can ask for over HTTP: OpenAPI and the documentation are made from it, and a test holds the routes to it.
import { ackedHeader, ackHeader, minVersionHeader, path, ttlHeader } from "#contract/http";
import { z } from "zod";
import type { ErrorCode } from "./errors.ts";
import { batchAnswer, batchRequest } from "./schema/batch.ts";
import { incrAnswer, incrRequest } from "./schema/incr.ts";
import { deleteAnswer, listAnswer, listQuery } from "./schema/keys.ts";
import { incrSuffix } from "./target.ts";

type RequestHeader = "If-Match" | "If-None-Match" | "Content-Type" | typeof ttlHeader | typeof ackHeader | typeof minVersionHeader;
type AnswerHeader = "ETag" | "Content-Type" | typeof ttlHeader | typeof ackedHeader;
/** "bytes": a value, of whatever content type it was written with. "exposition": a page for Prometheus, in either of its formats. */
type Content = z.ZodType | "bytes" | "exposition";

interface Answer {
  readonly description: string;
  readonly content?: Content;
  readonly headers?: readonly AnswerHeader[];
}

export interface Operation {
  readonly id: string;
  readonly method: "get" | "head" | "put" | "post" | "delete";
  /** {key} is one path segment. */
  readonly path: string;
  readonly summary: string;
  readonly description?: string;
  readonly query?: Readonly<Record<string, { readonly description: string; readonly schema: z.ZodType; readonly required?: boolean }>>;
  readonly headers?: readonly RequestHeader[];
  readonly body?: { readonly content: Content; readonly required: boolean };
  readonly answers: Readonly<Record<number, Answer>>;
  /** Beside those that every request can meet. */
  readonly errors: readonly ErrorCode[];
  /** No token is asked for. */
  readonly open?: boolean;
}

/** Whatever is asked for: the head cannot be read, the token is missing, the process fails. */
export const commonErrors: readonly ErrorCode[] = ["bad_request", "unauthorized", "request_timeout", "too_many_failures", "headers_too_large", "internal"];

const entry = `${path.kv}/{key}`;
const incr = `${entry}${incrSuffix}`;
const conditions = ["If-Match", "If-None-Match"] as const;
const shown = ["ETag", ttlHeader] as const;
/** Of everything that waits for a version, and that waits for peers. */
const readErrors = ["invalid_min_version", "version_not_reached"] as const;
const writeErrors = ["invalid_ack", "not_acknowledged"] as const;

const prefix = (description: string, required: boolean) => ({ description: `${description} Percent-encoded bytes, at most 512; + is a space.`, schema: z.string(), required });

export const operations: readonly Operation[] = [
  {
    id: "getEntry",
    method: "get",
    path: entry,
    summary: "Get a value",
    description: "The bytes as they were written, with their content type.",
    headers: [...conditions, minVersionHeader],
    answers: {
      200: { description: "The value.", content: "bytes", headers: [...shown, "Content-Type"] },
      304: { description: "If-None-Match names the version that is there.", headers: shown },
    },
    errors: ["invalid_key", "invalid_precondition", "key_not_found", "precondition_failed", ...readErrors],
  },
  {
    id: "headEntry",
    method: "head",
    path: entry,
    summary: "Get what a GET would tell, without the value",
    headers: [...conditions, minVersionHeader],
    answers: {
      200: { description: "There is an entry.", headers: [...shown, "Content-Type"] },
      304: { description: "If-None-Match names the version that is there.", headers: shown },
    },
    errors: ["invalid_key", "invalid_precondition", "key_not_found", "precondition_failed", ...readErrors],
  },
  {
    id: "putEntry",
    method: "put",
    path: entry,
    summary: "Write a value",
    description: "Any bytes. If-None-Match: * creates only; If-Match writes over one version only.",
    headers: ["Content-Type", ttlHeader, ...conditions, ackHeader],
    body: { content: "bytes", required: false },
    answers: {
      201: { description: "Created.", headers: ["ETag", ackedHeader] },
      204: { description: "Replaced.", headers: ["ETag", ackedHeader] },
    },
    errors: ["invalid_key", "invalid_ttl", "invalid_content_type", "invalid_precondition", "precondition_failed", "value_too_large", "busy", "out_of_memory", ...writeErrors],
  },
  {
    id: "deleteEntry",
    method: "delete",
    path: entry,
    summary: "Delete an entry",
    description: "A key that is absent here may be at a peer, so its deletion travels, and waits for peers, too.",
    headers: [...conditions, ackHeader],
    answers: { 204: { description: "Deleted.", headers: [ackedHeader] } },
    errors: ["invalid_key", "invalid_precondition", "key_not_found", "precondition_failed", ...writeErrors],
  },
  {
    id: "incrementEntry",
    method: "post",
    path: incr,
    summary: "Add to a counter",
    description: "The value is a decimal 64-bit integer, as Redis's INCR has it; a missing entry counts as 0. A counter that exists keeps its time to live and content type.",
    headers: [...conditions, ackHeader],
    body: { content: incrRequest, required: false },
    answers: { 200: { description: "The sum.", content: incrAnswer, headers: ["ETag", ackedHeader] } },
    errors: ["invalid_key", "invalid_precondition", "invalid_body", "not_an_integer", "overflow", "precondition_failed", "unsupported_media_type", "busy", "out_of_memory", "value_too_large", ...writeErrors],
  },
  {
    id: "listKeys",
    method: "get",
    path: path.kv,
    summary: "List keys",
    description:
      "A page of the keys that begin with the prefix, in no order that means anything. A key that is there from the first page to the last is listed at least once; one that comes or goes meanwhile may be. " +
      "A page ends after a bounded amount of work, so it can be short, even empty, before the end: go on until the cursor is null.",
    query: {
      prefix: prefix("Absent or empty: every key.", false),
      cursor: { description: "From the page before; absent: the first page.", schema: listQuery.shape.cursor },
      limit: { description: "Keys in a page, 1 to 1000. A few more than a small limit come, because neighbours are not told apart.", schema: listQuery.shape.limit },
    },
    answers: { 200: { description: "A page.", content: listAnswer } },
    errors: ["invalid_prefix", "invalid_cursor", "invalid_limit", "invalid_query"],
  },
  {
    id: "deleteKeys",
    method: "delete",
    path: path.kv,
    summary: "Delete all keys that begin with a prefix",
    description: "Gone for readers at once, and freed in slices: other requests are served in between, and a key that is written meanwhile stays. When the client leaves, the rest goes all the same.",
    query: { prefix: prefix("prefix= deletes every key.", true) },
    headers: [ackHeader],
    answers: { 200: { description: "How many there were.", content: deleteAnswer, headers: [ackedHeader] } },
    errors: ["invalid_prefix", "invalid_query", ...writeErrors],
  },
  {
    id: "batch",
    method: "post",
    path: path.batch,
    summary: "Run up to 1,000 operations",
    description:
      "In their order and without anybody else's operation in between at this pod; other pods learn of each write by itself. Nothing is rolled back: each operation has a result of its own. " +
      "A batch with a mistake in it is refused whole, before anything is done. When something was written, the answer waits for peers once.",
    headers: [ackHeader],
    body: { content: batchRequest, required: true },
    answers: { 200: { description: "What each came to.", content: batchAnswer, headers: [ackedHeader] } },
    errors: ["invalid_body", "batch_too_large", "unsupported_media_type", "busy", ...writeErrors],
  },
  {
    id: "openapi",
    method: "get",
    path: path.openapi,
    summary: "Get this description",
    answers: { 200: { description: "An OpenAPI 3.1 document.", content: z.looseObject({ openapi: z.string() }) } },
    errors: [],
  },
  {
    id: "metrics",
    method: "get",
    path: path.metrics,
    summary: "Get the metrics of this pod, for Prometheus",
    answers: { 200: { description: "Prometheus' text format, or OpenMetrics where `Accept` prefers it.", content: "exposition" } },
    errors: [],
    open: true,
  },
];
