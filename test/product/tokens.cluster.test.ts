// Secrets that the operator makes and can never read: made, found lost, rotated, and gone with what they belong to.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Status } from "#crds/status";
import type { KubeObject } from "../../operator/objects.ts";
import type { Cluster } from "../cluster/types.ts";
import { children, condition, kvresponder, path, waitForCondition, waitReady, type Resource } from "../support/kvresponders.ts";
import { operatorUser } from "../support/operator-process.ts";
import { startProduct, type Product } from "../support/product.ts";

let product: Product;
let cluster: Cluster;
const merge = { contentType: "application/merge-patch+json" };
const [propagationMs, overlapMs] = [4_000, 10_000];

beforeAll(async () => {
  product = await startProduct({ audit: true, operatorArgs: ["--token-propagation", `${propagationMs}ms`, "--token-overlap", `${overlapMs}ms`] });
  ({ cluster } = product);
});
afterAll(() => product?.stop());

interface Secret extends KubeObject {
  data: Record<string, string>;
}

const secrets = async (name: string): Promise<Secret[]> => (await cluster.get<{ items: Secret[] }>(`/api/v1/namespaces/team/secrets?labelSelector=kvresponder.io/name=${name}`))?.items ?? [];
const secret = (name: string) => cluster.get<Secret>(`/api/v1/namespaces/team/secrets/${name}`);
const status = async (name: string): Promise<Partial<Status>> => (await cluster.get<Resource>(path("team", name)))?.status ?? {};
const value = (s: Secret | undefined, key = "token"): string => Buffer.from(s?.data[key] ?? "", "base64").toString();
const change = (name: string, patch: object) => cluster.request("PATCH", path("team", name), patch, merge);
const pods = async () => (await cluster.pods({ namespace: "team", selector: "kvresponder.io/name=a" })).map((p) => p.metadata.uid).toSorted();

test("a tenant gets a token and its pods a secret of their own, neither of which the operator may read", async () => {
  await cluster.apply(kvresponder("team", "a", { replicas: 2 }));
  const { status: seen } = await waitReady(cluster, "team", "a");
  const made = await secrets("a");
  expect(made.map((s) => s.metadata.name.replace(/-[0-9a-f]{8}$/, ""))).toEqual(["kv-peers-a", "kv-responder-a-token-a"]);
  expect(seen?.tokenSecret).toBe(made[1]?.metadata.name);
  expect(value(made[1])).toMatch(/^[-_A-Za-z0-9]{43}$/);
  expect(value(made[0], "secret")).toMatch(/^[0-9a-f]{64}$/);
  for (const verb of ["get", "list", "watch", "update", "patch", "delete", "deletecollection"]) {
    expect((await cluster.kubectl("auth", "can-i", verb, "secrets", "-n", "team", `--as=${operatorUser}`).catch(() => "no")).trim(), verb).toBe("no");
  }
});

// why the role has no delete: ADR 2
test("whoever may delete a Secret may read it, and leave no trace in it", async () => {
  const name = (await status("a")).tokenSecret ?? "";
  await cluster.apply([
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "deleter" }, rules: [{ apiGroups: [""], resources: ["secrets"], verbs: ["delete"] }] },
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRoleBinding", metadata: { name: "deleter" }, roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "deleter" }, subjects: [{ kind: "User", name: "deleter" }] },
  ]);
  const options = { apiVersion: "v1", kind: "DeleteOptions", propagationPolicy: "Foreground", dryRun: ["All"] };
  const answer = await cluster.waitFor("the role to be in force", async () => {
    const tried = await cluster.request<Secret>("DELETE", `/api/v1/namespaces/team/secrets/${name}`, options, { headers: { "impersonate-user": "deleter" } });
    return tried.status === 200 && tried;
  });
  expect(value(answer.body)).toBe(value(await secret(name)));
});

test("a lost Secret is noticed when pods are missing, and made again", async () => {
  const [peers] = await secrets("a");
  await cluster.request("DELETE", `/api/v1/namespaces/team/secrets/${peers?.metadata.name}`);
  // as a pod that waits for the Secret: there, and not ready
  const [pod] = await cluster.pods({ namespace: "team", selector: "kvresponder.io/name=a" });
  await product.kubelet.setReady({ namespace: "team", name: pod?.metadata.name ?? "" }, false);
  await cluster.waitFor("the Secret is back", async () => (await secret(peers?.metadata.name ?? "")) !== undefined, { timeoutMs: 20_000 });
  await product.kubelet.setReady({ namespace: "team", name: pod?.metadata.name ?? "" }, true);
  await waitReady(cluster, "team", "a");
});

test("when a token's owner is deleted, both come back, with a new token", async () => {
  const name = (await status("a")).tokenSecret ?? "";
  const before = await secret(name);
  await cluster.request("DELETE", `/api/v1/namespaces/team/configmaps/${name}`);
  await cluster.waitFor("another token", async () => {
    const now = await secret(name);
    return now !== undefined && now.metadata.uid !== before?.metadata.uid && value(now) !== value(before);
  }, { timeoutMs: 20_000 });
});

describe("rotation", () => {
  test("two tokens meanwhile, no rollout, and a restart of the operator in the middle of it", async () => {
    const old = (await status("a")).tokenSecret ?? "";
    const [podsBefore, oldToken] = [await pods(), value(await secret(old))];
    await change("a", { metadata: { annotations: { "kvresponder.io/rotate-token": "first" } } });
    const { tokenSecret, tokenRotation: { next } = {} } = await cluster.waitFor("a new token on its way", async () => {
      const now = await status("a");
      return now.tokenRotation && now;
    });
    // not before every pod has read it
    expect(tokenSecret).toBe(old);
    await product.restartOperator();
    await cluster.waitFor("the new token is the one to use", async () => (await status("a")).tokenSecret === next, { timeoutMs: 30_000 });
    const [oldNow, newNow] = [await secret(old), await secret(next ?? "")];
    expect(value(oldNow)).toBe(oldToken);
    expect(value(newNow)).not.toBe(oldToken);
    expect((await status("a")).tokenRotation).toMatchObject({ requested: "first", previous: old });
    await cluster.waitFor("the old token is gone", async () => (await secret(old)) === undefined, { timeoutMs: 30_000 });
    await cluster.waitFor("the rotation is over", async () => (await status("a")).tokenRotation?.previous === undefined);
    expect((await status("a")).tokenRotation).toEqual({ requested: "first" });
    expect(value(await secret(next ?? ""))).toBe(value(newNow));
    expect(await pods()).toEqual(podsBefore);
  });

  test("a second request during the overlap ends it and makes a third token", async () => {
    await change("a", { metadata: { annotations: { "kvresponder.io/rotate-token": "second" } } });
    const { tokenSecret: second, tokenRotation } = await cluster.waitFor("the overlap", async () => {
      const now = await status("a");
      return now.tokenRotation?.previous !== undefined && now;
    }, { timeoutMs: 30_000 });
    const first = await secret(tokenRotation?.previous ?? "");
    await change("a", { metadata: { annotations: { "kvresponder.io/rotate-token": "third" } } });
    await cluster.waitFor("the third token is the one to use", async () => {
      const now = await status("a");
      return now.tokenSecret === tokenRotation?.previous && now.tokenRotation?.requested === "third" && now.tokenRotation.previous === second;
    }, { timeoutMs: 40_000 });
    const third = await secret(first?.metadata.name ?? "");
    expect(third?.metadata.uid).not.toBe(first?.metadata.uid);
    expect(value(third)).not.toBe(value(first));
  });

  test("events tell of each step, and none says that something was repaired", async () => {
    const reasons = await cluster.waitFor("the events", async () => {
      const list = await cluster.get<{ items: { reason: string; note: string; regarding: { name: string } }[] }>("/apis/events.k8s.io/v1/namespaces/team/events");
      const ours = list?.items.filter((e) => e.regarding.name === "a") ?? [];
      return ours.some((e) => e.reason === "TokenRetired") && ours;
    });
    expect(reasons.map((e) => e.reason)).toEqual(expect.arrayContaining(["TokenRotating", "TokenRotated", "TokenRetired"]));
    expect(reasons.filter((e) => e.reason === "DriftCorrected" && e.note.includes("-token-b-"))).toEqual([]);
  });
});

test("a Secret of one's own: ours goes; while it is missing the status says so", async () => {
  const ours = (await status("a")).tokenSecret ?? "";
  product.kubelet.pause();
  await change("a", { spec: { auth: { secretName: "mine" } } });
  const waiting = await waitForCondition(cluster, ["team", "a"], "WorkloadAvailable", { status: "False", reason: "SecretMissing" });
  expect(condition(waiting, "Ready")).toMatchObject({ status: "False", reason: "WorkloadUnavailable" });
  expect(condition(waiting, "WorkloadAvailable")?.message).toContain("mine");
  expect(waiting.status?.tokenSecret).toBe("mine");
  await cluster.waitFor("our token is gone", async () => (await secret(ours)) === undefined);
  await cluster.kubectl("create", "secret", "generic", "mine", "-n", "team", "--from-literal=one=0123456789abcdef");
  await waitForCondition(cluster, ["team", "a"], "WorkloadAvailable", { status: "False", reason: "ReplicasNotReady" });
  product.kubelet.resume();
  await waitReady(cluster, "team", "a");
});

test("no token: no Secret but that of the peers", async () => {
  await change("a", { spec: { auth: { mode: "None", secretName: null } } });
  const { status: seen } = await waitReady(cluster, "team", "a");
  expect([seen?.tokenSecret, seen?.tokenRotation]).toEqual([undefined, undefined]);
  expect((await secrets("a")).map((s) => s.metadata.name)).toEqual([expect.stringContaining("kv-peers-a")]);
});

test("a resource that is deleted and made again at once has Secrets of its own; the old ones go", async () => {
  await cluster.apply(kvresponder("team", "b", { replicas: 1 }));
  await waitReady(cluster, "team", "b");
  const before = await secrets("b");
  await cluster.kubectl("delete", "kvresponder/b", "-n", "team");
  await cluster.apply(kvresponder("team", "b", { replicas: 1 }));
  await waitReady(cluster, "team", "b");
  await cluster.waitFor("only the new ones are left", async () => {
    const now = await secrets("b");
    return now.length === 2 && now.every((s) => !before.some((old) => old.metadata.name === s.metadata.name));
  });
});

test("a deleted resource leaves no Secret of ours; one's own stays", async () => {
  for (const name of ["a", "b"]) await cluster.kubectl("delete", `kvresponder/${name}`, "-n", "team");
  for (const name of ["a", "b"]) {
    await cluster.waitFor(`the Secrets of ${name} are gone`, async () => (await secrets(name)).length === 0 && (await children(cluster, "team", name)).length === 0);
  }
  expect(await secret("mine")).toBeDefined();
});
