// GET, HEAD, PUT and DELETE of one entry at /v1/kv/{key}, for requests that are not on the fast path.
import { minVersionHeader, ttlHeader } from "#contract/http";
import type { Context, Hono } from "hono";
import type { Replication } from "../../replication/port.ts";
import { absent, type Slot, type Store } from "../../store/types.ts";
import type { Acks } from "../acks.ts";
import type { ReadBody } from "../body.ts";
import {
  defaultContentType,
  deleteAnswers,
  deleteEntry,
  expiryOf,
  judgeRead,
  planCondition,
  planWrite,
  readAnswers,
  tooLargeAnswer,
  ttlLeft,
  writeAnswers,
  writeEntry,
  type EntryRules,
} from "../entry.ts";
import type { HonoEnv } from "../env.ts";
import { problem } from "../errors.ts";
import { etagOf } from "../etag.ts";
import { parseMinVersion, reachedAnswers, type VersionWaits } from "../min-version.ts";
import { decodeKey, keyPrefix, pathOf } from "../target.ts";
import { allow } from "./allow.ts";
import { refuse } from "./refuse.ts";

interface KvDeps {
  readonly store: Store;
  readonly rules: EntryRules;
  readonly readBody: ReadBody;
  readonly acks: Acks;
  readonly versions: VersionWaits;
  readonly replication: Pick<Replication, "within">;
}

const entryHeaders = (store: Store, slot: Slot): Record<string, string> => {
  const expiresAt = store.expiresAt(slot);
  return {
    etag: etagOf(store, slot),
    // a tenant's bytes must never run as a script because a browser guessed their type
    "x-content-type-options": "nosniff",
    ...(expiresAt === 0 ? {} : { [ttlHeader]: String(ttlLeft(expiresAt, store.now())) }),
  };
};

/** The value for the answer; a large one is lent by the store until the last byte has left. */
const valueOf = (store: Store, slot: Slot, c: Context<HonoEnv>): Buffer => {
  const lent = store.borrowValue(slot);
  if (lent) {
    c.env.outgoing.once("close", () => lent.release());
    return lent.bytes;
  }
  const copy = Buffer.allocUnsafe(store.valueBytes(slot));
  store.copyValue(slot, copy, 0);
  return copy;
};

export const kvRoutes = (app: Hono<HonoEnv>, { store, rules, readBody, acks, versions, replication }: KvDeps): void => {
  const target = `${keyPrefix}*`;
  const keyOf = (c: Context<HonoEnv>) => {
    const decoded = decodeKey(pathOf(c.env.incoming.url ?? "").slice(keyPrefix.length));
    if ("key" in decoded) c.env.exchange.noteKey(decoded.key, 0, decoded.key.length);
    return decoded;
  };

  app.get(target, async (c) => {
    const { exchange, outgoing } = c.env;
    exchange.operation = "get";
    const decoded = keyOf(c);
    if ("problem" in decoded) return problem("invalid_key", { detail: decoded.problem });
    const condition = planCondition(c.req.header("if-match"), c.req.header("if-none-match"));
    if (condition === "invalid") return problem("invalid_precondition");
    const asked = c.req.header(minVersionHeader);
    if (asked !== undefined) {
      const version = parseMinVersion(asked);
      if (!version) return problem("invalid_min_version");
      const reached = await versions.reach(decoded.key, version, outgoing);
      if (reached !== "held") return refuse(exchange, reachedAnswers[reached]);
    }

    const slot = store.find(decoded.key, 0, decoded.key.length);
    const outcome = judgeRead(store, slot, condition);
    if (slot === absent || outcome === "miss" || outcome === "conflict") return refuse(exchange, readAnswers[outcome]);
    exchange.result = readAnswers[outcome].result;
    const headers = entryHeaders(store, slot);
    if (outcome === "not_modified") return new Response(null, { status: 304, headers });

    const bytes = store.valueBytes(slot);
    headers["content-type"] = store.contentType(slot) ?? defaultContentType;
    headers["content-length"] = String(bytes);
    if (c.req.method === "HEAD") return new Response(null, { status: 200, headers });
    exchange.bytes = bytes;
    return new Response(valueOf(store, slot, c), { status: 200, headers });
  });

  app.put(target, async (c) => {
    const { exchange, incoming, outgoing } = c.env;
    exchange.operation = "put";
    const decoded = keyOf(c);
    if ("problem" in decoded) return refuse(exchange, { status: 400, error: "invalid_key", detail: decoded.problem, rejected: "key" });
    const plan = planWrite({ ttl: c.req.header(ttlHeader), contentType: c.req.header("content-type"), ifMatch: c.req.header("if-match"), ifNoneMatch: c.req.header("if-none-match") });
    if ("status" in plan) return refuse(exchange, plan);
    const level = acks.levelOf(c);
    if (level === undefined) return problem("invalid_ack");
    const body = await readBody(incoming, outgoing);
    if (body.kind === "too_large") return refuse(exchange, tooLargeAnswer(rules));
    if (body.kind === "busy") return problem("busy", { headers: { "retry-after": "1" } });
    // nobody is left to read the answer; the exchange ends as 499
    if (body.kind === "aborted") return problem("bad_request");

    const { key } = decoded;
    const { bytes } = body;
    const expiresAt = expiryOf(rules, plan.ttlSeconds, store.now());
    const outcome = replication.within(exchange.span, () => writeEntry(store, key, 0, key.length, bytes, 0, bytes.length, expiresAt, plan.contentType, plan.condition));
    if (outcome !== "created" && outcome !== "replaced") {
      body.free();
      return refuse(exchange, writeAnswers[outcome]);
    }
    const { status, result } = writeAnswers[outcome];
    exchange.result = result;
    const etag = etagOf(store, store.written);
    return acks.settle(c, level, new Response(null, { status, headers: status === 201 ? { etag, "content-length": "0" } : { etag } }));
  });

  app.delete(target, (c) => {
    const { exchange } = c.env;
    exchange.operation = "delete";
    const decoded = keyOf(c);
    if ("problem" in decoded) return problem("invalid_key", { detail: decoded.problem });
    const condition = planCondition(c.req.header("if-match"), c.req.header("if-none-match"));
    if (condition === "invalid") return problem("invalid_precondition");
    const level = acks.levelOf(c);
    if (level === undefined) return problem("invalid_ack");
    const outcome = replication.within(exchange.span, () => deleteEntry(store, decoded.key, 0, decoded.key.length, condition));
    if (outcome === "conflict") return refuse(exchange, deleteAnswers.conflict);
    // a peer may hold what is absent here, so that is a write too
    if (outcome === "absent") return acks.settle(c, level, refuse(exchange, deleteAnswers.absent));
    exchange.result = deleteAnswers.deleted.result;
    return acks.settle(c, level, new Response(null, { status: 204 }));
  });

  allow(app, target, "GET, HEAD, PUT, DELETE");
};
