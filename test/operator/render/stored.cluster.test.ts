// The API server keeps every child as it was rendered: nothing is refused, dropped, rewritten or defaulted away from what we said. And it admits the pods where only restricted ones may run.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KubeObject } from "../../../operator/objects.ts";
import { desired } from "../../../operator/reconcile/desired.ts";
import { startCluster } from "../../cluster/index.ts";
import { crdPaths } from "../../cluster/monitoring/crds.ts";
import type { Answer, Cluster } from "../../cluster/types.ts";
import { childPath } from "../../support/kvresponders.ts";
import { anyContext, context } from "./contexts.ts";

const namespace = "rendered";
/** Resources whose children are all tried; `make soak` tries more. */
const runs = Number(process.env["FC_RUNS"] ?? 100);
let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ kind: "control" });
  for (const crd of crdPaths) await cluster.apply(crd);
  await cluster.apply({ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } } });
  await cluster.apply({ apiVersion: "scheduling.k8s.io/v1", kind: "PriorityClass", metadata: { name: "high" }, value: 1000 });
  await cluster.waitFor("the monitoring kinds are served", async () => (await cluster.request("GET", "/apis/monitoring.coreos.com/v1")).status === 200);
});
afterAll(() => cluster?.stop());

const apply = (child: KubeObject, dryRun: boolean): Promise<Answer<KubeObject & { message?: string }>> =>
  cluster.request("PATCH", `${childPath(child)}?fieldManager=test&force=true&fieldValidation=Strict${dryRun ? "&dryRun=All" : ""}`, child, { contentType: "application/apply-patch+yaml" });

/** Paths at which the stored object does not hold, word for word, what was rendered. */
const changed = (rendered: unknown, stored: unknown, path: string): string[] => {
  if (typeof rendered !== "object" || rendered === null) return rendered === stored ? [] : [`${path}: ${JSON.stringify(rendered)} became ${JSON.stringify(stored)}`];
  if (Array.isArray(rendered) && (!Array.isArray(stored) || stored.length !== rendered.length)) return [`${path}: ${JSON.stringify(rendered)} became ${JSON.stringify(stored)}`];
  return Object.entries(rendered).flatMap(([key, value]) => changed(value, (stored as Record<string, unknown> | undefined)?.[key], `${path}.${key}`));
};

const problemsOf = async (child: KubeObject): Promise<string[]> => {
  // pods need their account; everything else need not stay
  const { status, body } = await apply(child, child.kind !== "ServiceAccount");
  const found = status < 300 ? changed(child, body, child.kind) : [`${child.kind}: ${status} ${body.message}`];
  if (child.kind !== "Deployment") return found;
  const { template } = child["spec"] as { template: { metadata: object; spec: object } };
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { ...template.metadata, name: "admitted" }, spec: template.spec };
  const admitted = await cluster.request<{ message?: string }>("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod);
  return admitted.status < 300 ? found : [...found, `Pod: ${admitted.status} ${admitted.body.message}`];
};

const problems = async (children: readonly KubeObject[]): Promise<string[]> => {
  const accounts = children.filter(({ kind }) => kind === "ServiceAccount");
  const others = children.filter((child) => !accounts.includes(child));
  return [...(await Promise.all(accounts.map(problemsOf))), ...(await Promise.all(others.map(problemsOf)))].flat();
};

// without a UID: the garbage collector removes what has an owner that does not exist
const here = { namespace, uid: "" };

describe("what is rendered is what is stored", () => {
  test.each<[string, object]>([
    ["a name alone", {}],
    ["every field", { tenant: "acme", replicas: 5, image: "registry.example.com/r:1", resources: { requests: { cpu: "0.25", memory: "1Gi" }, limits: { cpu: "2000m", memory: "2048Mi" } }, cache: { maxMemory: "1Gi", defaultTTL: "90m", maxValueBytes: 10 }, monitoring: { serviceMonitor: { interval: "1m30s", scrapeTimeout: "500ms", labels: { release: "x" } }, rules: { labels: { a: "b" } }, dashboard: { folder: "Team A", labels: { c: "d" } } }, logging: { level: "debug" } }],
    ["amounts in odd forms", { cache: { maxMemory: "0.5Gi" }, resources: { requests: { cpu: "1500m", memory: "0.75Gi" }, limits: { cpu: "1.5" } } }],
    ["no pods", { replicas: 0 }],
    ["one pod", { replicas: 1 }],
  ])("%s", async (_, spec) => expect(await problems(desired(context(spec, here)))).toEqual([]));

  test("any resource", async () => {
    await fc.assert(
      fc.asyncProperty(anyContext, async (c) => {
        expect(await problems(desired({ ...c, ...here }))).toEqual([]);
      }),
      { numRuns: runs },
    );
  }, runs * 3_000);
});

test("a pod that is not restricted would have been refused here", async () => {
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "loose" }, spec: { containers: [{ name: "x", image: "x" }] } };
  const { status, body } = await cluster.request<{ message?: string }>("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, pod);
  expect([status, body.message]).toEqual([403, expect.stringContaining("restricted")]);
});
