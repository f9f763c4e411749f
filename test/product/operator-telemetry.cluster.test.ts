// What the operator tells of itself: series that live as long as their resource, and a trace of each reconcile, read back from Jaeger.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Cluster } from "../cluster/types.ts";
import { kvresponder, path, waitReady } from "../support/kvresponders.ts";
import { startJaeger, type Jaeger } from "../support/jaeger.ts";
import type { LogLine } from "../support/operator-process.ts";
import { startProduct, type Product } from "../support/product.ts";
import type { Span, Trace } from "../support/traces.ts";

let jaeger: Jaeger;
let product: Product;
let cluster: Cluster;

beforeAll(async () => {
  jaeger = await startJaeger();
  product = await startProduct({ operatorArgs: ["--trace-endpoint", jaeger.otlpUrl, "--resource-series", "2"] });
  ({ cluster } = product);
}, 600_000);

afterAll(async () => {
  await product?.stop();
  await jaeger?.[Symbol.asyncDispose]();
});

const seriesOf = async (name: string): Promise<string[]> => {
  const text = await (await fetch(`${product.operator.url}/metrics`)).text();
  return text.split("\n").filter((line) => line.includes(`resource_namespace="team",kvresponder="${name}"`));
};
const without = () => product.operator.metric("kvoperator_resources_without_series");
const poke = (name: string, value: string) => cluster.request("PATCH", path("team", name), { metadata: { annotations: { "test/poke": value } } }, { contentType: "application/merge-patch+json" });
const remove = (name: string) => cluster.kubectl("delete", "kvresponder", name, "-n", "team");

/** The line that says that the Deployment of this resource was made. */
const madeDeployment = (name: string): LogLine | undefined => product.operator.logs.find((l) => l.msg === "child" && l["kvresponder"] === name && l["kind"] === "Deployment" && l["result"] === "created");

const traceOf = (name: string): Promise<Trace> =>
  cluster.waitFor(`the trace in which the Deployment of ${name} was made`, async () => {
    const trace = await jaeger.trace(String(madeDeployment(name)?.["trace_id"]));
    // a reconcile and its calls may come in two batches
    return trace?.spans.some((s) => s.name === "reconcile") && trace;
  });

test("a resource has series that say what its status says, and a change of its spec is timed until the status answers it", async () => {
  await cluster.apply(kvresponder("team", "a", { tenant: "acme", replicas: 2 }));
  const { status } = await waitReady(cluster, "team", "a");
  const series = await cluster.waitFor("the series of a ready resource", async () => {
    const found = await seriesOf("a");
    return found.some((line) => line.startsWith("kvoperator_resource_ready{") && line.endsWith(" 1")) && found;
  });
  const labels = 'resource_namespace="team",kvresponder="a"';
  for (const { type, status: value } of status?.conditions ?? []) if (type !== "PeersConnected") expect(series).toContain(`kvoperator_resource_condition{${labels},type="${type}",status="${value}"} 1`);
  expect(series.filter((line) => line.startsWith("kvoperator_resource_condition{"))).toHaveLength(status?.conditions?.length ?? 0);
  expect(series).toContain(`kvoperator_resource_info{${labels},tenant="acme",version="${status?.version}"} 1`);
  expect(series).toContain(`kvoperator_replicas_desired{${labels}} 2`);
  expect(series).toContain(`kvoperator_replicas_ready{${labels}} 2`);
  expect(await product.operator.metric("kvoperator_resources", { phase: "ready" })).toBe(1);
  expect(await product.operator.metric("kvoperator_generation_lag_seconds_count")).toBe(1);
  expect(await product.operator.metric("rest_client_request_duration_seconds_count", { verb: "PATCH" })).toBeGreaterThan(5);
});

test("the reconcile that made it is a trace: its log lines lead there, each call is a child, the tenant is on every span", async () => {
  expect(madeDeployment("a")).toMatchObject({ resource_namespace: "team", trace_flags: "01", trace_id: expect.stringMatching(/^[0-9a-f]{32}$/) });
  const { spans } = await traceOf("a");
  const [root, ...others] = spans.filter((s) => s.name === "reconcile");
  expect(others).toEqual([]);
  expect(root).toMatchObject({
    kind: "internal",
    service: "kv-responder-operator",
    attributes: { "kvresponder.namespace": "team", "kvresponder.name": "a", "kvresponder.generation": 1, "reconcile.result": expect.stringMatching(/^(success|requeue_after)$/) },
  });
  expect(root?.resource).toMatchObject({ "service.version": expect.stringMatching(/^\d/), "service.instance.id": expect.stringMatching(/./) });
  const calls = spans.filter((s) => s.parent === root?.id);
  expect(calls).toHaveLength(spans.length - 1);
  expect(calls.length).toBeGreaterThan(5);
  expect(new Set(spans.map((s) => s.attributes["tenant.id"]))).toEqual(new Set(["acme"]));
  const made = calls.find((s) => s.attributes["url.path"] === "/apis/apps/v1/namespaces/team/deployments/kv-responder-a" && s.attributes["http.request.method"] === "PATCH");
  expect(made).toMatchObject({ kind: "client", name: "PATCH /apis/apps/v1/namespaces/{namespace}/deployments/{name}", attributes: { "http.response.status_code": 201, "server.address": "127.0.0.1" } });
  for (const signal of ["metrics", "traces"]) expect(await product.operator.metric("kvoperator_telemetry_seconds_total", { signal })).toBeGreaterThan(0);
  // calls of a reconcile follow each other, inside it
  const end = (s: Span) => s.startUs + s.durationUs;
  for (const call of calls.filter((s) => !String(s.attributes["url.path"]).endsWith("/events"))) {
    expect(call.startUs).toBeGreaterThanOrEqual((root?.startUs ?? 0) - 1_000);
    expect(end(call)).toBeLessThanOrEqual(end(root as Span) + 1_000);
  }
});

test("beyond --resource-series a resource is only counted; the series of a deleted one go, and make room", async () => {
  await cluster.apply([kvresponder("team", "b", { replicas: 1 }), kvresponder("team", "c", { replicas: 1 })]);
  for (const name of ["b", "c"]) await waitReady(cluster, "team", name);
  expect(await without()).toBe(1);
  await remove("a");
  await cluster.waitFor("no series of a", async () => (await seriesOf("a")).length === 0);
  await poke("b", "1");
  await poke("c", "1");
  await cluster.waitFor("series of both that are left", async () => (await seriesOf("b")).length > 0 && (await seriesOf("c")).length > 0);
  expect(await without()).toBe(0);
  expect(await product.operator.metric("kvoperator_resources")).toBe(2);
});

test("what was traced last is sent before the operator ends", async () => {
  await cluster.apply(kvresponder("team", "last", { replicas: 1 }));
  await cluster.waitFor("the Deployment is made", () => madeDeployment("last") !== undefined, { intervalMs: 20 });
  const [{ logs }, line] = [product.operator, madeDeployment("last")];
  expect(await product.restartOperator()).toBe(0);
  expect(logs.at(-1)?.msg).toBe("stopped");
  const trace = await cluster.waitFor("its trace", () => jaeger.trace(String(line?.["trace_id"])));
  expect(trace.spans.some((s) => s.name === "reconcile")).toBe(true);
});

test("a collector that is away costs a counter and one warning, and no reconcile", async () => {
  await jaeger[Symbol.asyncDispose]();
  const before = await product.operator.metric("controller_runtime_reconcile_total");
  for (let i = 0; i < 3; i++) await poke("b", `away-${i}`);
  await cluster.waitFor("reconciles go on", async () => (await product.operator.metric("controller_runtime_reconcile_total")) > before);
  await cluster.waitFor("lost spans are counted", async () => (await product.operator.metric("kvoperator_spans_dropped_total", { reason: "export_failed" })) > 0);
  const warnings = () => product.operator.logs.filter((l) => l.msg === "spans not exported").length;
  await cluster.waitFor("the warning", () => warnings() > 0);
  expect(warnings()).toBe(1);
});
