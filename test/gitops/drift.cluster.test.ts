// A GitOps tool that applies a KVResponder finds nothing to do afterwards, whatever the resource says and however it was applied; what it wrote on it for itself stays there; and it can delete it without the operator.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { tmpdir } from "node:os";
import fc from "fast-check";
import { parseResource } from "#crds/parse";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KVResponder } from "../../operator/objects.ts";
import { desired } from "../../operator/reconcile/desired.ts";
import { renderContext } from "../../operator/render/context.ts";
import type { Cluster, Manifest } from "../cluster/types.ts";
import { resolveTools } from "../cluster/toolchain.ts";
import { specs } from "../crds/specs.ts";
import { anyContext } from "../operator/render/contexts.ts";
import { childLists, children, inWords, isLook, kvresponder, operatorWrites, path, type Resource, waitReady } from "../support/kvresponders.ts";
import { startProduct, type Product } from "../support/product.ts";
import { askArgo } from "./tools.ts";

let product: Product;
let cluster: Cluster;
let folder: string;

beforeAll(async () => {
  await resolveTools(["argocd-lua"]);
  product = await startProduct({ audit: true });
  ({ cluster } = product);
  folder = mkdtempSync(join(tmpdir(), "drift-"));
  for (const namespace of ["drift", "any", "foreground", "background", "argocd"]) await cluster.kubectl("create", "namespace", namespace);
}, 1_800_000);
afterAll(async () => {
  await product?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const list = (namespace: string): string => path(namespace, "").slice(0, -1);
const applyYaml = { contentType: "application/apply-patch+yaml" };

const must = async <T>(answer: Promise<{ status: number; body: T }>): Promise<T> => {
  const { status, body } = await answer;
  if (status >= 300) throw new Error(`${status}: ${JSON.stringify(body)}`);
  return body;
};

const inBatches = async <A, B>(items: readonly A[], act: (item: A) => Promise<B>): Promise<B[]> => {
  const done: B[] = [];
  for (let i = 0; i < items.length; i += 10) done.push(...(await Promise.all(items.slice(i, i + 10).map(act))));
  return done;
};

/** What Argo CD, by either tracking, and Flux write on what they apply. */
const marks = (namespace: string, name: string) => ({
  labels: { "app.kubernetes.io/instance": "an-application", "kustomize.toolkit.fluxcd.io/name": "tenants", "kustomize.toolkit.fluxcd.io/namespace": "flux-system" },
  annotations: { "argocd.argoproj.io/tracking-id": `tenants:kvresponder.io/KVResponder:${namespace}/${name}`, "argocd.argoproj.io/sync-wave": "0" },
});

const marked = (namespace: string, name: string, spec: object): Manifest => {
  const manifest = kvresponder(namespace, name, spec);
  return { ...manifest, metadata: { ...manifest.metadata, ...marks(namespace, name) } };
};

describe("what was just applied, and nobody has touched since", () => {
  beforeAll(async () => void (await product.operator.stop()));
  afterAll(async () => {
    await must(cluster.request("DELETE", list("drift")));
    await product.restartOperator();
  }, 120_000);

  test("500 resources are in sync right after they were applied, by the client's side and by the server's", async () => {
    // cloned, because later specs may write into parts that they share with earlier ones; a null is refused by an apply on the server's side, of any kind
    const applicable = (spec: unknown): boolean => parseResource({ ...kvresponder("drift", "a"), spec }).ok && !JSON.stringify(spec).includes("null");
    const valid = fc.sample(specs.map((spec) => structuredClone(spec)).filter(applicable), 500) as object[];
    expect(new Set(valid.map((spec) => JSON.stringify(spec))).size).toBeGreaterThan(200);

    const byClient = await inBatches(valid.map((spec, i) => marked("drift", `c${i}`, spec)), async (manifest) => {
      const { annotations, ...metadata } = manifest.metadata as Manifest["metadata"] & { annotations: object };
      const last = JSON.stringify(manifest);
      const live = await must(cluster.request<object>("POST", `${list("drift")}?fieldManager=argocd-controller`, { ...manifest, metadata: { ...metadata, annotations: { ...annotations, "kubectl.kubernetes.io/last-applied-configuration": last } } }));
      return { manifest, live };
    });
    const byServer = await inBatches(valid.map((spec, i) => marked("drift", `s${i}`, spec)), async (manifest) => {
      const at = `${path("drift", manifest.metadata.name)}?fieldManager=argocd-controller&force=true`;
      const live = await must(cluster.request<object>("PATCH", at, manifest, applyYaml));
      return { manifest, live, predicted: await must(cluster.request<object>("PATCH", `${at}&dryRun=All`, manifest, applyYaml)) };
    });

    const openAPI = join(folder, "openapi.json");
    writeFileSync(openAPI, JSON.stringify(await cluster.get("/openapi/v2")));
    // and one that differs, to see that a difference would be seen
    const other = { ...byClient[0]!, manifest: { ...byClient[0]!.manifest, spec: { replicas: 16 } } };
    const { diffs } = await askArgo({ diffs: [...byClient, ...byServer, other], openAPI });
    const differing = (diffs ?? []).flatMap((d, i) => ("error" in d || d.modified ? [{ i, d }] : []));
    expect(differing).toEqual([{ i: 1000, d: { modified: true, where: expect.arrayContaining([expect.stringContaining(".spec.replicas")]) as unknown } }]);
  }, 600_000);

  test("an action is no difference, and so not taken back, unless Git says the same field", async () => {
    const silent = marked("drift", "acted", { replicas: 1 });
    const outspoken = { ...silent, spec: { replicas: 1, paused: false } };
    const apply = (manifest: Manifest) => must(cluster.request<object>("PATCH", `${path("drift", "acted")}?fieldManager=argocd-controller&force=true`, manifest, applyYaml));
    const difference = async (manifest: Manifest, action: string) => {
      const [made = {}] = (await askArgo({ run: [{ action, object: await apply(manifest) }] })).run ?? [];
      const { metadata, spec } = made as Resource;
      const live = await must(cluster.request<object>("PATCH", path("drift", "acted"), { metadata: { annotations: metadata["annotations"] }, spec: { paused: spec["paused"] } }, { contentType: "application/merge-patch+json" }));
      return (await askArgo({ diffs: [{ manifest, live }] })).diffs?.[0];
    };
    for (const action of ["restart", "rotate-token", "pause", "resume"]) expect([action, await difference(silent, action)]).toEqual([action, { modified: false, where: [] }]);
    expect(await difference(outspoken, "pause")).toEqual({ modified: true, where: [".spec.paused: true -> false"] });
  });
});

test("the command of the guide teaches Argo CD, and leaves what its ConfigMap has", async () => {
  const [, command = ""] = /^(kubectl patch configmap argocd-cm .*)$/m.exec(readFileSync("docs/gitops.md", "utf8")) ?? [];
  await cluster.apply({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "argocd-cm", namespace: "argocd" }, data: { url: "https://argocd.example" } } as Manifest);
  await cluster.kubectl(...command.split(" ").slice(1).map((word) => (word.endsWith(".yaml") ? resolve(word) : word)));
  const { data } = (await cluster.get<{ data: Record<string, string> }>("/api/v1/namespaces/argocd/configmaps/argocd-cm")) ?? { data: {} };
  expect(Object.keys(data).toSorted()).toEqual(["resource.customizations.actions.kvresponder.io_KVResponder", "resource.customizations.health.kvresponder.io_KVResponder", "url"]);
});

/** Paths at which the live object does not hold what was rendered. */
const missing = (rendered: unknown, live: unknown, at: string): string[] => {
  if (typeof rendered !== "object" || rendered === null) return rendered === live ? [] : [`${at}: ${JSON.stringify(rendered)} is ${JSON.stringify(live)}`];
  if (Array.isArray(rendered) && (!Array.isArray(live) || live.length !== rendered.length)) return [`${at}: ${JSON.stringify(rendered)} is ${JSON.stringify(live)}`];
  return Object.entries(rendered).flatMap(([key, value]) => missing(value, (live as Record<string, unknown> | undefined)?.[key], `${at}.${key}`));
};

const reconciles = () => product.operator.metric("controller_runtime_reconcile_total");
const settle = async (): Promise<void> => {
  let before = -1;
  await cluster.waitFor("no more reconciles", async () => {
    const now = await reconciles();
    const still = now > 0 && now === before;
    before = now;
    return still;
  }, { intervalMs: 1_000, timeoutMs: 120_000 });
};

const names = Array.from({ length: 20 }, (_, i) => `any-${i}`);

test("children are what a fresh render says, a new operator writes nothing, and nothing of the tools is copied", async () => {
  const drawn = fc.sample(anyContext, names.length).map((c) => c.spec);
  // each its own tenant, and not hundreds of pods
  await inBatches(names.map((name, i) => marked("any", name, { ...drawn[i], tenant: name, replicas: Math.min(drawn[i]?.replicas ?? 0, 3), paused: false })), (manifest) =>
    must(cluster.request("PATCH", `${path("any", manifest.metadata.name)}?fieldManager=argocd-controller&force=true`, manifest, applyYaml)),
  );
  for (const name of names) {
    await cluster.waitFor(`${name} was seen`, async () => {
      const resource = await cluster.get<Resource>(path("any", name));
      return resource?.status?.observedGeneration === resource?.metadata["generation"];
    }, { timeoutMs: 120_000 });
  }
  await settle();
  const mark = (await cluster.auditLog()).length;
  await product.restartOperator();
  await cluster.waitFor("all were reconciled", async () => (await reconciles()) >= names.length);
  await settle();
  expect(operatorWrites((await cluster.auditLog()).slice(mark)).filter((e) => !isLook(e) && e.objectRef?.resource !== "leases").map(inWords)).toEqual([]);

  for (const name of names) {
    const resource = await cluster.get<KVResponder>(path("any", name));
    if (!resource) throw new Error(`${name} is gone`);
    const live = await children(cluster, "any", name);
    const rendered = desired(renderContext(resource, { responderImage: "localhost/kvr/responder:test" }));
    const lacking = rendered.flatMap((child) => missing(child, live.find((l) => l.kind === child.kind && l.metadata.name === child.metadata.name), `${name} ${child.kind}`));
    expect(lacking).toEqual([]);
    expect(JSON.stringify(live)).not.toMatch(/argocd\.argoproj\.io|kustomize\.toolkit\.fluxcd\.io|app\.kubernetes\.io\/instance|last-applied-configuration/);
    for (const child of live) expect(child.metadata["ownerReferences"], `${child.kind} ${child.metadata.name}`).toMatchObject([{ kind: "KVResponder", name, controller: true }]);
    // what the operator owns of the resource is its status
    const managers = (resource.metadata as unknown as { managedFields: { manager: string; subresource?: string }[] }).managedFields.map((m) => `${m.manager} ${m.subresource ?? "-"}`);
    expect(managers.toSorted()).toEqual(["argocd-controller -", "kv-responder-operator status"]);
  }
}, 600_000);

/** Everything in a namespace that a KVResponder has made, pods and Secrets included. */
const remains = async (namespace: string): Promise<string[]> => {
  const lists = { ...childLists(namespace), Secret: `/api/v1/namespaces/${namespace}/secrets`, Pod: `/api/v1/namespaces/${namespace}/pods`, ReplicaSet: `/apis/apps/v1/namespaces/${namespace}/replicasets`, NetworkPolicy: `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`, HorizontalPodAutoscaler: `/apis/autoscaling/v2/namespaces/${namespace}/horizontalpodautoscalers` };
  const found = await Promise.all(Object.entries(lists).map(async ([kind, at]) => ((await cluster.get<{ items: Manifest[] }>(at))?.items ?? []).map((item) => `${kind} ${item.metadata.name}`)));
  // every namespace has these
  return found.flat().filter((what) => what !== "ServiceAccount default" && what !== "ConfigMap kube-root-ca.crt");
};

test.each(["Foreground", "Background"])("a deletion (%s) leaves nothing while the operator is down", async (propagationPolicy) => {
  const namespace = propagationPolicy.toLowerCase();
  await cluster.apply(kvresponder(namespace, "orders", { monitoring: { routing: { webhook: { url: "http://hook.example/a" } } } }));
  await waitReady(cluster, namespace, "orders");
  expect((await remains(namespace)).length).toBeGreaterThan(10);
  await product.operator.stop();
  const resource = await cluster.get<Resource>(path(namespace, "orders"));
  expect(resource?.metadata["finalizers"]).toBeUndefined();
  await must(cluster.request("DELETE", path(namespace, "orders"), { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy }));
  await cluster.waitFor("nothing is left", async () => {
    const left = await remains(namespace);
    if (left.length > 0) throw new Error(left.join(", "));
    return (await cluster.get(path(namespace, "orders"))) === undefined;
  });
  await product.restartOperator();
}, 180_000);
