// The two HTTP applications: the tenant's API and the management pages.
import { systemTimers, type Timers } from "#lib/clock";
import type { Log } from "#telemetry/logger";
import { Hono } from "hono";
import { noReplication, type Replication } from "../replication/port.ts";
import type { Store } from "../store/types.ts";
import { createAcks } from "./acks.ts";
import { createBodyReader, type BodyBudget } from "./body.ts";
import type { EntryRules } from "./entry.ts";
import type { HonoEnv } from "./env.ts";
import { problem } from "./errors.ts";
import { traceFields } from "./exchange.ts";
import { createVersionWaits } from "./min-version.ts";
import { batchRoute, maxBatchBytes } from "./routes/batch.ts";
import { healthRoutes, type HealthDeps } from "./routes/health.ts";
import { incrRoute, maxIncrBytes } from "./routes/incr.ts";
import { keysRoutes } from "./routes/keys.ts";
import { kvRoutes } from "./routes/kv.ts";
import { metricsRoute, type Exposition } from "./routes/metrics.ts";
import { openApiRoute } from "./routes/openapi.ts";
import { pathOf } from "./target.ts";
import { createTurns } from "./turns.ts";

export type App = Hono<HonoEnv>;

export interface KvDeps {
  readonly store: Store;
  readonly rules: EntryRules;
  /** Shared with whoever else reads bodies. */
  readonly bodies: BodyBudget;
}

export interface ApiDeps {
  readonly log: Pick<Log, "error">;
  readonly kv: KvDeps;
  readonly exposition: Exposition;
  /** Absent: the pod is alone. */
  readonly replication?: Replication;
  readonly timers?: Timers;
}

const createBase = (log: Pick<Log, "error">): App => {
  // hono would decode the path, and with it the keys
  const app = new Hono<HonoEnv>({ getPath: (request, options) => pathOf(options?.env?.incoming.url ?? request.url) });
  app.notFound(() => problem("not_found"));
  app.onError((err, c) => {
    log.error({ err, route: c.env.exchange.route, ...traceFields(c.env.exchange) }, "request failed");
    return problem("internal");
  });
  return app;
};

export const createApi = ({ log, kv: { store, rules, bodies }, exposition, replication = noReplication, timers = systemTimers }: ApiDeps): App => {
  const app = createBase(log);
  const acks = createAcks(replication);
  const versions = createVersionWaits({ store, replication, timers });
  const reader = (maxBytes: number) => createBodyReader({ maxBytes, budget: bodies });
  batchRoute(app, { store, rules, readBody: reader(maxBatchBytes), acks, replication });
  keysRoutes(app, { store, takeTurn: createTurns(), acks });
  incrRoute(app, { store, rules, readBody: reader(maxIncrBytes), acks, replication });
  kvRoutes(app, { store, rules, readBody: createBodyReader({ maxBytes: rules.maxValueBytes, budget: bodies, store }), acks, versions, replication });
  openApiRoute(app);
  metricsRoute(app, exposition);
  return app;
};

export const createManagement = ({ log, health, exposition }: { log: Pick<Log, "error">; health: HealthDeps; exposition: Exposition }): App => {
  const app = createBase(log);
  metricsRoute(app, exposition);
  healthRoutes(app, health);
  return app;
};
