// kvr status against a real API server and a working operator, as an administrator, as one who may only view, and as nobody.
import { afterAll, beforeAll, expect, test } from "vitest";
import { kvr } from "../../operator/cli/command.ts";
import { connect } from "../../operator/cli/connect.ts";
import type { Report } from "../../operator/cli/status/report.ts";
import type { Cluster } from "../cluster/types.ts";
import { children, kvresponder, waitForCondition, waitReady } from "../support/kvresponders.ts";
import { startProduct, type Product } from "../support/product.ts";

let product: Product;
let cluster: Cluster;

beforeAll(async () => {
  product = await startProduct({ monitoringCrds: false, namespaces: ["team", "other"] });
  ({ cluster } = product);
  await cluster.apply([kvresponder("team", "a", { tenant: "shop", replicas: 2 }), kvresponder("other", "b", { replicas: 1, paused: true })]);
  await waitReady(cluster, "team", "a");
  await cluster.apply(kvresponder("team", "late", { tenant: "shop" }));
  await waitForCondition(cluster, ["team", "late"], "Ready", { reason: "TenantTaken" });
  await waitForCondition(cluster, ["other", "b"], "Ready", { reason: "Paused" });
});

afterAll(() => product?.stop());

/** With the administrator's kubeconfig, unless another is named. Within this process: that the program's streams and codes are these, its package's test shows. */
const status = async (...args: readonly string[]): Promise<{ readonly code: number; readonly out: string; readonly err: string }> => {
  let [out, err] = ["", ""];
  const code = await kvr(["status", ...(args.includes("--kubeconfig") ? [] : ["--kubeconfig", cluster.kubeconfig]), ...args], {
    read: () => "",
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    connect: async (options) => connect(options),
    now: Date.now,
  });
  return { code, out, err };
};

const report = async (...args: readonly string[]): Promise<Report> => JSON.parse((await status(...args, "-o", "json")).out) as Report;

/** A kubeconfig of a new ServiceAccount with these ClusterRoles in `team`. */
const account = async (name: string, ...roles: readonly string[]): Promise<string> => {
  await cluster.kubectl("create", "serviceaccount", name, "-n", "team");
  for (const role of roles) await cluster.kubectl("create", "rolebinding", `${name}-${role}`, "-n", "team", `--clusterrole=${role}`, `--serviceaccount=team:${name}`);
  return cluster.serviceAccountKubeconfig("team", name);
};

test("a Ready one: 0, all that it is made of, and nothing to do but for monitoring that the cluster lacks", async () => {
  const { code, out, err } = await status("a", "-n", "team");
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toMatch(/^Ready +yes \(AllReady\)$/m);
  expect(out).toMatch(/^Generation +1, observed$/m);
  const found = await report("a", "-n", "team");
  expect(found).toMatchObject({ tenant: "shop", ready: true, readyPods: "2/2", asksForToken: true, endpoints: { http: "http://kv-responder-a.team.svc" } });
  const live = (await children(cluster, "team", "a")).map(({ kind, metadata }) => `${kind}/${metadata.name}`);
  expect(found.children.map(({ kind, name }) => `${kind}/${name}`)).toEqual(expect.arrayContaining(live));
  // kinds without a CRD are no rows, so everything that is listed is there
  expect(found.children.filter(({ state }) => state !== "present")).toEqual([]);
  expect(found.pods).toHaveLength(2);
  expect(found.tokenSecret).toMatch(/^kv-responder-a-token-/);
  // pods of this cluster answer nobody, and monitoring is not there: that is said, and of the cache itself nothing
  expect(found.next.filter((line) => /Ready:|Ready,|Stalled|WorkloadAvailable:/.test(line) && !line.includes("CRDs"))).toEqual([]);
});

test("a child that went is missing, and in the operator's absence stays so", async () => {
  product.operator.process.kill("SIGSTOP");
  try {
    await cluster.kubectl("delete", "service/kv-responder-a", "-n", "team");
    await cluster.kubectl("patch", "kvresponder/a", "-n", "team", "--type=merge", "-p", '{"spec":{"replicas":3}}');
    const found = await report("a", "-n", "team");
    expect(found.children.filter(({ state }) => state !== "present")).toEqual([{ kind: "Service", name: "kv-responder-a", state: "missing" }]);
    expect(found).toMatchObject({ ready: false, generation: 2, observedGeneration: 1 });
    expect((await status("a", "-n", "team")).out).toContain("The operator has not seen generation 2 yet");
  } finally {
    product.operator.process.kill("SIGCONT");
  }
  await waitReady(cluster, "team", "a");
  expect((await status("a", "-n", "team")).code).toBe(0);
});

test("a paused one and one whose tenant is taken: 1, why, and what to do", async () => {
  const paused = await status("b", "-n", "other");
  expect(paused.code).toBe(1);
  expect(paused.out).toMatch(/^Ready +no \(Paused\) paused$/m);
  expect(paused.out).toMatch(/Deployment\/kv-responder-b +missing/);
  expect(paused.out).toContain("Ready, Paused: set `spec.paused` to false when you are done");
  const late = await status("late", "-n", "team");
  expect(late.code).toBe(1);
  expect(late.out).toMatch(/^Stalled +True +TenantTaken/m);
  expect(late.out).toContain("give one of them another tenant, or delete the older one");
});

test("the list: of a namespace, of all", async () => {
  expect((await status("-n", "team")).out.trimEnd().split("\n").map((line) => line.split(/\s+/).slice(0, 5).join(" "))).toEqual(["NAMESPACE NAME TENANT READY STATUS", "team a shop 3/3 AllReady", expect.stringMatching(/^team late \S+ \S+ TenantTaken$/)]);
  const all = await status("-A");
  expect(all).toMatchObject({ code: 1, err: "" });
  expect(all.out).toContain("other");
});

test("what is not there, a context that is not, and a server that is not", async () => {
  expect(await status("nobody", "-n", "team")).toEqual({ code: 1, out: "", err: "there is no KVResponder nobody in namespace team\n" });
  expect(await status("a", "--context", "nowhere")).toMatchObject({ code: 2, err: expect.stringContaining('no context "nowhere"') });
  expect(await status("a", "--kubeconfig", "/does/not/exist")).toMatchObject({ code: 2, err: expect.stringContaining("/does/not/exist") });
});

test("who may view sees everything; who may see the resource alone is told what is hidden; who may nothing is told so", async () => {
  const viewer = await account("viewer", "view");
  const seen = await status("a", "-n", "team", "--kubeconfig", viewer);
  expect(seen).toMatchObject({ code: 0, err: "" });
  await cluster.kubectl("create", "clusterrole", "kvr-only", "--verb=get,list", "--resource=kvresponders.kvresponder.io");
  const narrow = await status("a", "-n", "team", "--kubeconfig", await account("narrow", "kvr-only"));
  expect(narrow).toMatchObject({ code: 0, err: "" });
  expect(narrow.out).toMatch(/Deployment\/kv-responder-a +unknown: not permitted/);
  expect(narrow.out).toContain("Pods: not permitted to list them.");
  const nobody = await status("a", "-n", "team", "--kubeconfig", await account("nobody"));
  expect(nobody).toMatchObject({ code: 2, out: "", err: expect.stringMatching(/^not permitted: .*kvresponders.kvresponder.io "a" is forbidden/) });
});
