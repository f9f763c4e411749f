// A settled resource costs no write: forced reconciles, a restart of the operator and an idle minute, counted in the API server's audit log.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { AuditEntry, Cluster } from "../cluster/types.ts";
import { inWords, isLook, kvresponder, operatorWrites, path, waitForCondition, waitReady } from "../support/kvresponders.ts";
import { startProduct, type Product } from "../support/product.ts";

let product: Product;
let cluster: Cluster;

beforeAll(async () => {
  product = await startProduct({ audit: true });
  ({ cluster } = product);
  await cluster.apply([kvresponder("team", "a"), kvresponder("team", "b", { replicas: 1, tenant: "bee", monitoring: { dashboard: { mode: "Disabled" } } })]);
  for (const name of ["a", "b"]) await waitReady(cluster, "team", name);
  // nobody is behind the addresses that the fake kubelet gives to pods
  await waitForCondition(cluster, ["team", "a"], "PeersConnected", { status: "Unknown", reason: "Unreachable" });
});

afterAll(() => product?.stop());

const requestsSince = async (mark: number): Promise<AuditEntry[]> => operatorWrites((await cluster.auditLog()).slice(mark));
/** What was written. Whether a Secret is still there the operator finds out by trying to make it, and the answer 409 writes nothing: such looks are counted below. */
const writesSince = async (mark: number): Promise<string[]> => (await requestsSince(mark)).filter((e) => !isLook(e)).map(inWords);
const looksSince = async (mark: number): Promise<number> => (await requestsSince(mark)).filter(isLook).length;
const mark = async (): Promise<number> => (await cluster.auditLog()).length;
const reconciles = () => product.operator.metric("controller_runtime_reconcile_total");

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
  // a few are left from when the pods were not ready
  expect(await looksSince(since)).toBeLessThanOrEqual(4);
});

test("a restart of the operator writes nothing", async () => {
  const since = await mark();
  expect(await product.restartOperator()).toBe(0);
  await cluster.waitFor("both resources were reconciled", async () => (await reconciles()) >= 2);
  await settle();
  expect(await writesSince(since)).toEqual([]);
  // a new operator looks once for the peer secret and the token of each resource
  expect(await looksSince(since)).toBe(4);
});

test("60 idle seconds write nothing, although pods are asked about their peers", async () => {
  await settle();
  const asked = await product.operator.metric("kvoperator_pod_reports_total");
  const [since, from] = [await mark(), Date.now()];
  await cluster.waitFor("a minute has passed", () => Date.now() - from >= 60_000, { timeoutMs: 70_000, intervalMs: 1_000 });
  expect((await requestsSince(since)).map(inWords)).toEqual([]);
  expect(await product.operator.metric("kvoperator_pod_reports_total")).toBeGreaterThanOrEqual(asked + 3);
});
