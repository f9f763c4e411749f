// The exposition of both programs as Prometheus' own tool judges it, and as a real Prometheus reads it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { responderMetrics } from "#contract/metrics";
import { createTelemetry } from "#telemetry/instruments";
import { beforeAll, expect, test } from "vitest";
import { operatorMetrics } from "../../operator/metrics.ts";
import { resolveTools } from "../cluster/toolchain.ts";
import { waitFor } from "../cluster/wait.ts";
import { startPrometheus } from "../support/prometheus.ts";
import { startResponder } from "./process.ts";

let promtool = "";
// a build from source, on a machine that has none yet
beforeAll(async () => void ({ promtool } = await resolveTools(["promtool", "prometheus"])), 1_800_000);

const check = async (exposition: string) => {
  const child = spawn(promtool, ["check", "metrics"]);
  child.stdin.end(exposition);
  const [complaints, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  return { code: code as number, complaints };
};

/** prom-client's own names that promtool does not like; they are what every Node dashboard expects. */
const known = /^(nodejs|process)_\w+ /;

test("promtool finds nothing to say about the responder's series", async () => {
  const telemetry = createTelemetry(responderMetrics);
  telemetry.metrics.kv_info.set({ tenant: 'a"b\\c' }, 1);
  telemetry.metrics.kv_http_request_duration_seconds.observe({ route: "kv" }, 0.01);
  const { complaints } = await check(await telemetry.render());
  expect(complaints.split("\n").filter((line) => line !== "" && !known.test(line))).toEqual([]);
});

test("nor about the operator's", async () => {
  const telemetry = createTelemetry(operatorMetrics, { processMetrics: false });
  telemetry.metrics.kvoperator_resource_ready.set({ resource_namespace: "team-a", kvresponder: "orders" }, 1);
  expect((await check(await telemetry.render())).complaints).toBe("");
});

test("it would speak up about a wrong name and about text that is no exposition", async () => {
  expect(await check("# HELP kv_things_count Things.\n# TYPE kv_things_count counter\nkv_things_count 1\n")).toMatchObject({ code: 3, complaints: expect.stringContaining("_total") });
  expect((await check('kv_x{a="b} 1\n')).code).not.toBe(0);
});

interface Target {
  readonly labels: { readonly job: string };
  readonly health: string;
  readonly lastError: string;
}

test("Prometheus asks for OpenMetrics, reads all of it, and gives exemplars back with their traces", { timeout: 120_000 }, async () => {
  const telemetry = createTelemetry(responderMetrics);
  const duration = telemetry.metrics.kv_http_request_duration_seconds.with({ route: "kv" });
  telemetry.metrics.kv_http_handed_over_total.inc(7);
  const traceId = "0af7651916cd43dd8448eb211c80319c";
  duration.observe(0.002);
  duration.exemplify(0.002, traceId, "b7ad6b7169203331", Date.now());
  const formats = new Set<string>();
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const { contentType, text: body } = await telemetry.page(request.headers.accept);
    formats.add(contentType);
    response.writeHead(200, { "content-type": contentType }).end(body);
  };
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  await using responder = await startResponder({ KVR_TENANT: "acme" });
  await using prometheus = await startPrometheus({ ours: `127.0.0.1:${(server.address() as AddressInfo).port}`, responder: new URL(responder.management).host });

  const targets = await waitFor("both targets to be scraped", async () => {
    const { activeTargets } = (await prometheus.ask("targets", { state: "active" })) as { activeTargets: Target[] };
    return activeTargets.length === 2 && activeTargets.every(({ health }) => health !== "unknown") && activeTargets.toSorted((a, b) => (a.labels.job < b.labels.job ? -1 : 1));
  });
  expect(targets.map(({ labels: { job }, health, lastError }) => ({ job, health, lastError }))).toEqual(["ours", "responder"].map((job) => ({ job, health: "up", lastError: "" })));
  expect([...formats]).toEqual(["application/openmetrics-text; version=1.0.0; charset=utf-8"]);

  const value = async (query: string) => {
    const { result } = (await prometheus.ask("query", { query })) as { result: { value: [number, string] }[] };
    return result.map((series) => series.value[1]);
  };
  expect(await value('kv_http_handed_over_total{job="ours"}')).toEqual(["7"]);
  expect(await value('kv_http_request_duration_seconds_bucket{job="ours",route="kv",le="1.0"}')).toEqual(["1"]);
  expect(await value('count({job="responder",__name__=~"kv_.*"}) > 300')).toHaveLength(1);

  const found = await waitFor("the exemplar", async () => {
    const now = Date.now() / 1000;
    const series = (await prometheus.ask("query_exemplars", { query: 'kv_http_request_duration_seconds_bucket{job="ours"}', start: String(now - 600), end: String(now + 60) })) as {
      seriesLabels: { le: string };
      exemplars: { labels: Record<string, string>; value: string }[];
    }[];
    return series.length > 0 && series;
  });
  expect(found).toHaveLength(1);
  expect(found[0]?.seriesLabels.le).toBe("0.0025");
  expect(found[0]?.exemplars[0]).toMatchObject({ labels: { trace_id: traceId, span_id: "b7ad6b7169203331" }, value: "0.002" });
  server.close();
  server.closeAllConnections();
});
