// A settled resource costs no write: forced reconciles, a restart of the operator and an idle minute, counted in the API server's audit log.
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCluster } from "../cluster/index.ts";
import { startFakeKubelet, type FakeKubelet } from "../cluster/fake-kubelet.ts";
import { crdPaths } from "../cluster/monitoring/crds.ts";
import type { Cluster } from "../cluster/types.ts";
import { inWords, kvresponder, operatorWrites, path, waitReady } from "../support/kvresponders.ts";
import { installOperatorObjects, startOperator, type OperatorProcess } from "../support/operator-process.ts";

let cluster: Cluster;
let kubelet: FakeKubelet;
let operator: OperatorProcess;

beforeAll(async () => {
  cluster = await startCluster({ kind: "control", audit: true });
  kubelet = await startFakeKubelet(cluster);
  for (const crd of crdPaths) await cluster.apply(crd);
  await installOperatorObjects(cluster);
  operator = await startOperator(cluster);
  await cluster.kubectl("create", "namespace", "team");
  await cluster.apply([kvresponder("team", "a"), kvresponder("team", "b", { replicas: 1, tenant: "bee", monitoring: { dashboard: { mode: "Disabled" } } })]);
  for (const name of ["a", "b"]) await waitReady(cluster, "team", name);
});

afterAll(async () => {
  await operator?.stop();
  await kubelet?.stop();
  await cluster?.stop();
});

const writesSince = async (mark: number): Promise<string[]> => operatorWrites((await cluster.auditLog()).slice(mark)).map(inWords);
const mark = async (): Promise<number> => (await cluster.auditLog()).length;
const reconciles = () => operator.metric("controller_runtime_reconcile_total");

/** The operator has nothing left to do: no reconcile for two of its shortest waits. */
const settle = async (): Promise<void> => {
  let before = -1;
  await cluster.waitFor("no more reconciles", async () => {
    const now = await reconciles();
    const still = now === before;
    before = now;
    return still;
  }, { intervalMs: 1_000 });
};

test("50 forced reconciles write nothing", async () => {
  await settle();
  const [start, since] = [await reconciles(), await mark()];
  for (let i = 1; i <= 50; i++) {
    // a change that asks for nothing: it wakes the reconcile and must not make it write
    await cluster.request("PATCH", path("team", "a"), { metadata: { annotations: { "test/poke": String(i) } } }, { contentType: "application/merge-patch+json" });
    await cluster.waitFor(`reconcile ${i}`, async () => (await reconciles()) >= start + i, { intervalMs: 10 });
  }
  expect(await writesSince(since)).toEqual([]);
});

test("a restart of the operator writes nothing", async () => {
  const since = await mark();
  expect(await operator.stop()).toBe(0);
  operator = await startOperator(cluster);
  await cluster.waitFor("both resources were reconciled", async () => (await reconciles()) >= 2);
  await settle();
  expect(await writesSince(since)).toEqual([]);
});

test("60 idle seconds write nothing", async () => {
  await settle();
  const [since, from] = [await mark(), Date.now()];
  await cluster.waitFor("a minute has passed", () => Date.now() - from >= 60_000, { timeoutMs: 70_000, intervalMs: 1_000 });
  expect(await writesSince(since)).toEqual([]);
});
