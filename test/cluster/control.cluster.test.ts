// The control cluster: real answers, a complete audit log, outages survived, nothing left behind.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { access, readFile, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { established } from "./established.ts";
import { startCluster, waitFor, type Cluster } from "./index.ts";
import { processesMentioning } from "./processes.ts";

const configMap = (name: string, data: Readonly<Record<string, string>> = {}) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "default" },
  data,
});
const pathOf = (name: string) => `/api/v1/namespaces/default/configmaps/${name}`;

const gone = async (dir: string) =>
  (await processesMentioning(dir)).length === 0 &&
  (await access(dir).then(
    () => false,
    () => true,
  ));

let cluster: Cluster;
beforeAll(async () => {
  const started = performance.now();
  cluster = await startCluster({ kind: "control", audit: true, log: console.log });
  console.log(`control cluster ready in ${((performance.now() - started) / 1000).toFixed(1)} s`);
});
afterAll(() => cluster?.stop());

describe("objects", () => {
  test("apply takes an object, several, text and a path", async () => {
    await cluster.apply(configMap("one", { a: "1" }));
    await cluster.apply([configMap("two"), configMap("three")]);
    await cluster.apply(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: four, namespace: default}\n`);
    await cluster.apply(fileURLToPath(new URL("../fixtures/manifests/config-map.yaml", import.meta.url)), { namespace: "default" });
    for (const name of ["one", "two", "three", "four", "five"]) expect(await cluster.get(pathOf(name)), name).toMatchObject({ metadata: { name } });
    expect(await cluster.get(pathOf("one"))).toMatchObject({ data: { a: "1" } });
  });

  test("another's field is a conflict, unless taken by force", async () => {
    await cluster.apply(configMap("contested", { a: "1" }), { fieldManager: "first" });
    await expect(cluster.apply(configMap("contested", { a: "2" }), { fieldManager: "second" })).rejects.toThrow('conflict with "first"');
    await cluster.apply(configMap("contested", { a: "2" }), { fieldManager: "second", force: true });
    expect(await cluster.get(pathOf("contested"))).toMatchObject({ data: { a: "2" } });
  });

  test("get tells absence from failure, request answers with any status", async () => {
    expect(await cluster.get(pathOf("nobody"))).toBeUndefined();
    await expect(cluster.get("/api/v1/namespaces/default/configmaps?limit=x")).rejects.toThrow(/^GET .*limit=x: 400 /);
    expect(await cluster.request("GET", pathOf("nobody"))).toMatchObject({ status: 404, body: { kind: "Status", reason: "NotFound" } });
    const patched = await cluster.request("PATCH", pathOf("one"), { data: { b: "2" } }, { contentType: "application/merge-patch+json" });
    expect(patched).toMatchObject({ status: 200, body: { data: { a: "1", b: "2" } } });
    expect((await cluster.request("GET", "/readyz")).body).toBe("ok");
  });

  test("kubectl answers, and its complaint is the error", async () => {
    expect(await cluster.kubectl("get", "configmap", "one", "-o", "name")).toBe("configmap/one\n");
    expect(await cluster.kubectl("create", "--dry-run=client", "-o", "name", "-f", "-", { input: JSON.stringify(configMap("x")) })).toBe("configmap/x\n");
    await expect(cluster.kubectl("get", "configmap", "nobody")).rejects.toThrow('kubectl get configmap nobody: Error from server (NotFound): configmaps "nobody" not found');
  });
});

describe("the audit log", () => {
  test("has every write with who, what and the answer, as soon as it is answered", async () => {
    for (let i = 0; i < 100; i++) await cluster.request("POST", "/api/v1/namespaces/default/configmaps", configMap(`counted-${i}`));
    const mine = (await cluster.auditLog()).filter((entry) => entry.verb === "create" && entry.objectRef?.name?.startsWith("counted-"));
    expect(mine.map((entry) => entry.objectRef?.name)).toEqual(Array.from({ length: 100 }, (_, i) => `counted-${i}`));
    expect(mine[0]).toMatchObject({
      stage: "ResponseComplete",
      user: { username: "admin" },
      objectRef: { resource: "configmaps", namespace: "default", apiVersion: "v1" },
      responseStatus: { code: 201 },
      annotations: { "authorization.k8s.io/decision": "allow" },
    });
    expect(new Set(mine.map((entry) => entry.auditID)).size).toBe(100);
  });

  test("holds one entry for a large list too", async () => {
    const before = (await cluster.auditLog()).length;
    await cluster.apply(Array.from({ length: 20 }, (_, i) => configMap(`large-${i}`, { text: "x".repeat(50_000) })));
    await cluster.request("GET", "/api/v1/namespaces/default/configmaps");
    const lists = (await cluster.auditLog()).slice(before).filter((entry) => entry.verb === "list" && entry.user.username === "admin");
    expect(lists).toHaveLength(1);
  });

  test("is missing with a word of advice where it was not asked for", async () => {
    await using plain = await startCluster({ kind: "control" });
    await expect(plain.auditLog()).rejects.toThrow("no audit log: start the cluster with audit: true");
  });
});

describe("a ServiceAccount", () => {
  test("is who its kubeconfig says, with the rights that it was given and no more", async () => {
    await cluster.kubectl("create", "serviceaccount", "robot");
    const kubeconfig = await cluster.serviceAccountKubeconfig("default", "robot");
    expect((await stat(kubeconfig)).mode & 0o077).toBe(0);
    const asRobot = (...args: readonly string[]) => cluster.kubectl(...args, "--kubeconfig", kubeconfig);
    expect(await asRobot("auth", "whoami", "-o", "jsonpath={.status.userInfo.username}")).toBe("system:serviceaccount:default:robot");
    await expect(asRobot("get", "configmaps")).rejects.toThrow("Forbidden");
    await cluster.kubectl("create", "rolebinding", "robot", "--clusterrole=view", "--serviceaccount=default:robot");
    expect(await asRobot("get", "configmap", "one", "-o", "name")).toBe("configmap/one\n");
    const forbidden = (await cluster.auditLog()).filter((e) => e.responseStatus?.code === 403 && e.user.username === "system:serviceaccount:default:robot");
    expect(forbidden).not.toEqual([]);
  });

  test("that does not exist gets none", async () => {
    await expect(cluster.serviceAccountKubeconfig("default", "nobody")).rejects.toThrow('404 serviceaccounts "nobody" not found');
  });

  test("may not block an owner's deletion without the right to its finalizers", async () => {
    await cluster.kubectl("create", "role", "maker", "--verb=create", "--resource=configmaps");
    await cluster.kubectl("create", "rolebinding", "maker", "--role=maker", "--serviceaccount=default:robot");
    const owner = await cluster.get<{ metadata: { uid: string } }>(pathOf("one"));
    const { metadata, ...rest } = configMap("owned");
    const reference = { apiVersion: "v1", kind: "ConfigMap", name: "one", uid: owner?.metadata.uid, blockOwnerDeletion: true };
    const input = JSON.stringify({ ...rest, metadata: { ...metadata, ownerReferences: [reference] } });
    const kubeconfig = await cluster.serviceAccountKubeconfig("default", "robot");
    await expect(cluster.kubectl("create", "-f", "-", "--kubeconfig", kubeconfig, { input })).rejects.toThrow("cannot set blockOwnerDeletion");
  });
});

describe("controllers", () => {
  test("what an owner owned goes with it", async () => {
    const owner = await cluster.get<{ metadata: { uid: string } }>(pathOf("two"));
    const { metadata, ...rest } = configMap("orphan");
    await cluster.apply({ ...rest, metadata: { ...metadata, ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "two", uid: owner?.metadata.uid }] } });
    await cluster.request("DELETE", pathOf("two"));
    await cluster.waitFor("the owned one to go", async () => (await cluster.get(pathOf("orphan"))) === undefined);
  });

  test("what an instance of a new kind owned goes too, once the garbage collector is refreshed", async () => {
    const schema = { openAPIV3Schema: { type: "object" } };
    const names = { kind: "Thing", plural: "things" };
    const spec = { group: "example.com", scope: "Namespaced", names, versions: [{ name: "v1", served: true, storage: true, schema }] };
    await cluster.apply({ apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", metadata: { name: "things.example.com" }, spec });
    await established(cluster, "things.example.com");
    await cluster.refreshGarbageCollector();
    const path = "/apis/example.com/v1/namespaces/default/things/owner";
    await cluster.apply({ apiVersion: "example.com/v1", kind: "Thing", metadata: { name: "owner", namespace: "default" } });
    const owner = await cluster.get<{ metadata: { uid: string } }>(path);
    const { metadata, ...rest } = configMap("of-a-thing");
    const reference = { apiVersion: "example.com/v1", kind: "Thing", name: "owner", uid: owner?.metadata.uid };
    await cluster.apply({ ...rest, metadata: { ...metadata, ownerReferences: [reference] } });
    await cluster.request("DELETE", path);
    await cluster.waitFor("the owned one to go", async () => (await cluster.get(pathOf("of-a-thing"))) === undefined, { timeoutMs: 10_000 });
  });

  test("a namespace goes with what is in it", async () => {
    await cluster.kubectl("create", "namespace", "brief");
    await cluster.apply(`apiVersion: v1\nkind: ConfigMap\nmetadata: {name: inside}\n`, { namespace: "brief" });
    await cluster.request("DELETE", "/api/v1/namespaces/brief");
    await cluster.waitFor("the namespace to go", async () => (await cluster.get("/api/v1/namespaces/brief")) === undefined);
  });
});

test("a crash is told with the end of the log", async () => {
  const lines: string[] = [];
  await using crashing = await startCluster({ kind: "control", log: (line) => lines.push(line) });
  process.kill(crashing.component("kube-scheduler").pid() ?? 0, "SIGKILL");
  await waitFor("the line", () => lines.some((line) => line.startsWith("kube-scheduler exited (SIGKILL); the end of ")));
  expect(crashing.component("kube-scheduler").pid()).toBeUndefined();
});

describe("an outage", () => {
  test.each(["SIGTERM", "SIGKILL"] as const)("of the API server by %s: refused while down, all there when back", async (signal) => {
    const server = cluster.component("kube-apiserver");
    const before = server.pid();
    await server.stop({ signal });
    expect(server.pid()).toBeUndefined();
    await expect(cluster.request("GET", "/readyz")).rejects.toThrow();
    expect((await cluster.auditLog()).length).toBeGreaterThan(0);
    await server.start();
    expect(server.pid()).not.toBe(before);
    expect(await cluster.get(pathOf("one"))).toMatchObject({ data: { a: "1" } });
    await cluster.apply(configMap("after", { signal }));
    const written = (await cluster.auditLog()).filter((entry) => entry.objectRef?.name === "after");
    expect(written.length).toBeGreaterThan(0);
  });

  test("of the controller manager: what was missed is done when it is back", async () => {
    const manager = cluster.component("kube-controller-manager");
    await manager.stop({ signal: "SIGKILL" });
    await cluster.kubectl("create", "namespace", "unseen");
    expect(await cluster.get("/api/v1/namespaces/unseen/serviceaccounts/default")).toBeUndefined();
    await manager.start();
    await cluster.waitFor("the missed work", () => cluster.get("/api/v1/namespaces/unseen/serviceaccounts/default"));
  });

  test("of nothing that exists is refused by name", () => {
    expect(() => cluster.component("kubelet")).toThrow("no component kubelet: choose from etcd, kube-apiserver, kube-controller-manager, kube-scheduler");
  });
});

test("forward says what it would need", async () => {
  await expect(cluster.forward({ service: "kubernetes", port: 443 })).rejects.toThrow("start one of kind node");
});

test("logs are at hand", async () => {
  expect(await readFile(cluster.component("kube-apiserver").logFile, "utf8")).toContain("Serving securely");
});

test("two at once know nothing of each other, and one that ends leaves nothing", async () => {
  const [left, right] = await Promise.all([startCluster({ kind: "control" }), startCluster({ kind: "control" })]);
  await left.apply(configMap("left"));
  await right.apply(configMap("right"));
  expect(await left.get(pathOf("right"))).toBeUndefined();
  expect(await right.get(pathOf("left"))).toBeUndefined();
  await left.stop();
  expect(await gone(left.dir)).toBe(true);
  expect(await right.get(pathOf("right"))).toBeDefined();
  await right.stop();
  expect(await gone(right.dir)).toBe(true);
});

test("a harness killed outright leaves neither process nor directory", async () => {
  const script = fileURLToPath(new URL("./doomed-harness.ts", import.meta.url));
  const harness = spawn(process.execPath, [script, "control"], { stdio: ["ignore", "pipe", "inherit"] });
  const [dir] = (await once(createInterface({ input: harness.stdout }), "line")) as [string];
  expect((await processesMentioning(dir)).length).toBeGreaterThanOrEqual(5);
  harness.kill("SIGKILL");
  const killed = performance.now();
  await waitFor("everything to be gone", () => gone(dir), { timeoutMs: 10_000, intervalMs: 20 });
  console.log(`nothing left ${Math.round(performance.now() - killed)} ms after SIGKILL`);
});

test("a component that cannot run fails the start with the end of its log, and leaves nothing", async () => {
  const failure = await startCluster({ kind: "control", apiServerArgs: ["--no-such-flag"], log: () => {} }).catch(String);
  expect(failure).toMatch(/kube-apiserver exited \(1\); the end of [^]*unknown flag: --no-such-flag/);
  const dir = /\S*\/kvr-control-[0-9a-f]{8}/.exec(String(failure))?.[0] ?? "";
  expect(dir).not.toBe("");
  expect(await gone(dir)).toBe(true);
});
