// POST /v1/batch: many operations in one request.
import { path } from "#contract/http";
import type { Hono } from "hono";
import type { Replication } from "../../replication/port.ts";
import type { Store } from "../../store/types.ts";
import type { Acks } from "../acks.ts";
import { runBatch } from "../batch.ts";
import type { ReadBody } from "../body.ts";
import type { EntryRules } from "../entry.ts";
import type { HonoEnv } from "../env.ts";
import { problem } from "../errors.ts";
import { readJson } from "../json-body.ts";
import { batchRequest } from "../schema/batch.ts";
import { allow } from "./allow.ts";
import { jsonAnswer } from "./refuse.ts";

/** Parsing takes a few milliseconds, in which nobody else is served. */
export const maxBatchBytes = 2 ** 20;

interface BatchDeps {
  readonly store: Store;
  readonly rules: EntryRules;
  readonly readBody: ReadBody;
  readonly acks: Acks;
  readonly replication: Pick<Replication, "within">;
}

export const batchRoute = (app: Hono<HonoEnv>, { store, rules, readBody, acks, replication }: BatchDeps): void => {
  app.post(path.batch, async (c) => {
    const { exchange } = c.env;
    const level = acks.levelOf(c);
    if (level === undefined) return problem("invalid_ack");
    const batch = await readJson(c, { schema: batchRequest, readBody, tooLarge: "batch_too_large" });
    if (batch instanceof Response) return batch;
    const { results, wrote } = replication.within(exchange.span, () => runBatch({ store, rules, exchange }, batch.operations));
    const told = { results };
    const done = jsonAnswer(exchange, told);
    return wrote ? acks.settle(c, level, done, told) : done;
  });
  allow(app, path.batch, "POST");
};
