// POST /v1/kv/{key}/incr: adds to a counter.
import type { Hono } from "hono";
import type { Replication } from "../../replication/port.ts";
import type { Store } from "../../store/types.ts";
import type { Acks } from "../acks.ts";
import type { ReadBody } from "../body.ts";
import { increment } from "../counter.ts";
import { planCondition, type EntryRules } from "../entry.ts";
import type { HonoEnv } from "../env.ts";
import { problem } from "../errors.ts";
import { etagOf } from "../etag.ts";
import { readJson } from "../json-body.ts";
import { incrRequest } from "../schema/incr.ts";
import { decodeKey, incrSuffix, keyPrefix, pathOf } from "../target.ts";
import { allow } from "./allow.ts";
import { jsonAnswer, refuse } from "./refuse.ts";

/** {"by": 1, "ttl": 60} and room for spaces. */
export const maxIncrBytes = 1024;

interface IncrDeps {
  readonly store: Store;
  readonly rules: EntryRules;
  readonly readBody: ReadBody;
  readonly acks: Acks;
  readonly replication: Pick<Replication, "within">;
}

export const incrRoute = (app: Hono<HonoEnv>, { store, rules, readBody, acks, replication }: IncrDeps): void => {
  const target = `${keyPrefix}:key{[^/]*}${incrSuffix}`;

  app.post(target, async (c) => {
    const { exchange, incoming } = c.env;
    exchange.operation = "put";
    const decoded = decodeKey(pathOf(incoming.url ?? "").slice(keyPrefix.length, -incrSuffix.length));
    if ("problem" in decoded) return refuse(exchange, { status: 400, error: "invalid_key", detail: decoded.problem, rejected: "key" });
    exchange.noteKey(decoded.key, 0, decoded.key.length);
    const condition = planCondition(c.req.header("if-match"), c.req.header("if-none-match"));
    if (condition === "invalid") return problem("invalid_precondition");
    const level = acks.levelOf(c);
    if (level === undefined) return problem("invalid_ack");
    const asked = await readJson(c, { schema: incrRequest, readBody, tooLarge: "invalid_body", optional: true });
    if (asked instanceof Response) return asked;

    const sum = replication.within(exchange.span, () => increment(store, rules, decoded.key, { by: asked.by, ttlSeconds: asked.ttl, condition }));
    if ("status" in sum) return refuse(exchange, sum);
    exchange.result = "ok";
    const told = { value: sum.value };
    return acks.settle(c, level, jsonAnswer(exchange, told, { etag: etagOf(store, store.written) }), told);
  });
  allow(app, target, "POST");
};
