// /metrics: the exposition for Prometheus, in the format that its Accept header prefers.
import { path } from "#contract/http";
import type { ExpositionPage } from "#telemetry/exposition-page";
import type { Hono } from "hono";
import type { HonoEnv } from "../env.ts";
import { readOnly } from "./read-only.ts";

export interface Exposition {
  page(accept: string | undefined): Promise<ExpositionPage>;
}

export const metricsRoute = (app: Hono<HonoEnv>, exposition: Exposition): void => {
  readOnly(app, path.metrics, async (c) => ({ ...(await exposition.page(c.req.header("accept"))), vary: "Accept" }));
};
