// POST /v1/batch: many operations in one request.
import { path } from "#contract/http";
import type { Hono } from "hono";
import type { Store } from "../../store/types.ts";
import { runBatch } from "../batch.ts";
import type { ReadBody } from "../body.ts";
import type { EntryRules } from "../entry.ts";
import type { HonoEnv } from "../env.ts";
import { readJson } from "../json-body.ts";
import { batchRequest } from "../schema/batch.ts";
import { allow } from "./allow.ts";
import { jsonAnswer } from "./refuse.ts";

/** Parsing takes a few milliseconds, in which nobody else is served. */
export const maxBatchBytes = 2 ** 20;

export const batchRoute = (app: Hono<HonoEnv>, { store, rules, readBody }: { store: Store; rules: EntryRules; readBody: ReadBody }): void => {
  app.post(path.batch, async (c) => {
    const { exchange } = c.env;
    const batch = await readJson(c, { schema: batchRequest, readBody, tooLarge: "batch_too_large" });
    return batch instanceof Response ? batch : jsonAnswer(exchange, { results: runBatch({ store, rules, exchange }, batch.operations) });
  });
  allow(app, path.batch, "POST");
};
