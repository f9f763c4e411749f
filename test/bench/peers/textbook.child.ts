// A peer: the stack that the getting-started pages lead to. hono, prom-client with labels, a pino line a request, OpenTelemetry's http instrumentation to OTLP.
// It counts what the responder counts: requests, durations, cache operations, requests in flight. OpenTelemetry is as its defaults have it; where spans go and how many are made is told by its own variables. Argument: a file for its log, instead of standard output.
import { HttpInstrumentation } from "@opentelemetry/instrumentation-http";
import { NodeSDK } from "@opentelemetry/sdk-node";
import { createRequire } from "node:module";

const sdk = new NodeSDK({ instrumentations: [new HttpInstrumentation()] });
sdk.start();
// the instrumentation patches what is required, and the module's own class with it
createRequire(import.meta.url)("node:http");

const [{ serve }, { Hono }, { default: pino }, prometheus, { announce }] = await Promise.all([
  import("@hono/node-server"),
  import("hono"),
  import("pino"),
  import("prom-client"),
  import("./announce.ts"),
]);

const labelNames = ["method", "route", "status", "tenant", "pod", "namespace"];
const constant = { tenant: "bench", pod: "bench-0", namespace: "bench" };
const requests = new prometheus.Counter({ name: "http_requests_total", help: "Requests.", labelNames });
const durations = new prometheus.Histogram({ name: "http_request_duration_seconds", help: "Durations.", labelNames });
const operations = new prometheus.Counter({ name: "cache_operations_total", help: "Cache operations.", labelNames: ["operation", "result", ...Object.keys(constant)] });
const inFlight = new prometheus.Gauge({ name: "http_requests_in_flight", help: "Requests in flight.", labelNames: Object.keys(constant) });
const log = pino({ base: constant }, pino.destination(process.argv[2] ?? 1));

const app = new Hono();
app.use(async (c, next) => {
  const startedAt = performance.now();
  inFlight.inc(constant);
  await next();
  const seconds = (performance.now() - startedAt) / 1000;
  const labels = { ...constant, method: c.req.method, route: "/v1/kv/:key", status: c.res.status };
  inFlight.dec(constant);
  requests.inc(labels);
  durations.observe(labels, seconds);
  log.info({ method: c.req.method, path: c.req.path, status: c.res.status, durationMs: seconds * 1000 }, "request");
});

const value = new Uint8Array(100).fill(120);
app.get("/v1/kv/:key", (c) => {
  operations.inc({ ...constant, operation: "get", result: "hit" });
  return c.body(value, 200, { "content-type": "application/octet-stream" });
});
app.get("/metrics", async (c) => c.text(await prometheus.register.metrics()));
const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () => announce(server));
