// Drift: every leaf that our managedFields own is mutated in every kind, every child is deleted; all come back within 5 s, and what is not ours is left alone.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fieldManager } from "#crds/names";
import { ownedLeaves, type OwnedLeaf } from "../../operator/reconcile/fields-v1.ts";
import type { KubeObject } from "../../operator/objects.ts";
import type { Cluster, Manifest } from "../cluster/types.ts";
import { childPath, children, condition, kvresponder, path, waitForCondition, waitReady, type Resource } from "../support/kvresponders.ts";
import { mutations, valueAt } from "../support/mutations.ts";
import type { OperatorProcess } from "../support/operator-process.ts";
import { startProduct, type Product } from "../support/product.ts";

let product: Product;
let cluster: Cluster;
let operator: OperatorProcess;

const spec = { tenant: "shop", monitoring: { serviceMonitor: { labels: { release: "kps" } }, dashboard: { folder: "Tenants" } } };
/** Has what the first has not. Its target is not the one that an autoscaler has without metrics. */
const second = { monitoring: { routing: { webhook: { url: "https://hooks.example.com/second" } } }, resources: { requests: { cpu: "20m" } }, autoscaling: { minReplicas: 1, maxReplicas: 2, targetCPUUtilizationPercentage: 50 } };
/** The promise: drift is corrected within seconds. */
const repairMs = 5_000;

beforeAll(async () => {
  product = await startProduct();
  ({ cluster, operator } = product);
  await cluster.apply([kvresponder("team", "a", spec), kvresponder("team", "second", second)]);
  for (const name of ["a", "second"]) await waitReady(cluster, "team", name);
});

afterAll(() => product?.stop());

const live = async (child: Manifest): Promise<KubeObject> => {
  const found = await cluster.get<KubeObject>(childPath(child));
  if (!found) throw new Error(`${child.kind} ${child.metadata.name} is gone`);
  return found;
};

/** All children of the first, and those of the second that are of other kinds. */
const everyKind = async (): Promise<Manifest[]> => {
  const first = await children(cluster, "team", "a");
  return [...first, ...(await children(cluster, "team", "second")).filter(({ kind }) => !first.some((c) => c.kind === kind))];
};

const patch = (child: Manifest, operations: readonly object[]) => cluster.request("PATCH", `${childPath(child)}?fieldManager=vandal`, operations, { contentType: "application/json-patch+json" });

/** The leaf as it stands now; other people's list items may have moved it. */
const findLeaf = (object: KubeObject, { steps }: OwnedLeaf): OwnedLeaf | undefined => ownedLeaves(object, fieldManager).find((l) => l.steps.join("/") === steps.join("/"));

/** Spoils one leaf in the first way that the API server accepts, and waits until it is ours again with its value. */
const spoil = async (child: Manifest, leaf: OwnedLeaf, name: string): Promise<"restored" | "refused"> => {
  const at = findLeaf(await live(child), leaf);
  if (!at) throw new Error(`${name} was not put back after an earlier mutation`);
  for (const mutation of mutations(at.path, leaf.value)) {
    if ((await patch(child, [mutation])).status >= 300) continue;
    await cluster.waitFor(
      `${name} is ${JSON.stringify(leaf.value)} again after ${JSON.stringify(mutation)}`,
      async () => {
        const now = await cluster.get<KubeObject>(childPath(child));
        return now !== undefined && now.metadata.deletionTimestamp === undefined && JSON.stringify(findLeaf(now, leaf)?.value) === JSON.stringify(leaf.value);
      },
      { timeoutMs: repairMs, intervalMs: 50 },
    );
    return "restored";
  }
  return "refused";
};

test("every leaf we own is restored, in every kind", async () => {
  const report: { leaf: string; verdict: "restored" | "refused" }[] = [];
  for (const child of await everyKind()) {
    for (const leaf of ownedLeaves(await live(child), fieldManager)) {
      const name = `${child.kind} ${child.metadata.name} ${leaf.steps.join("/")}`;
      report.push({ leaf: name, verdict: await spoil(child, leaf, name) });
    }
  }
  const refused = report.filter((r) => r.verdict === "refused").map((r) => r.leaf);
  console.log(`${report.length} leaves of ${new Set(report.map((r) => r.leaf.split(" ").slice(0, 2).join(" "))).size} children mutated, ${refused.length} immutable for the API server`);
  // of all that are owned the Grafana Operator's is missing, whose CRD is not here
  expect(new Set(report.map((r) => r.leaf.split(" ")[0])).size).toBe(10);
  expect(report.length).toBeGreaterThan(150);
  // what the API server itself refuses to change needs no repair: selectors and the like
  expect(refused.map((l) => l.replace(/^(\S+) \S+ /, "$1 "))).toMatchSnapshot();
}, 900_000);

test("each deleted child is made again", async () => {
  const before = await everyKind();
  expect(before.length).toBe(13);
  for (const child of before) {
    await cluster.request("DELETE", childPath(child), { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Background" });
    await cluster.waitFor(
      `${child.kind} ${child.metadata.name} is made again`,
      async () => {
        const now = await cluster.get<KubeObject>(childPath(child));
        return now !== undefined && now.metadata.uid !== child.metadata["uid"] && now.metadata.deletionTimestamp === undefined;
      },
      { timeoutMs: repairMs, intervalMs: 50 },
    );
  }
  expect(await operator.metric("kvoperator_drift_corrected_total")).toBeGreaterThan(10);
  for (const name of ["a", "second"]) await waitReady(cluster, "team", name);
});

test("a foreign label, annotation and field stay", async () => {
  const service = (await children(cluster, "team", "a")).find((c) => c.kind === "Service" && c.metadata.name === "kv-responder-a");
  if (!service) throw new Error("no Service");
  await cluster.request(
    "PATCH",
    `${childPath(service)}?fieldManager=friend`,
    { metadata: { labels: { team: "blue" }, annotations: { "example.org/note": "keep" } }, spec: { sessionAffinity: "ClientIP" } },
    { contentType: "application/merge-patch+json" },
  );
  // an owned leaf changed beside them proves that a repair has run
  await patch(service, [{ op: "replace", path: "/spec/ports/0/port", value: 81 }]);
  await cluster.waitFor("the port is 80 again", async () => valueAt(await live(service), ["spec", "ports", 0, "port"]) === 80, { timeoutMs: repairMs, intervalMs: 50 });
  expect(await live(service)).toMatchObject({ metadata: { labels: { team: "blue" }, annotations: { "example.org/note": "keep" } }, spec: { sessionAffinity: "ClientIP" } });
});

test("a label that a user puts on our rules stays through a repair and a change of the rules", async () => {
  const rule = (await children(cluster, "team", "a")).find((c) => c.kind === "PrometheusRule");
  if (!rule) throw new Error("no PrometheusRule");
  await cluster.request("PATCH", `${childPath(rule)}?fieldManager=friend`, { metadata: { labels: { "evaluated-by": "thanos" } } }, { contentType: "application/merge-patch+json" });
  // groups that others have added may stand before ours
  const ours = ownedLeaves(await live(rule), fieldManager).find((leaf) => leaf.steps.at(-1) === "f:rules");
  if (!ours) throw new Error("no rules of ours");
  const first = async () => valueAt(await live(rule), [...ours.path, 0, "expr"]);
  await patch(rule, [{ op: "replace", path: `/${ours.path.join("/")}/0/expr`, value: "vector(1)" }]);
  await cluster.waitFor("the expression is ours again", async () => (await first()) !== "vector(1)", { timeoutMs: repairMs, intervalMs: 50 });
  await cluster.apply(kvresponder("team", "a", { ...spec, monitoring: { ...spec.monitoring, rules: { objectives: { availability: 99 } } } }));
  await cluster.waitFor("the new objective is in the rules", async () => JSON.stringify(await live(rule)).includes("99% are promised"), { timeoutMs: 30_000, intervalMs: 50 });
  expect((await live(rule)).metadata.labels).toMatchObject({ "evaluated-by": "thanos", "kvresponder.io/name": "a" });
  await cluster.apply(kvresponder("team", "a", spec));
});

describe("an object of that name that is not ours", () => {
  const foreign = { apiVersion: "v1", kind: "Service", metadata: { name: "kv-responder-c", namespace: "team", labels: { owner: "somebody" } }, spec: { ports: [{ port: 1234 }] } };

  test("is left alone and reported as Conflict; when it goes, ours is made", async () => {
    await cluster.request("POST", "/api/v1/namespaces/team/services", foreign);
    const before = await cluster.get<KubeObject>("/api/v1/namespaces/team/services/kv-responder-c");
    await cluster.apply(kvresponder("team", "c"));
    const resource = await waitForCondition(cluster, ["team", "c"], "Ready", { status: "False", reason: "Conflict" });
    expect(condition(resource, "Ready")?.message).toContain("Service kv-responder-c");
    expect(condition(resource, "Stalled")).toMatchObject({ status: "True", reason: "Conflict" });
    const after = await cluster.get<KubeObject>("/api/v1/namespaces/team/services/kv-responder-c");
    expect(after?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);

    await cluster.request("DELETE", "/api/v1/namespaces/team/services/kv-responder-c");
    await waitReady(cluster, "team", "c");
  });
});

describe("the spec", () => {
  const change = (patchBody: object) => cluster.request("PATCH", path("team", "a"), patchBody, { contentType: "application/merge-patch+json" });
  const deployment = async () => cluster.get<KubeObject & { spec: { replicas: number; template: unknown } }>("/apis/apps/v1/namespaces/team/deployments/kv-responder-a");

  test("scaling through the scale subresource reaches the Deployment and the status, and leaves the pod template alone", async () => {
    const template = (await deployment())?.spec.template;
    await cluster.kubectl("scale", "kvresponder/a", "-n", "team", "--replicas=2");
    const resource = await waitReady(cluster, "team", "a");
    expect(resource.status).toMatchObject({ ready: "2/2", replicas: 2, readyReplicas: 2 });
    expect((await deployment())?.spec).toMatchObject({ replicas: 2 });
    expect((await deployment())?.spec.template).toEqual(template);
  });

  test("a changed field reaches the children; a child no longer wanted goes", async () => {
    await change({ spec: { replicas: 1, cache: { maxMemory: "64Mi" }, monitoring: { rules: { mode: "Disabled" } } } });
    await waitForCondition(cluster, ["team", "a"], "RulesReady", { status: "False", reason: "Disabled" });
    await waitReady(cluster, "team", "a");
    const kinds = (await children(cluster, "team", "a")).map((c) => c.kind);
    expect(kinds).not.toContain("PrometheusRule");
    // one replica needs no disruption budget
    expect(kinds).not.toContain("PodDisruptionBudget");
    expect(JSON.stringify((await deployment())?.spec.template)).toContain(String(64 * 2 ** 20));
  });

  test("changing what is logged and traced rolls nothing out", async () => {
    const generation = (await deployment())?.metadata.generation;
    await change({ spec: { logging: { level: "debug", requests: { sample: 1 } }, tracing: { sampleRatio: 0.5 } } });
    await waitReady(cluster, "team", "a");
    const runtime = await cluster.get<{ data: Record<string, string> }>("/api/v1/namespaces/team/configmaps/kv-responder-a-runtime");
    expect(JSON.parse(runtime?.data["runtime.json"] ?? "{}")).toMatchObject({ logLevel: "debug", requests: { sample: 1, slowMs: 100 }, traceSampleRatio: 0.5 });
    expect((await deployment())?.metadata.generation).toBe(generation);
  });

  test("paused: nothing is written, the status says so; resumed: it catches up", async () => {
    await change({ spec: { replicas: 1, paused: false } });
    await waitReady(cluster, "team", "a");
    await change({ spec: { paused: true } });
    await waitForCondition(cluster, ["team", "a"], "Paused", { status: "True" });
    await change({ spec: { replicas: 3 } });
    const paused = await waitForCondition(cluster, ["team", "a"], "Ready", { status: "False", reason: "Paused" });
    expect(paused.status?.ready).toBe("1/3");
    expect((await deployment())?.spec.replicas).toBe(1);
    await change({ spec: { paused: false } });
    const resumed = await waitReady(cluster, "team", "a");
    expect(resumed.status?.ready).toBe("3/3");
    expect(condition(resumed, "Paused")).toBeUndefined();
  });

  test("a second claim on a tenant waits until the first is gone", async () => {
    await cluster.apply(kvresponder("team", "late", { tenant: "shop", replicas: 1 }));
    await waitForCondition(cluster, ["team", "late"], "Ready", { status: "False", reason: "TenantTaken" });
    expect(await children(cluster, "team", "late")).toEqual([]);
    await cluster.kubectl("delete", "kvresponder/a", "-n", "team");
    await waitReady(cluster, "team", "late");
  });

  test("a deleted resource leaves nothing of ours, and no series of it", async () => {
    const series = async () => (await (await fetch(`${operator.url}/metrics`)).text()).includes('kvresponder="');
    expect(await series()).toBe(true);
    await cluster.kubectl("delete", "kvresponders", "--all", "-n", "team");
    for (const name of ["a", "second", "late", "c"]) {
      await cluster.waitFor(`the children of ${name} are gone`, async () => (await children(cluster, "team", name)).length === 0);
      expect(await cluster.get<Resource>(path("team", name))).toBeUndefined();
    }
    await cluster.waitFor("the series are gone", async () => !(await series()));
  });
});
