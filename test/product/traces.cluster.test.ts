// Traces and logs of pods in a real cluster: what an operator of it types leads from a line to a trace, and every line parses.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { installJaeger, jaegerEndpoint, type ClusterJaeger } from "../cluster/monitoring/jaeger.ts";
import { drawTrace, traceOf } from "../support/traces.ts";
import type { Pod } from "./replication/pods.ts";
import { startReplicated, type Replicated } from "./replication/set-up.ts";

const run = promisify(execFile);

let replicated: Replicated;
let jaeger: ClusterJaeger;
let pods: readonly Pod[];

beforeAll(async () => {
  replicated = await startReplicated("orders", { tenant: "acme", replicas: 3, cache: { maxMemory: "64Mi" }, logging: { requests: { sample: 1 } }, tracing: { endpoint: jaegerEndpoint } });
  // the pods are there first: traces are worth no cache
  jaeger = await installJaeger(replicated.cluster);
  pods = await replicated.pods.ready(3);
  await replicated.cluster.waitFor("the pods hear each other", async () => (await Promise.all(pods.map((pod) => pod.replication()))).every(({ connected }) => connected === 2), { timeoutMs: 60_000 });
}, 900_000);

afterAll(() => replicated?.[Symbol.asyncDispose]());

const traceId = randomBytes(16).toString("hex");

test("a write with the caller's trace is one trace over the three pods, under the tenant's name", async () => {
  const [a] = pods;
  const traceparent = `00-${traceId}-${randomBytes(8).toString("hex")}-01`;
  const answer = await fetch(`${a!.url}/v1/kv/greeting`, { method: "PUT", body: "hello", headers: { authorization: `Bearer ${replicated.token}`, "kv-ack": "all", traceparent } });
  expect(answer.status).toBe(201);
  const trace = await replicated.cluster.waitFor("the trace", async () => {
    const seen = await traceOf(jaeger.query.url, traceId);
    return seen?.spans.length === 5 && seen;
  }, { timeoutMs: 60_000 });
  const [root, ...rest] = drawTrace(trace, ({ name, resource }) => `${name} ${resource["k8s.pod.name"]}`);
  expect(root).toBe(`PUT /v1/kv/{key} ${a!.name}`);
  expect(rest.filter((line) => line.startsWith("    ")).toSorted()).toEqual(pods.slice(1).map(({ name }) => `    apply ${name}`).toSorted());
  for (const { attributes, resource } of trace.spans) {
    expect(attributes).toMatchObject({ "tenant.id": "acme" });
    expect(resource).toMatchObject({ "k8s.namespace.name": replicated.of[0], "k8s.deployment.name": `kv-responder-${replicated.of[1]}` });
  }
});

test("`kubectl logs -l app.kubernetes.io/name=kv-responder --tail=100 | jq .` parses every line, and the write's line has its trace", async () => {
  const { kubeconfig, kubectlPath, waitFor } = replicated.cluster;
  const text = await waitFor("the line of the write", async () => {
    const { stdout } = await run("bash", ["-o", "pipefail", "-c", `"$0" logs -n ${replicated.of[0]} -l app.kubernetes.io/name=kv-responder --tail=100 | jq -c .`, kubectlPath], { env: { ...process.env, KUBECONFIG: kubeconfig } });
    return stdout.includes(traceId) && stdout;
  });
  const lines = text.trim().split("\n").map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(new Set(lines.map(({ pod }) => pod))).toEqual(new Set(pods.map(({ name }) => name)));
  for (const line of lines) expect(line).toMatchObject({ time: expect.any(String), level: expect.any(String), msg: expect.any(String), tenant: "acme", namespace: replicated.of[0] });
  expect(lines.filter((line) => line["trace_id"] === traceId && line["msg"] === "request")).toEqual([expect.objectContaining({ method: "PUT", status: 201, trace_flags: "01", span_id: expect.stringMatching(/^[0-9a-f]{16}$/) })]);
  expect(text).not.toContain("greeting");
});
