// The operator's own endpoints: /metrics for Prometheus, /livez and /readyz for the kubelet.
import { serve } from "@hono/node-server";
import { path } from "#contract/http";
import { checkHealth, healthText, type Check } from "#lib/health";
import type { ExpositionPage } from "#telemetry/exposition-page";
import { Hono } from "hono";
import type { AddressInfo } from "node:net";

export interface ServerDeps {
  readonly host: string;
  /** 0 picks a free one. */
  readonly port: number;
  /** The metrics in the format that the Accept header prefers. */
  readonly page: (accept: string | undefined) => Promise<ExpositionPage>;
  /** Behind /readyz. Behind /livez is nothing: a cluster that is away is no reason to restart. */
  readonly checks: Readonly<Record<string, Check>>;
}

export interface Server {
  readonly url: string;
  close(): Promise<void>;
}

/** Resolves when it listens; rejects when it cannot. */
export const startServer = async ({ host, port, page, checks }: ServerDeps): Promise<Server> => {
  const app = new Hono();
  app.get(path.livez, (c) => c.text("ok\n"));
  app.get(path.readyz, (c) => {
    const report = checkHealth(checks);
    return c.text(healthText(report, c.req.query("verbose") !== undefined), report.ok ? 200 : 503);
  });
  app.get(path.metrics, async (c) => {
    const { text, contentType } = await page(c.req.header("accept"));
    return c.body(text, 200, { "content-type": contentType, vary: "Accept" });
  });

  return new Promise((resolve, reject) => {
    const server = serve({ fetch: app.fetch, hostname: host, port, serverOptions: { headersTimeout: 5_000, requestTimeout: 10_000, maxHeaderSize: 8_192 } }, (info: AddressInfo) => {
      resolve({
        url: `http://${info.family === "IPv6" ? `[${info.address}]` : info.address}:${info.port}`,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      });
    });
    server.once("error", reject);
  });
};
