// Reads a JSON body and holds it to its schema. What is wrong is told by the field's path, never with what it holds.
import type { Context } from "hono";
import type { z } from "zod";
import type { ReadBody } from "./body.ts";
import type { HonoEnv } from "./env.ts";
import { problem, type ErrorCode } from "./errors.ts";

export interface JsonBodyOptions<S extends z.ZodType> {
  readonly schema: S;
  readonly readBody: ReadBody;
  /** What a body over the limit is called. */
  readonly tooLarge: ErrorCode;
  /** Read as {} when there are no bytes. */
  readonly optional?: boolean;
}

const utf8 = new TextDecoder("utf-8", { fatal: true });
const json = /^application\/json[ \t]*(;|$)/i;

/** operations[3].ttl */
const pathText = (path: readonly PropertyKey[]): string => path.map((p) => (typeof p === "number" ? `[${p}]` : `.${String(p)}`)).join("").replace(/^\./, "");

/** For what the schema has no words of its own. zod's would name unknown fields, which are the client's words. */
const inWords: z.core.$ZodErrorMap = (issue) => {
  if (issue.code === "unrecognized_keys") return "has a field that this API does not know";
  if (issue.code === "invalid_value") return `must be one of ${issue.values.join(", ")}`;
  if (issue.code !== "invalid_type") return "is not valid";
  return issue.input === undefined ? "is missing" : `must be ${issue.expected === "array" ? "a list" : `of type ${issue.expected}`}`;
};

const issueText = ({ path, message }: z.core.$ZodIssue): string => `${pathText(path) || "the body"} ${message}`;

const parse = (bytes: Buffer): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(utf8.decode(bytes)) };
  } catch {
    return undefined;
  }
};

export const readJson = async <S extends z.ZodType>(c: Context<HonoEnv>, { schema, readBody, tooLarge, optional = false }: JsonBodyOptions<S>): Promise<Response | z.output<S>> => {
  const body = await readBody(c.env.incoming, c.env.outgoing);
  if (body.kind === "too_large") return problem(tooLarge);
  if (body.kind === "busy") return problem("busy", { headers: { "retry-after": "1" } });
  if (body.kind === "aborted") return problem("bad_request");
  const empty = body.bytes.length === 0 && optional;
  if (!empty && !json.test(c.req.header("content-type") ?? "")) return problem("unsupported_media_type");
  const given = empty ? { value: {} } : parse(body.bytes);
  if (!given) return problem("invalid_body", { detail: "the body is not JSON in UTF-8" });
  const result = schema.safeParse(given.value, { error: inWords });
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  return problem("invalid_body", { detail: issue ? issueText(issue) : undefined });
};
