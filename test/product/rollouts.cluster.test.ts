// An operator with another responder image: so many tenants roll at once, seen in every state that their Deployments went through. With the same image nothing rolls.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { KubeObject } from "../../operator/objects.ts";
import type { Cluster } from "../cluster/types.ts";
import { condition, kvresponder, path, waitReady, type Resource } from "../support/kvresponders.ts";
import { startProduct, type Product } from "../support/product.ts";

interface Deployment extends KubeObject {
  spec: { replicas: number; template: { spec: { containers: { image: string }[] } } };
  status?: { observedGeneration?: number; replicas?: number; updatedReplicas?: number };
}

let product: Product;
let cluster: Cluster;

const limit = 2;
const names = Array.from({ length: 12 }, (_, i) => `t${i}`);
const args = (image: string): string[] => [`--max-concurrent-rollouts=${limit}`, `--responder-image=localhost/kvr/responder:${image}`];

beforeAll(async () => {
  product = await startProduct({ monitoringCrds: false, operatorArgs: args("one") });
  ({ cluster } = product);
  await cluster.apply(names.map((name) => kvresponder("team", name, { replicas: 2 })));
  for (const name of names) await waitReady(cluster, "team", name);
});

afterAll(() => product?.stop());

const deployments = async (): Promise<Deployment[]> => (await cluster.get<{ items: Deployment[] }>("/apis/apps/v1/namespaces/team/deployments"))?.items ?? [];
const imageOf = (d: Deployment): string => d.spec.template.spec.containers[0]?.image.split(":").at(-1) ?? "";
const resource = async (name: string): Promise<Resource | undefined> => cluster.get<Resource>(path("team", name));

/** The pods are not all of the newest template. In other words than the operator's own, and for tenants whose first pods are long there. */
const isRolling = ({ metadata: { generation = 0 }, spec, status = {} }: Deployment): boolean => {
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0 } = status;
  return observedGeneration < generation || updatedReplicas < spec.replicas || replicas > updatedReplicas;
};

/** Every state of every Deployment from now on, in the order in which they were written. */
const followRollouts = async () => {
  const list = await cluster.get<{ metadata: { resourceVersion: string }; items: Deployment[] }>("/apis/apps/v1/namespaces/team/deployments");
  const rolling = new Set<string>();
  /** What rolled, at each change of it. */
  const history: string[][] = [];
  const watch = spawn(cluster.kubectlPath, ["--kubeconfig", cluster.kubeconfig, "get", "--raw", `/apis/apps/v1/namespaces/team/deployments?watch=1&resourceVersion=${list?.metadata.resourceVersion}`]);
  createInterface({ input: watch.stdout }).on("line", (line) => {
    const { object } = JSON.parse(line) as { object: Deployment };
    const { name } = object.metadata;
    if (rolling.has(name) === isRolling(object)) return;
    if (isRolling(object)) rolling.add(name);
    else rolling.delete(name);
    history.push([...rolling]);
  });
  return {
    history,
    rolling,
    most: () => Math.max(0, ...history.map((h) => h.length)),
    stop: () => void watch.kill(),
  };
};

const allHave = (image: string) => async (): Promise<boolean> => (await deployments()).every((d) => imageOf(d) === image && !isRolling(d));
const states = async () => Object.fromEntries(await Promise.all(["running", "stuck", "waiting"].map(async (state) => [state, await product.operator.metric("kvoperator_rollouts", { state })] as const)));

test("with the same image nothing rolls", async () => {
  const before = (await deployments()).map((d) => [d.metadata.name, d.metadata.generation]);
  expect(before).toHaveLength(names.length);
  await product.restartOperator();
  await cluster.waitFor("all were reconciled", async () => (await product.operator.metric("controller_runtime_reconcile_total")) >= names.length);
  expect((await deployments()).map((d) => [d.metadata.name, d.metadata.generation])).toEqual(before);
  expect(await states()).toEqual({ running: 0, stuck: 0, waiting: 0 });
  expect(await product.operator.metric("kvoperator_max_concurrent_rollouts")).toBe(limit);
});

test("with another, two roll at once and never more, and all of them do", async () => {
  const seen = await followRollouts();
  try {
    await product.restartOperator(args("two"));
    await cluster.waitFor("all have the new image", allHave("two"), { timeoutMs: 120_000 });
    await cluster.waitFor("the watch has seen the end", () => seen.rolling.size === 0 && new Set(seen.history.flat()).size === names.length);
    expect(seen.most()).toBe(limit);
  } finally {
    seen.stop();
  }
  // an upgrade is no repair
  expect(await product.operator.metric("kvoperator_drift_corrected_total")).toBe(0);
  for (const name of names) expect(condition(await waitReady(cluster, "team", name), "Reconciling")).toMatchObject({ status: "False" });
});

test("while two do not get ready the others wait and say so, ready as they are; a change of one of them goes at once", async () => {
  product.kubelet.pause();
  const seen = await followRollouts();
  try {
    await product.restartOperator(args("three"));
    await cluster.waitFor("two roll and ten wait", async () => JSON.stringify(await states()) === JSON.stringify({ running: 2, stuck: 0, waiting: 10 }));
    const changed = (await deployments()).filter((d) => imageOf(d) === "three").map((d) => d.metadata.name.replace("kv-responder-", ""));
    expect(changed).toHaveLength(limit);
    const waiting = names.filter((name) => !changed.includes(name));
    for (const name of waiting) {
      const found = await cluster.waitFor(`${name} says that it waits`, async () => {
        const now = await resource(name);
        return condition(now, "Reconciling")?.status === "True" && now;
      });
      expect(condition(found, "Reconciling")).toMatchObject({ reason: "Progressing", message: expect.stringMatching(/^new pods of this operator's release wait for their turn: those of \d resources? (is|are) being replaced, at most 2 at once/) });
      expect(condition(found, "Ready")).toMatchObject({ status: "True", reason: "AllReady" });
    }

    // drift of a Deployment is repaired although its new pods wait
    const [drifted = ""] = waiting.slice(-1);
    await cluster.kubectl("scale", `deployment/kv-responder-${drifted}`, "-n", "team", "--replicas=5");
    await cluster.waitFor("it has two pods again", async () => (await deployments()).find((d) => d.metadata.name === `kv-responder-${drifted}`)?.spec.replicas === 2);
    expect(await product.operator.metric("kvoperator_drift_corrected_total", { kind: "Deployment" })).toBe(1);
    // for a moment its pods were fewer than asked for, which a rollout looks like from outside
    await cluster.waitFor("no more than two roll", () => seen.rolling.size === limit);
    const from = seen.history.length;

    // a new operator goes on where this one was: what rolls is in the Deployments
    await product.restartOperator(args("three"));
    await cluster.waitFor("ten wait again", async () => (await states())["waiting"] === names.length - limit);
    expect(await states()).toEqual({ running: 2, stuck: 0, waiting: 10 });

    const [author = ""] = waiting;
    await cluster.request("PATCH", path("team", author), { spec: { cache: { maxMemory: "64Mi" } } }, { contentType: "application/merge-patch+json" });
    await cluster.waitFor("its pods are replaced", async () => seen.rolling.has(`kv-responder-${author}`));
    expect(await states()).toEqual({ running: 3, stuck: 0, waiting: 9 });
    // and so does a restart
    const restarted = waiting[1] ?? "";
    await cluster.request("PATCH", path("team", restarted), { metadata: { annotations: { "kvresponder.io/restart": "now" } } }, { contentType: "application/merge-patch+json" });
    await cluster.waitFor("its pods are replaced", async () => seen.rolling.has(`kv-responder-${restarted}`));

    product.kubelet.resume();
    await cluster.waitFor("all have the new image", allHave("three"), { timeoutMs: 120_000 });
    await cluster.waitFor("the watch has seen the end", () => seen.rolling.size === 0 && new Set(seen.history.flat()).size === names.length);
    expect(seen.most()).toBe(limit + 2);
    // the two that were asked for hold places as well: nobody else began before fewer than two were left
    for (const [i, now] of seen.history.entries()) {
      if (i < from) continue;
      const began = now.filter((name) => !(seen.history[i - 1] ?? []).includes(name) && ![author, restarted].includes(name.replace("kv-responder-", "")));
      if (began.length > 0) expect(now.length).toBeLessThanOrEqual(limit);
    }
  } finally {
    seen.stop();
    product.kubelet.resume();
  }
  expect(await states()).toEqual({ running: 0, stuck: 0, waiting: 0 });
  expect(await product.operator.metric("kvoperator_drift_corrected_total")).toBe(0);
});
