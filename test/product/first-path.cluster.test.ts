// The whole first path on a real single-node Kubernetes: operator from its image, two tenants, Prometheus over their ServiceMonitors, the chart of a tenant.
import { alertNames } from "#crds/alerts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { KubeObject } from "../../operator/objects.ts";
import { buildImages } from "../../build/images.ts";
import { startCluster, waitFor } from "../cluster/index.ts";
import { installMonitoring, promQuery } from "../cluster/monitoring/index.ts";
import type { Cluster, Forward } from "../cluster/types.ts";
import { children, condition, kvresponder, path, waitForCondition, waitReady } from "../support/kvresponders.ts";
import { roundTrip, untilServed } from "../support/one-connection.ts";
import { operatorNamespace } from "../support/operator-process.ts";
import { tokenOf } from "../support/tokens.ts";
import { shell, type Shell } from "../support/usage.ts";

let cluster: Cluster;
let prometheus: Forward;
let sh: Shell;
const merge = { contentType: "application/merge-patch+json" };
const tenants = [
  ["team", "alpha", "alpha"],
  ["team", "beta", "bee"],
] as const;

beforeAll(async () => {
  const images = await buildImages();
  cluster = await startCluster({ kind: "node", audit: true, images: images.map((i) => i.path) });
  sh = await shell(cluster);
  const monitoring = await installMonitoring(cluster);
  prometheus = monitoring.prometheus;
  await sh.line("kubectl apply -k config/default");
  await cluster.kubectl("rollout", "status", "-n", operatorNamespace, "deploy/kv-responder-operator", "--timeout=60s");
  await cluster.kubectl("create", "namespace", "team");
  await cluster.apply(tenants.map(([namespace, name, tenant]) => kvresponder(namespace, name, { tenant, replicas: 2, monitoring: { serviceMonitor: { interval: "1s", scrapeTimeout: "1s" } } })));
}, 600_000);

afterAll(async () => {
  await prometheus?.close();
  await cluster?.stop();
});

test("both tenants become Ready with true numbers, and all their children exist", async () => {
  for (const [namespace, name, tenant] of tenants) {
    const resource = await waitReady(cluster, namespace, name, 120_000);
    expect(resource.status).toMatchObject({ ready: "2/2", replicas: 2, readyReplicas: 2, tenant });
    for (const type of ["WorkloadAvailable", "MonitorReady", "RulesReady", "DashboardReady"] as const) expect(condition(resource, type)?.status).toBe("True");
    const { status } = await waitForCondition(cluster, [namespace, name], "PeersConnected", { status: "True", reason: "AllConnected" }, 60_000);
    expect(status?.peers).toBe("1/1");
    const kinds = (await children(cluster, namespace, name)).map((c) => c.kind);
    expect(kinds.sort()).toEqual(["ConfigMap", "ConfigMap", "ConfigMap", "Deployment", "NetworkPolicy", "PodDisruptionBudget", "PrometheusRule", "Service", "Service", "ServiceAccount", "ServiceMonitor"]);
    const pods = (await cluster.pods({ namespace, selector: String(resource.status?.selector) })).filter((p) => p.status.conditions?.some((c) => c.type === "Ready" && c.status === "True"));
    expect(pods).toHaveLength(2);
  }
  const columns = await sh.line("kubectl get kvresponders -A");
  expect(columns).toMatch(/team\s+alpha\s+alpha\s+2\/2\s+AllReady/);
});

test("a value put through the Service is read back, by who brings the token", async () => {
  await using http = await cluster.forward({ namespace: "team", service: "kv-responder-alpha", port: 80 });
  await untilServed(http.url);
  const { put, ...read } = await roundTrip(http.url, "greeting", "hello", await tokenOf(cluster, "team", "alpha"));
  expect([201, 204]).toContain(put);
  expect(read).toEqual({ get: 200, value: "hello", sameVersion: true });
  expect(await roundTrip(http.url, "greeting", "hello", "0123456789abcdef")).toMatchObject({ put: 401, get: 401 });
});

test("Prometheus, reading the ServiceMonitors, sees both tenants under their own label", async () => {
  for (const [namespace, name, tenant] of tenants) {
    const up = await waitFor(`both targets of ${name} are up`, async () => {
      const samples = await promQuery(prometheus.url, `up{tenant="${tenant}"} == 1`);
      return samples.length === 2 && samples;
    }, { timeoutMs: 60_000, intervalMs: 500 });
    for (const { metric } of up) expect(metric).toMatchObject({ namespace, kvresponder: name, service: `kv-responder-${name}` });
    const families = await promQuery(prometheus.url, `count by (__name__) ({__name__=~"kv_.+", tenant="${tenant}"})`);
    expect(families.length).toBeGreaterThan(10);
    // what the process says of itself never becomes the label
    expect(await promQuery(prometheus.url, `{kvresponder="${name}", tenant!="${tenant}"}`)).toEqual([]);
    expect(await promQuery(prometheus.url, `{kvresponder="${name}", exported_tenant=~".+"}`)).toEqual([]);
  }
  type Rules = { data: { groups: { name: string; rules: { name: string; health: string }[] }[] } };
  const ours = await waitFor("the rules of both tenants are evaluated without error", async () => {
    const answer = (await (await fetch(`${prometheus.url}/api/v1/rules`)).json()) as Rules;
    const found = answer.data.groups.filter(({ name }) => name.startsWith("kvresponder/")).flatMap((group) => group.rules);
    // the caches evict, so none of them is told of memory that runs out
    return found.filter(({ name }) => name === "KVResponderDown").length === 2 && found.every((r) => r.health === "ok") && found;
  }, { timeoutMs: 60_000 });
  expect(new Set(ours.map((r) => r.name).filter((name) => name.startsWith("KVResponder")))).toEqual(new Set(alertNames.filter((name) => name !== "KVResponderMemoryHigh")));
});

test("logging.level takes effect in the running pods with 0 rollouts", async () => {
  const pods = async () => (await cluster.pods({ namespace: "team", selector: "kvresponder.io/name=alpha" })).map((p) => p.metadata.uid).sort();
  const deployment = async () => cluster.get<KubeObject>("/apis/apps/v1/namespaces/team/deployments/kv-responder-alpha");
  const [before, generation] = [await pods(), (await deployment())?.metadata.generation];
  await cluster.request("PATCH", path("team", "alpha"), { spec: { logging: { level: "debug" } } }, merge);
  await waitFor("every pod logs the change", async () => {
    const text = await cluster.kubectl("logs", "-n", "team", "-l", "kvresponder.io/name=alpha", "--tail=-1");
    return (text.match(/"log level changed"/g) ?? []).length >= 2;
  }, { timeoutMs: 60_000, intervalMs: 500 });
  expect(await pods()).toEqual(before);
  expect((await deployment())?.metadata.generation).toBe(generation);
});

test("kill every pod: Ready is False within 10 s, then True again", async () => {
  const pods = await cluster.pods({ namespace: "team", selector: "kvresponder.io/name=beta" });
  await Promise.all(pods.map((p) => cluster.killPod(p.metadata.name, "team")));
  await waitForCondition(cluster, ["team", "beta"], "Ready", { status: "False", reason: "WorkloadUnavailable" }, 10_000);
  const resource = await waitReady(cluster, "team", "beta", 60_000);
  expect(resource.status?.ready).toBe("2/2");
});

describe("a tenant by its chart", () => {
  test("helm install makes the tenant production", async () => {
    await sh.line("helm install kv-responder-prod ./config/helm/kv-responder --values examples/monitoring-values.yaml --set tenant=production");
    await waitReady(cluster, "default", "production", 120_000);
  });

  test("its Service shows its metrics", async () => {
    // from a free port: the manual's own, 3000, is that of the test of the pages, which runs these lines too
    await using http = await cluster.forward({ namespace: "default", service: "kv-responder-production", port: 80 });
    const metrics = await waitFor("the metrics", () => sh.line(`curl -sf ${http.url}/metrics`));
    expect(metrics).toMatch(/^kv_http_requests_total\{/m);
    expect(metrics).toMatch(/^kv_info\{.*tenant="production"/m);
  });

  test("kubectl logs | jq shows structured lines", async () => {
    const text = await sh.line("kubectl logs -l app.kubernetes.io/name=kv-responder --tail=100 | jq . | jq -c .");
    const lines = text.trim().split("\n").map((l) => JSON.parse(l) as Record<string, unknown>);
    expect(lines.length).toBeGreaterThan(0);
    for (const line of lines) expect(line).toMatchObject({ tenant: "production", namespace: "default", service: "kv-responder-production", pod: expect.stringMatching(/^kv-responder-production-/) });
  });
});

test("delete the KVResponder: nothing labelled ours is left", async () => {
  await sh.line("helm uninstall kv-responder-prod");
  await cluster.kubectl("delete", "kvresponders", "--all", "-n", "team");
  for (const namespace of ["team", "default"]) {
    await waitFor(`nothing is left in ${namespace}`, async () => {
      const kinds = "pods,replicasets,deployments,services,endpointslices,configmaps,secrets,serviceaccounts,poddisruptionbudgets,servicemonitors,prometheusrules,alertmanagerconfigs";
      return (await cluster.kubectl("get", kinds, "-n", namespace, "-l", "app.kubernetes.io/name=kv-responder", "-o", "name")).trim() === "";
    }, { timeoutMs: 90_000, intervalMs: 500 });
  }
});
