// The two HTTP applications: the tenant's API and the management pages.
import type { Log } from "#telemetry/logger";
import { Hono } from "hono";
import type { HonoEnv } from "./env.ts";
import { problem } from "./errors.ts";
import { healthRoutes, type HealthDeps } from "./routes/health.ts";
import { kvRoutes, type KvDeps } from "./routes/kv.ts";
import { metricsRoute, type Exposition } from "./routes/metrics.ts";
import { pathOf } from "./target.ts";

export type App = Hono<HonoEnv>;

const createBase = (log: Pick<Log, "error">): App => {
  // hono would decode the path, and with it the keys
  const app = new Hono<HonoEnv>({ getPath: (request, options) => pathOf(options?.env?.incoming.url ?? request.url) });
  app.notFound(() => problem("not_found"));
  app.onError((err, c) => {
    log.error({ err, route: c.env.exchange.route }, "request failed");
    return problem("internal");
  });
  return app;
};

export const createApi = ({ log, kv, exposition }: { log: Pick<Log, "error">; kv: KvDeps; exposition: Exposition }): App => {
  const app = createBase(log);
  kvRoutes(app, kv);
  metricsRoute(app, exposition);
  return app;
};

export const createManagement = ({ log, health, exposition }: { log: Pick<Log, "error">; health: HealthDeps; exposition: Exposition }): App => {
  const app = createBase(log);
  metricsRoute(app, exposition);
  healthRoutes(app, health);
  return app;
};
