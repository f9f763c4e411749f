// Install, upgrade and uninstall on a real Kubernetes, by kustomize and by Helm: nothing is left over, no tenant notices an upgrade, and no namespace that enforces Pod Security restricted objects.
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { version } from "#lib/version";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { buildImages } from "../../build/images.ts";
import { startCluster, waitFor } from "../cluster/index.ts";
import { resolveTools } from "../cluster/toolchain.ts";
import type { Cluster, PodObject } from "../cluster/types.ts";
import { children, kvresponder, path, waitReady, type Resource } from "../support/kvresponders.ts";
import { operatorNamespace, operatorUser } from "../support/operator-process.ts";
import { shell, type Shell } from "../support/usage.ts";
import { difference, inventory } from "./inventory.ts";
import { operatorChart } from "./rendered.ts";

let cluster: Cluster;
let sh: Shell;
/** Before anything of ours was installed. */
let before: readonly string[];

const old = "0.0.9";
/** The tenants' namespace takes no pod that is not restricted, says so when one is asked for, and writes it down. */
const restricted = ["enforce", "warn", "audit"].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);

/** What the operator was refused since then, in the API server's own record. Asked before it is uninstalled: its role may go before its pod does. */
const refusals = async (since: string): Promise<string[]> => {
  const asked = (await cluster.auditLog()).filter((entry) => entry.user.username === operatorUser && entry.requestReceivedTimestamp > since);
  expect(asked.length).toBeGreaterThan(10);
  const refused = asked.filter(({ responseStatus }) => responseStatus?.code === 403).map((entry) => `${entry.verb} ${entry.requestURI}: ${entry.responseStatus?.message}`);
  // OwnerReferencesPermissionEnforcement learns of a new CRD within ten seconds; until then it refuses whatever is to be owned by its kind
  return refused.filter((line) => !line.includes("cannot find RESTMapping"));
};

/** The operator's image under an older tag. The name has the same length, and no digest covers it, so the archive stays whole. */
const retag = async (archive: string, target: string): Promise<string> => {
  const name = (tag: string) => Buffer.from(`localhost/kvr/operator:${tag}`);
  const bytes = await readFile(archive);
  const [from, to] = [name(version), name(old)];
  expect(from).toHaveLength(to.length);
  for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at)) to.copy(bytes, at);
  await writeFile(target, bytes);
  return target;
};

const nothingLeft = (expected: readonly string[] = []): Promise<unknown> =>
  waitFor(
    "nothing is left over",
    async () => {
      const { gone, left } = difference(before, await inventory(cluster));
      expect({ gone, left }).toEqual({ gone: [], left: expected });
      return true;
    },
    { timeoutMs: 90_000, intervalMs: 1_000 },
  );

const rolledOut = (): Promise<string> => sh.line(`kubectl -n ${operatorNamespace} rollout status deployment/kv-responder-operator --timeout=60s`);
const operatorPods = (): Promise<readonly PodObject[]> => cluster.pods({ namespace: operatorNamespace, selector: "app.kubernetes.io/name=kv-responder-operator" });

beforeAll(async () => {
  const images = await buildImages();
  cluster = await startCluster({ kind: "node", audit: true, images: images.map((i) => i.path) });
  sh = await shell(cluster);
  const operator = images.find((i) => i.program === "operator");
  await cluster.loadImages([await retag(operator?.path ?? "", join(cluster.dir, "old-operator.tar"))]);
  for (const namespace of ["team", "neighbours", "elsewhere"]) await cluster.kubectl("create", "namespace", namespace);
  await cluster.kubectl("label", "namespace", "team", ...restricted);
  const born = ["team", "neighbours", "elsewhere"].flatMap((namespace) => [`ServiceAccount ${namespace}/default`, `ConfigMap ${namespace}/kube-root-ca.crt`]);
  before = await waitFor("the new namespaces have their accounts", async () => {
    const found = await inventory(cluster);
    return born.every((object) => found.includes(object)) && found;
  });
}, 600_000);

afterAll(() => cluster?.stop());

describe("kustomize", () => {
  test("installs without a warning", async () => {
    const said = await sh.line("kubectl apply -k config/default 2>&1");
    expect(said.split("\n").filter((line) => line !== "" && !line.endsWith(" created"))).toEqual([]);
    await rolledOut();
    await cluster.apply(kvresponder("team", "orders", { replicas: 1 }));
    await waitReady(cluster, "team", "orders", 120_000);
  });

  test("has an operator that a drain may move", async () => {
    const [pod] = await operatorPods();
    const path = `/api/v1/namespaces/${operatorNamespace}/pods/${pod?.metadata.name}/eviction`;
    const { status } = await cluster.request("POST", path, { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: pod?.metadata.name, namespace: operatorNamespace } });
    expect(status).toBe(201);
    await waitFor("another one takes its place", async () => {
      const pods = await operatorPods();
      return pods.length === 1 && pods[0]?.metadata.uid !== pod?.metadata.uid && pods[0]?.status.conditions?.some((c) => c.type === "Ready" && c.status === "True");
    }, { timeoutMs: 60_000 });
  });

  test("has an operator that is refused nothing", async () => expect(await refusals("")).toEqual([]));

  test("leaves nothing", async () => {
    await cluster.kubectl("delete", "kvresponder", "orders", "-n", "team");
    await waitFor("its children are gone", async () => (await inventory(cluster)).every((object) => !object.includes("orders")), { timeoutMs: 90_000, intervalMs: 1_000 });
    await sh.line("kubectl delete -k config/default --wait", 120_000);
    await nothingLeft();
  });
});

describe("Helm", () => {
  let began: string;
  const inTeam = () => cluster.pods({ namespace: "team", selector: "kvresponder.io/name=production" });
  const restarts = async (): Promise<string> => cluster.kubectl("get", "pods", "-n", "team", "-l", "kvresponder.io/name=production", "-o", "jsonpath={.items[*].status.containerStatuses[*].restartCount}");
  const template = async () => (await cluster.get<{ metadata: { generation: number } }>("/apis/apps/v1/namespaces/team/deployments/kv-responder-production"))?.metadata.generation;
  const crdChart = async () => (await cluster.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/kvresponders.kvresponder.io"))?.metadata.labels?.["helm.sh/chart"];

  test("installs an older version of the chart, with an older operator", async () => {
    began = new Date().toISOString();
    const { helm } = await resolveTools(["helm"]);
    const { stdout } = await promisify(execFile)(helm, ["package", operatorChart, `--version=${old}`, `--app-version=${old}`, `--destination=${cluster.dir}`]);
    const chart = stdout.trim().replace(/^.*: /, "");
    // the responder stays the one that it is: so no pod template changes with the upgrade
    const said = await sh.line(`helm install kv-responder-operator ${chart} --namespace ${operatorNamespace} --create-namespace --set responderImage.tag=${version} 2>&1`);
    expect(said).toContain("The operator is installed.");
    await cluster.kubectl("label", "namespace", operatorNamespace, ...restricted);
    await rolledOut();
    expect((await operatorPods())[0]?.spec.containers[0]?.image).toBe(`localhost/kvr/operator:${old}`);
    expect(await crdChart()).toBe(`kv-responder-operator-${old}`);
  });

  test("tests the operator", async () => {
    expect(await sh.line(`helm test kv-responder-operator --namespace ${operatorNamespace} --timeout=2m`, 130_000)).toContain("Phase:          Succeeded");
  });

  test("installs a tenant, and tests it", async () => {
    const said = await sh.line("helm install kv-responder-prod ./config/helm/kv-responder --namespace team --set tenant=production,replicas=2 2>&1");
    expect(said).not.toContain("Warning");
    // at once: the pod waits for the cache
    expect(await sh.line("helm test kv-responder-prod --namespace team --timeout=3m", 190_000)).toContain("Phase:          Succeeded");
    await waitReady(cluster, "team", "production", 120_000);
  });

  test("upgrades the operator and the CRD, and restarts no pod of a tenant", async () => {
    const [pods, generation] = [(await inTeam()).map((p) => p.metadata.uid).toSorted(), await template()];
    expect(pods).toHaveLength(2);
    const said = await sh.line(`helm upgrade kv-responder-operator ./${operatorChart} --namespace ${operatorNamespace} 2>&1`);
    expect(said).not.toContain("would violate PodSecurity");
    await rolledOut();
    const running = await waitFor("the new operator alone", async () => {
      const all = await operatorPods();
      return all.length === 1 && all[0];
    }, { timeoutMs: 60_000 });
    expect(running.spec.containers[0]?.image).toBe(`localhost/kvr/operator:${version}`);
    expect(await crdChart()).toBe(`kv-responder-operator-${version}`);
    await using metrics = await cluster.forward({ namespace: operatorNamespace, pod: running.metadata.name, port: 8080 });
    await waitFor("the new operator has looked at the tenant", async () => {
      const text = await (await fetch(`${metrics.url}/metrics`)).text();
      return /^kvoperator_resource_ready\{.*kvresponder="production"/m.test(text);
    });
    expect((await inTeam()).map((p) => p.metadata.uid).toSorted()).toEqual(pods);
    expect(await restarts()).toBe("0 0");
    expect(await template()).toBe(generation);
  });

  test("has an operator that is refused nothing", async () => expect(await refusals(began)).toEqual([]));

  test("leaves the CRD, and nothing else; without it nothing at all", async () => {
    await sh.line("helm uninstall kv-responder-prod --namespace team");
    await waitFor("its children are gone", async () => (await inventory(cluster)).every((object) => !object.includes("production")), { timeoutMs: 90_000, intervalMs: 1_000 });
    const said = await sh.line(`helm uninstall kv-responder-operator --namespace ${operatorNamespace} --wait`, 120_000);
    expect(said).toContain("kvresponders.kvresponder.io");
    await cluster.kubectl("delete", "namespace", operatorNamespace);
    await nothingLeft(["APIService /v1alpha1.kvresponder.io", "CustomResourceDefinition /kvresponders.kvresponder.io"]);
    await cluster.kubectl("delete", "crd", "kvresponders.kvresponder.io");
    await nothingLeft();
  });
});

describe("Helm, for two namespaces", () => {
  const watched = ["team", "neighbours"] as const;
  let began: string;

  test("tends what is in them, and lets a third alone", async () => {
    began = new Date().toISOString();
    await sh.line(`helm install kv-responder-operator ./${operatorChart} --namespace ${operatorNamespace} --create-namespace --set 'watchNamespaces={${watched.join(",")}}'`);
    await rolledOut();
    await cluster.apply(["elsewhere", ...watched].map((namespace) => kvresponder(namespace, "orders", { replicas: 1 })));
    for (const namespace of watched) await waitReady(cluster, namespace, "orders", 120_000);
    expect((await cluster.get<Resource>(path("elsewhere", "orders")))?.status).toEqual({ observedGeneration: -1 });
    expect(await children(cluster, "elsewhere", "orders")).toEqual([]);
  });

  test("is refused nothing, with rights in the two alone", async () => {
    expect(await refusals(began)).toEqual([]);
    const may = (namespace: string) => cluster.kubectl("auth", "can-i", "list", "deployments", "-n", namespace, `--as=${operatorUser}`).catch(() => "no");
    expect((await Promise.all(["team", "neighbours", "elsewhere"].map(may))).map((answer) => answer.trim())).toEqual(["yes", "yes", "no"]);
  });

  test("leaves nothing in any of them", async () => {
    for (const namespace of ["elsewhere", ...watched]) await cluster.kubectl("delete", "kvresponder", "orders", "-n", namespace);
    await waitFor("their children are gone", async () => (await inventory(cluster)).every((object) => !object.includes("orders")), { timeoutMs: 90_000, intervalMs: 1_000 });
    await sh.line(`helm uninstall kv-responder-operator --namespace ${operatorNamespace} --wait`, 120_000);
    await cluster.kubectl("delete", "namespace", operatorNamespace);
    await cluster.kubectl("delete", "crd", "kvresponders.kvresponder.io");
    await nothingLeft();
  });
});

test("Pod Security objected to no pod and to no template of one, in the API server's own record", async () => {
  const objections = async () => (await cluster.auditLog()).filter((entry) => entry.annotations?.["pod-security.kubernetes.io/audit-violations"] !== undefined);
  expect((await objections()).map((entry) => entry.requestURI)).toEqual([]);
  // that it would have been written down
  await cluster.kubectl("create", "deployment", "careless", "--image=localhost/kvr/pause:1", "--namespace=team", "--dry-run=server");
  expect(await objections()).toHaveLength(1);
});
