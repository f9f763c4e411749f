// Traces as an OTLP collector gets them: one trace from the caller through a write to its application at each peer, and nothing of what is not asked for.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startJaeger, type Jaeger } from "../support/jaeger.ts";
import { drawTrace, type Span, type Trace } from "../support/traces.ts";
import { startMesh, type Mesh } from "./replication/mesh.ts";
import type { Pod } from "./replication/pod.ts";
import { arrived, caller, runtimeFile, soon, tenant } from "./traced.ts";

const key = "canary-key-of-a-tenant";
const value = "canary-value-of-a-tenant";
const service = tenant.KVR_SERVICE;

const dir = mkdtempSync(join(tmpdir(), "kvr-traces-"));
let jaeger: Jaeger;
let mesh: Mesh;
/** Samples nothing by itself. */
let a: Pod;
/** Takes every request for slow. */
let b: Pod;
/** Samples everything. */
let c: Pod;

beforeAll(async () => {
  jaeger = await startJaeger();
  mesh = await startMesh("abc", {
    env: { ...tenant, KVR_TRACE_ENDPOINT: jaeger.otlpUrl },
    envOf: { a: { KVR_RUNTIME_FILE: runtimeFile(dir, 0) }, b: { KVR_RUNTIME_FILE: runtimeFile(dir, 0, 0) }, c: { KVR_RUNTIME_FILE: runtimeFile(dir, 1) } },
  });
  [a, b, c] = [mesh.pod("a"), mesh.pod("b"), mesh.pod("c")];
}, 600_000);
afterAll(async () => {
  await mesh?.[Symbol.asyncDispose]();
  await jaeger?.[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true });
});
afterEach(() => mesh?.heal());

const describe = ({ name, kind, resource, attributes }: Span): string => {
  const peer = [a, b, c].find((pod) => attributes["network.peer.port"] === mesh.peersPort(pod.name));
  return `${name} ${kind} at ${resource["k8s.pod.name"]}${peer ? ` for ${peer.name}` : ""}`;
};
const picture = (trace: Trace): readonly string[] => drawTrace(trace, describe);
/** Of a tree with one write, whose branches come in any order. */
const sortedPicture = (trace: Trace): readonly string[] => {
  const [root = "", ...rest] = picture(trace);
  const branches = rest.join("\n").split(/\n(?=  \S)/);
  return [root, ...branches.sort().flatMap((branch) => branch.split("\n"))];
};
const one = (spans: readonly Span[], what: (span: Span) => boolean): Span => {
  const found = spans.filter(what);
  expect(found).toHaveLength(1);
  return found[0]!;
};

test("a write whose caller is sampled is one trace: the caller, the request at A, its replication to B and C, its application there", async () => {
  const from = caller(true);
  const answer = await a.entry("PUT", key, { body: value, headers: { ...from.headers, "kv-ack": "all" } });
  expect(answer.status).toBe(201);
  const trace = await arrived(jaeger, from.trace, 5);

  expect(sortedPicture(trace)).toEqual([
    "PUT /v1/kv/{key} server at a",
    "  replicate producer at a for b",
    "    apply consumer at b",
    "  replicate producer at a for c",
    "    apply consumer at c",
  ]);
  const put = one(trace.spans, ({ kind }) => kind === "server");
  expect(put.parent).toBe(from.span);
  expect(put.attributes).toMatchObject({ "http.request.method": "PUT", "http.route": "/v1/kv/{key}", "http.response.status_code": 201, "url.scheme": "http" });
  expect(put.attributes).not.toHaveProperty("error.type");
  for (const { attributes } of trace.spans.filter(({ name }) => name === "apply")) expect(attributes).toMatchObject({ "kv.outcome": "applied" });

  for (const { attributes, resource, durationUs } of trace.spans) {
    expect(attributes).toMatchObject({ "tenant.id": "acme" });
    const pod = String(resource["k8s.pod.name"]);
    expect(resource).toMatchObject({
      "service.name": service,
      "service.version": expect.stringMatching(/^\d+\.\d+\.\d+/),
      "service.instance.id": expect.stringContaining(pod),
      "k8s.namespace.name": "team-a",
      "k8s.pod.name": pod,
      "k8s.deployment.name": "kv-responder-orders",
      "tenant.id": "acme",
    });
    expect(durationUs).toBeGreaterThanOrEqual(0);
  }
  expect(new Set(trace.spans.map(({ resource }) => resource["service.instance.id"])).size).toBe(3);
});

test("a deletion is traced like a write, a read ends where it is answered", async () => {
  const [gone, read] = [caller(true), caller(true)];
  await a.put("to go", "1");
  await a.entry("GET", "to go", { headers: read.headers });
  await a.entry("DELETE", "to go", { headers: gone.headers });
  expect(sortedPicture(await arrived(jaeger, gone.trace, 5))[0]).toBe("DELETE /v1/kv/{key} server at a");
  expect(picture(await arrived(jaeger, read.trace, 1))).toEqual(["GET /v1/kv/{key} server at a"]);
});

test("what nobody samples leaves no span, also when its caller says that it is not sampled", async () => {
  const [not, after] = [caller(false), caller(true)];
  await a.entry("HEAD", key);
  await a.entry("PUT", key, { body: value, headers: not.headers });
  await a.entry("PUT", key, { body: value, headers: after.headers });
  // spans leave in the order in which they end: what came before is there, or was never made
  await arrived(jaeger, after.trace, 5);
  expect(await jaeger.trace(not.trace)).toBeUndefined();
  expect(await jaeger.traces({ service, operation: "HEAD /v1/kv/{key}" })).toEqual([]);
});

test("a failed request has a span though nobody sampled it, in its caller's trace, with what went wrong", async () => {
  const from = caller(false);
  mesh.split(["a"], ["b", "c"]);
  const answer = await a.entry("PUT", key, { body: value, headers: { ...from.headers, "kv-ack": "all" } });
  expect(answer.status).toBe(504);
  const { spans } = await arrived(jaeger, from.trace, 1);
  expect(spans[0]).toMatchObject({ name: "PUT /v1/kv/{key}", parent: from.span, attributes: { "http.response.status_code": 504, "error.type": expect.stringMatching(/./), "tenant.id": "acme" } });
});

test("a slow request has one too, and one that the client did wrong has none", async () => {
  const [slow, wrong, after] = [caller(false), caller(false), caller(true)];
  expect((await b.entry("GET", key, { headers: slow.headers })).status).toBe(200);
  expect((await a.entry("PUT", "x", { body: value, headers: { ...wrong.headers, "kv-ttl": "never" } })).status).toBe(400);
  await a.entry("GET", key, { headers: after.headers });
  expect(picture(await arrived(jaeger, slow.trace, 1))).toEqual(["GET /v1/kv/{key} server at b"]);
  await arrived(jaeger, after.trace, 1);
  expect(await jaeger.trace(wrong.trace)).toBeUndefined();
});

test("a Redis command that is sampled where it arrives has the same tree", async () => {
  await c.commands(`SET ${key} ${value}`);
  const trace = await expect
    .poll(async () => (await found(c, "SET")).find(({ spans }) => spans.length === 5), soon)
    .toBeDefined()
    .then(async () => (await found(c, "SET")).find(({ spans }) => spans.length === 5)!);
  expect(sortedPicture(trace)).toEqual(["SET server at c", "  replicate producer at c for a", "    apply consumer at a", "  replicate producer at c for b", "    apply consumer at b"]);
  for (const { attributes } of trace.spans) expect(attributes).toMatchObject({ "tenant.id": "acme" });
});

/** Traces in which the pod has a span of that name. */
const found = async (pod: Pod, operation: string): Promise<readonly Trace[]> => {
  const traces = await jaeger.traces({ service, operation, limit: 100 });
  return traces.filter(({ spans }) => spans.some((span) => span.name === operation && span.resource["k8s.pod.name"] === pod.name));
};
test("no key and no value is in any span", async () => {
  const traces = await jaeger.traces({ service, limit: 1_000 });
  expect(traces.length).toBeGreaterThan(3);
  expect(traces.map(({ json }) => json).join("\n")).not.toContain("canary");
});
