// /livez, /readyz and /info: for the kubelet, for Services and for people.
import { path } from "#contract/http";
import { checkHealth, healthText, type Check } from "#lib/health";
import type { Hono } from "hono";
import type { HonoEnv } from "../env.ts";
import { readOnly } from "./read-only.ts";

export interface HealthDeps {
  /** Failing means: restart me. Never depends on anything outside the process. */
  readonly live: Readonly<Record<string, Check>>;
  /** Failing means: send me no traffic. */
  readonly ready: Readonly<Record<string, Check>>;
  readonly info: () => Readonly<Record<string, unknown>>;
}

export const healthRoutes = (app: Hono<HonoEnv>, { live, ready, info }: HealthDeps): void => {
  const probe = (at: string, checks: HealthDeps["live"]) =>
    readOnly(app, at, (c) => {
      const report = checkHealth(checks);
      return { status: report.ok ? 200 : 503, contentType: "text/plain; charset=utf-8", text: healthText(report, c.req.query("verbose") !== undefined) };
    });
  probe(path.livez, live);
  probe(path.readyz, ready);
  readOnly(app, path.info, () => ({ contentType: "application/json", text: `${JSON.stringify(info())}\n` }));
};
