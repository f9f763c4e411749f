// The situations in which a KVResponder can be, each brought about on a real API server with the real operator; test/gitops/recorded.cluster.test.ts compares what `kubectl get -o yaml` says then with the files that Argo CD's tests read.
import type { Cluster } from "../cluster/types.ts";
import { kvresponder, path, type Resource, waitForCondition, waitReady } from "../support/kvresponders.ts";
import type { Product } from "../support/product.ts";
import type { Health } from "./scripts.ts";

export interface Situation {
  /** Its file in testdata, without .yaml. */
  readonly file: string;
  /** What Argo CD is to show. */
  readonly health: Health["status"];
  /** Where the resource is then. */
  readonly at: readonly [namespace: string, name: string];
  /** Resolves when the situation is there. */
  readonly arrange: (stage: Product) => Promise<unknown>;
}

const merge = { contentType: "application/merge-patch+json" };
const change = (cluster: Cluster, [namespace, name]: readonly [string, string], patch: object) => cluster.request("PATCH", path(namespace, name), patch, merge);

/** No node has this much: its pods stay Pending. */
const unschedulable = { resources: { requests: { cpu: "9999" }, limits: { cpu: "9999" } } };

const make = async (cluster: Cluster, [namespace, name]: readonly [string, string], spec: object = {}): Promise<void> => {
  await cluster.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } }, kvresponder(namespace, name, spec)]);
};

const deployment = (namespace: string, name: string): string => `/apis/apps/v1/namespaces/${namespace}/deployments/kv-responder-${name}`;

/** The deployment controller finds this after `progressDeadlineSeconds`, minutes, and leaves it where it stands. */
const exceedDeadline = async (cluster: Cluster, namespace: string, name: string): Promise<void> => {
  const now = new Date().toISOString();
  const condition = { type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded", message: "no progress", lastUpdateTime: now, lastTransitionTime: now };
  await cluster.request("PATCH", `${deployment(namespace, name)}/status`, { status: { conditions: [condition] } }, { contentType: "application/strategic-merge-patch+json" });
};

const situation = (file: string, health: Health["status"], arrange: (cluster: Cluster, at: readonly [string, string], stage: Product) => Promise<unknown>, name = "orders"): Situation => {
  const at = [file.replaceAll("_", "-"), name] as const;
  return { file, health, at, arrange: (stage) => arrange(stage.cluster, at, stage) };
};

/** While the operator is down and the kinds of the Prometheus Operator are not there. */
export const beforeOperator: readonly Situation[] = [situation("not_visited", "Progressing", async (cluster, at) => make(cluster, at))];

/** With the operator, still without those kinds. */
export const withoutMonitoring: readonly Situation[] = [
  situation("monitoring_crd_absent", "Healthy", async (cluster, at) => {
    await make(cluster, at);
    await waitReady(cluster, ...at);
    await waitForCondition(cluster, at, "MonitorReady", { reason: "CRDMissing" });
  }),
];

/** They do not disturb each other. */
export const together: readonly Situation[] = [
  situation("ready", "Healthy", async (cluster, at) => {
    await make(cluster, at);
    await waitReady(cluster, ...at);
    await waitForCondition(cluster, at, "PeersConnected", { reason: "Unreachable" });
  }),
  situation("scaled_to_zero", "Healthy", async (cluster, at) => {
    await make(cluster, at, { replicas: 0 });
    await waitForCondition(cluster, at, "Ready", { status: "True", reason: "ScaledToZero" });
  }),
  situation("tokens_none", "Healthy", async (cluster, at) => {
    await make(cluster, at, { replicas: 1, auth: { mode: "None" } });
    await waitReady(cluster, ...at);
  }),
  situation("token_rotating", "Healthy", async (cluster, at) => {
    await make(cluster, at, { replicas: 1 });
    await waitReady(cluster, ...at);
    await change(cluster, at, { metadata: { annotations: { "kvresponder.io/rotate-token": "1" } } });
    await cluster.waitFor("a token is on its way", async () => (await cluster.get<Resource>(path(...at)))?.status?.tokenRotation?.next !== undefined);
  }),
  situation("degraded_quota", "Degraded", async (cluster, at) => {
    await cluster.apply([
      { apiVersion: "v1", kind: "Namespace", metadata: { name: at[0] } },
      { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "few", namespace: at[0] }, spec: { hard: { pods: "1" } } },
    ]);
    await cluster.waitFor("the quota counts", async () => (await cluster.get<{ status?: { hard?: object } }>(`/api/v1/namespaces/${at[0]}/resourcequotas/few`))?.status?.hard !== undefined);
    await make(cluster, at);
    await waitForCondition(cluster, at, "WorkloadAvailable", { status: "False", reason: "QuotaExceeded" });
  }),
  situation("degraded_rollout_stuck", "Degraded", async (cluster, at) => {
    await make(cluster, at, unschedulable);
    await waitForCondition(cluster, at, "WorkloadAvailable", { reason: "ReplicasNotReady" });
    // said again until it stays: the controller writes over it with each pod that it makes
    await cluster.waitFor("the rollout is stuck", async () => {
      await exceedDeadline(cluster, ...at);
      return waitForCondition(cluster, at, "WorkloadAvailable", { status: "False", reason: "RolloutStuck" }, 2_000);
    });
  }),
  situation("degraded_secret_missing", "Degraded", async (cluster, at) => {
    await make(cluster, at, { ...unschedulable, auth: { secretName: "my-tokens" } });
    await waitForCondition(cluster, at, "WorkloadAvailable", { status: "False", reason: "SecretMissing" });
  }),
  situation(
    "stalled_tenant_taken",
    "Degraded",
    async (cluster, at) => {
      await make(cluster, [at[0], "orders"]);
      await waitForCondition(cluster, [at[0], "orders"], "Stalled", { status: "False" });
      await make(cluster, at, { tenant: "orders" });
      await waitForCondition(cluster, at, "Stalled", { status: "True", reason: "TenantTaken" });
    },
    "orders-two",
  ),
  situation("stalled_conflict", "Degraded", async (cluster, at) => {
    const [namespace, name] = at;
    await cluster.apply([
      { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
      { apiVersion: "v1", kind: "Service", metadata: { name: `kv-responder-${name}`, namespace }, spec: { ports: [{ port: 80 }] } },
    ]);
    await make(cluster, at);
    await waitForCondition(cluster, at, "Stalled", { status: "True", reason: "Conflict" });
    await waitForCondition(cluster, at, "WorkloadAvailable", { status: "True" });
  }),
  situation("stalled_forbidden", "Degraded", async (cluster, at) => {
    await cluster.apply([
      { apiVersion: "v1", kind: "Namespace", metadata: { name: at[0] } },
      { apiVersion: "v1", kind: "ResourceQuota", metadata: { name: "no-services", namespace: at[0] }, spec: { hard: { services: "0" } } },
    ]);
    await cluster.waitFor("the quota counts", async () => (await cluster.get<{ status?: { hard?: object } }>(`/api/v1/namespaces/${at[0]}/resourcequotas/no-services`))?.status?.hard !== undefined);
    await make(cluster, at);
    await waitForCondition(cluster, at, "Stalled", { status: "True", reason: "Forbidden" });
    await waitForCondition(cluster, at, "WorkloadAvailable", { status: "True" });
  }),
  situation("apply_failed", "Progressing", async (cluster, at) => {
    const [namespace, name] = at;
    await make(cluster, at);
    await waitReady(cluster, namespace, name);
    const pdb = `/apis/policy/v1/namespaces/${namespace}/poddisruptionbudgets/kv-responder-${name}`;
    await cluster.request("PATCH", pdb, { metadata: { finalizers: ["test/held"] } }, merge);
    await cluster.request("DELETE", pdb);
    await waitForCondition(cluster, at, "Ready", { status: "False", reason: "ApplyFailed" });
  }),
  situation("paused", "Suspended", async (cluster, at) => {
    await make(cluster, at);
    await waitReady(cluster, ...at);
    await change(cluster, at, { spec: { paused: true } });
    await waitForCondition(cluster, at, "Paused", { status: "True" });
  }),
  situation("paused_with_change_pending", "Suspended", async (cluster, at) => {
    await make(cluster, at);
    await waitReady(cluster, ...at);
    await change(cluster, at, { spec: { paused: true, replicas: 2 } });
    await waitForCondition(cluster, at, "Ready", { status: "False", reason: "Paused" });
  }),
  situation("deleting", "Progressing", async (cluster, at) => {
    await make(cluster, at);
    await waitReady(cluster, ...at);
    await change(cluster, at, { metadata: { finalizers: ["test/held"] } });
    await cluster.request("DELETE", path(...at));
  }),
];

/** They stop something for all: one after the other, at the end. */
export const alone: readonly Situation[] = [
  situation("reconciling", "Progressing", async (cluster, at, { kubelet }) => {
    kubelet.pause();
    await make(cluster, at);
    await waitForCondition(cluster, at, "Reconciling", { status: "True" });
    await waitForCondition(cluster, at, "WorkloadAvailable", { reason: "ReplicasNotReady" });
    await cluster.waitFor("all pods were made", async () => (await cluster.get<Resource>(path(...at)))?.status?.replicas === 3);
  }),
  situation("stale_generation", "Progressing", async (cluster, at, stage) => {
    stage.kubelet.resume();
    await make(cluster, at);
    await waitReady(cluster, ...at);
    await stage.operator.stop();
    await change(cluster, at, { spec: { replicas: 2 } });
  }),
];
