// GET, HEAD, PUT and DELETE of one entry at /v1/kv/{key}.
import { maxTtlSeconds } from "#contract/env";
import { ttlHeader } from "#contract/http";
import type { Context, Hono } from "hono";
import { holds } from "../../store/precondition.ts";
import type { Entry, Store } from "../../store/store.ts";
import type { ReadBody } from "../body.ts";
import type { HonoEnv } from "../env.ts";
import { problem, type ErrorCode } from "../errors.ts";
import { formatEtag, parsePrecondition } from "../etag.ts";
import type { RejectReason } from "../exchange.ts";
import { decodeKey, keyPrefix, pathOf } from "../target.ts";

export interface KvDeps {
  readonly store: Store;
  readonly readBody: ReadBody;
  readonly maxValueBytes: number;
  /** For writes that bring none. */
  readonly defaultTtlSeconds: number | undefined;
}

const defaultContentType = "application/octet-stream";
const printable = /^[\x20-\x7e]{1,255}$/;

/** Whole seconds in milliseconds; undefined when the header is not allowed. */
const parseTtl = (header: string): number | undefined => {
  const seconds = /^[1-9]\d{0,8}$/.test(header) ? Number(header) : Infinity;
  return seconds <= maxTtlSeconds ? seconds * 1000 : undefined;
};

const entryHeaders = (entry: Entry, now: number): Record<string, string> => ({
  etag: formatEtag(entry.version),
  // a tenant's bytes must never run as a script because a browser guessed their type
  "x-content-type-options": "nosniff",
  ...(entry.expiresAt === undefined ? {} : { [ttlHeader]: String(Math.ceil((entry.expiresAt - now) / 1000)) }),
});

export const kvRoutes = (app: Hono<HonoEnv>, { store, readBody, maxValueBytes, defaultTtlSeconds }: KvDeps): void => {
  const target = `${keyPrefix}*`;
  const keyOf = (c: Context<HonoEnv>) => decodeKey(pathOf(c.env.incoming.url ?? "").slice(keyPrefix.length));
  const conditionOf = (c: Context<HonoEnv>) => parsePrecondition(c.req.header("if-match"), c.req.header("if-none-match"));

  app.get(target, (c) => {
    const { exchange } = c.env;
    exchange.operation = "get";
    const decoded = keyOf(c);
    if ("problem" in decoded) return problem("invalid_key", { detail: decoded.problem });
    const condition = conditionOf(c);
    if (!condition) return problem("invalid_precondition");

    const entry = store.get(decoded.key);
    if (condition.match !== undefined && !holds({ match: condition.match }, entry?.version)) {
      exchange.result = "conflict";
      return problem("precondition_failed");
    }
    exchange.result = entry ? "hit" : "miss";
    if (!entry) return problem("key_not_found");
    const headers = entryHeaders(entry, store.now());
    if (!holds(condition, entry.version)) return new Response(null, { status: 304, headers });

    exchange.bytes = c.req.method === "HEAD" ? 0 : entry.value.length;
    headers["content-type"] = entry.contentType ?? defaultContentType;
    headers["content-length"] = String(entry.value.length);
    return new Response(entry.value, { status: 200, headers });
  });

  app.put(target, async (c) => {
    const { exchange, incoming, outgoing } = c.env;
    exchange.operation = "put";
    const reject = (reason: RejectReason, code: ErrorCode, detail?: string) => {
      exchange.rejected = reason;
      return problem(code, detail === undefined ? {} : { detail });
    };
    const decoded = keyOf(c);
    if ("problem" in decoded) return reject("key", "invalid_key", decoded.problem);
    const ttl = c.req.header(ttlHeader);
    const ttlMs = ttl === undefined ? (defaultTtlSeconds === undefined ? undefined : defaultTtlSeconds * 1000) : parseTtl(ttl);
    if (ttl !== undefined && ttlMs === undefined) return reject("ttl", "invalid_ttl");
    const contentType = c.req.header("content-type");
    if (contentType !== undefined && !printable.test(contentType)) return reject("content_type", "invalid_content_type");
    const condition = conditionOf(c);
    if (!condition) return problem("invalid_precondition");

    const body = await readBody(incoming, outgoing);
    if (body.kind === "too_large") return reject("too_large", "value_too_large", `this cache accepts at most ${maxValueBytes} bytes`);
    if (body.kind === "busy") return problem("busy", { headers: { "retry-after": "1" } });
    // nobody is left to read the answer; the exchange ends as 499
    if (body.kind === "aborted") return problem("bad_request");

    const result = store.put(decoded.key, { value: body.bytes, contentType, ttlMs }, condition);
    if (result.kind === "conflict") {
      exchange.result = "conflict";
      return problem("precondition_failed");
    }
    if (result.kind === "too_large") return reject("too_large", "value_too_large", "the entry is larger than the whole cache; raise spec.cache.maxMemory");
    exchange.result = "ok";
    const etag = formatEtag(result.version);
    return result.kind === "created" ? new Response(null, { status: 201, headers: { etag, "content-length": "0" } }) : new Response(null, { status: 204, headers: { etag } });
  });

  app.delete(target, (c) => {
    const { exchange } = c.env;
    exchange.operation = "delete";
    const decoded = keyOf(c);
    if ("problem" in decoded) return problem("invalid_key", { detail: decoded.problem });
    const condition = conditionOf(c);
    if (!condition) return problem("invalid_precondition");
    const { kind } = store.delete(decoded.key, condition);
    exchange.result = kind === "deleted" ? "hit" : kind === "absent" ? "miss" : "conflict";
    if (kind === "conflict") return problem("precondition_failed");
    return kind === "absent" ? problem("key_not_found") : new Response(null, { status: 204 });
  });

  app.all(target, () => problem("method_not_allowed", { headers: { allow: "GET, HEAD, PUT, DELETE" } }));
};
