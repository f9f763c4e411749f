// The body and the answer of POST /v1/batch.
import { maxKeyBytes } from "#contract/http";
import { z } from "zod";
import { contentTypePattern } from "../entry.ts";
import { bytesOf, condition, conditionOf, encoding, ttlIn, ttlOut, version } from "./fields.ts";
import { errorCode } from "./problem.ts";

export const maxOperations = 1_000;

const common = {
  key: z.string().min(1, { error: "must have 1 to 512 bytes" }).meta({ description: "1 to 512 bytes." }),
  keyEncoding: encoding.default("utf8"),
  ifMatch: condition.optional(),
  ifNoneMatch: condition.optional(),
};

const operation = z.discriminatedUnion(
  "op",
  [
    z.strictObject({ op: z.literal("get"), ...common }),
    z.strictObject({
      op: z.literal("put"),
      ...common,
      value: z.string(),
      encoding: encoding.default("utf8").meta({ description: "Of the value." }),
      ttl: ttlIn.optional(),
      contentType: z.string().regex(contentTypePattern, { error: "must be 1 to 255 printable ASCII characters" }).optional(),
    }),
    z.strictObject({ op: z.literal("delete"), ...common }),
  ],
  // an issue of the union is about "op", or about an operation that is none at all
  { error: (issue) => (issue.code === "invalid_union" ? "must be get, put or delete" : undefined) },
);

/** Bytes instead of text. A mistake in one operation refuses the whole batch, before anything is done. */
const decoded = operation.transform((given, context) => {
  const wrong = (field: string, message: string) => context.addIssue({ code: "custom", path: [field], message });
  const key = bytesOf(given.key, given.keyEncoding);
  if (!key) wrong("key", `is not ${given.keyEncoding}`);
  else if (key.length > maxKeyBytes) wrong("key", `must have 1 to ${maxKeyBytes} bytes`);
  const precondition = conditionOf(given.ifMatch, given.ifNoneMatch);
  if (!precondition) wrong("ifMatch", "or ifNoneMatch is neither * nor a version nor a list of ETags");
  const value = given.op === "put" ? bytesOf(given.value, given.encoding) : Buffer.alloc(0);
  if (!value) wrong("value", `is not ${given.op === "put" ? given.encoding : ""}`);
  if (!key || key.length > maxKeyBytes || !precondition || !value) return z.NEVER;
  const ifAny = given.ifMatch === undefined && given.ifNoneMatch === undefined ? undefined : precondition;
  if (given.op === "put") return { op: given.op, key, condition: ifAny, value, ttlSeconds: given.ttl, contentType: given.contentType };
  return { op: given.op, key, condition: ifAny };
});

export type BatchOperation = z.output<typeof decoded>;

const countError = `must have 1 to ${maxOperations} operations`;

export const batchRequest = z.strictObject({
  operations: z.array(decoded).min(1, { error: countError }).max(maxOperations, { error: countError }),
});

const batchResult = z
  .strictObject({
    status: z.int().min(200).max(599).meta({ description: "What the same request for one entry would be answered with." }),
    code: errorCode.optional().meta({ description: "Of the problem, when the status is one." }),
    version: version.optional(),
    ttl: ttlOut.optional(),
    value: z.string().optional(),
    encoding: encoding.optional().meta({ description: "Of the value." }),
    contentType: z.string().optional(),
  })
  .meta({ id: "BatchResult" });

export type BatchResult = z.output<typeof batchResult>;

export const batchAnswer = z.strictObject({ results: z.array(batchResult).meta({ description: "One for each operation, in their order." }) });
