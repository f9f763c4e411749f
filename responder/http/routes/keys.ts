// GET and DELETE of /v1/kv?prefix=: the list of keys.
import { path } from "#contract/http";
import type { Context, Hono } from "hono";
import type { z } from "zod";
import type { Store } from "../../store/types.ts";
import type { Acks } from "../acks.ts";
import type { HonoEnv } from "../env.ts";
import { problem, type ErrorCode } from "../errors.ts";
import { deleteKeys, listKeys, type Walk } from "../key-walk.ts";
import { deleteQuery, listQuery } from "../schema/keys.ts";
import { decodePrefix, parseQuery } from "../target.ts";
import type { TakeTurn } from "../turns.ts";
import { allow } from "./allow.ts";
import { jsonAnswer } from "./refuse.ts";

interface KeysDeps {
  readonly store: Store;
  readonly takeTurn: TakeTurn;
  readonly acks: Acks;
}

const errorOf: Readonly<Record<string, ErrorCode>> = { cursor: "invalid_cursor", limit: "invalid_limit" };

/** The prefix as bytes and the rest by its schema, or the problem. */
const readQuery = <S extends z.ZodType>(c: Context<HonoEnv>, schema: S): { prefix: Buffer | undefined; rest: z.output<S> } | Response => {
  const query = parseQuery(c.env.incoming.url ?? "");
  if (!query) return problem("invalid_query");
  const { prefix, ...others } = query;
  const rest = schema.safeParse(others);
  if (!rest.success) return problem(errorOf[String(rest.error.issues[0]?.path[0])] ?? "invalid_query");
  if (prefix === undefined) return { prefix: undefined, rest: rest.data };
  const decoded = decodePrefix(prefix);
  if ("problem" in decoded) return problem("invalid_prefix", { detail: decoded.problem });
  return { prefix: decoded.key, rest: rest.data };
};

export const keysRoutes = (app: Hono<HonoEnv>, { store, takeTurn, acks }: KeysDeps): void => {
  const walk = (c: Context<HonoEnv>, prefix: Buffer): Walk => ({ store, prefix, takeTurn, cancelled: () => c.env.outgoing.destroyed });

  app.get(path.kv, async (c) => {
    const { exchange } = c.env;
    exchange.operation = "scan";
    const query = readQuery(c, listQuery);
    if (query instanceof Response) return query;
    const { cursor = "0", limit } = query.rest;
    const page = await listKeys(walk(c, query.prefix ?? Buffer.alloc(0)), Number.parseInt(cursor, 16), limit);
    exchange.count("scan", "ok", page.keys.length);
    return jsonAnswer(exchange, page, { "cache-control": "no-store" });
  });

  app.delete(path.kv, async (c) => {
    const { exchange } = c.env;
    exchange.operation = "delete";
    const query = readQuery(c, deleteQuery);
    if (query instanceof Response) return query;
    // all keys are named by an explicit empty prefix, never by a forgotten one
    if (!query.prefix) return problem("invalid_prefix", { detail: "the query has no prefix; prefix= means every key" });
    const level = acks.levelOf(c);
    if (level === undefined) return problem("invalid_ack");
    const told = { deleted: await deleteKeys(walk(c, query.prefix)) };
    exchange.count("delete", "hit", told.deleted);
    return acks.settle(c, level, jsonAnswer(exchange, told), told);
  });

  allow(app, path.kv, "GET, HEAD, DELETE");
};
