// Plays the kubelet of one Node in a control cluster: bound pods become Ready, deleted ones go. No container runs.
import { setTimeout as delay } from "node:timers/promises";
import { createApi, type Api } from "./api.ts";
import type { Cluster, PodObject } from "./types.ts";

export interface FakeKubeletOptions {
  /** Default "fake". */
  readonly node?: string;
  /** How often it looks; default 150. */
  readonly intervalMs?: number;
}

export interface FakeKubelet extends AsyncDisposable {
  readonly node: string;
  /** From here on pods start but do not become Ready; those that are stay so. */
  pause(): void;
  resume(): void;
  /** Marks one pod Ready or not and keeps it so, until told otherwise or the pod is replaced; resolves when the API server has it. */
  setReady(pod: { readonly namespace?: string; readonly name: string }, ready: boolean): Promise<void>;
  /** Leaves pods and Node as they are. */
  stop(): Promise<void>;
}

const mergePatch = { contentType: "application/merge-patch+json" };
// conditions are merged by type: the scheduler's stays
const strategicPatch = { contentType: "application/strategic-merge-patch+json" };

const resources = { cpu: "64", memory: "256Gi", pods: "500", "ephemeral-storage": "100Gi" };
const nodeAddress = "10.240.0.1";

const createNode = async (api: Api, name: string) => {
  const path = `/api/v1/nodes/${name}`;
  const labels = { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64" };
  const { status } = await api.request("POST", "/api/v1/nodes", { apiVersion: "v1", kind: "Node", metadata: { name, labels } });
  if (status !== 201 && status !== 409) throw new Error(`create Node ${name}: ${status}`);
  const now = new Date().toISOString();
  const ready = { type: "Ready", status: "True", reason: "FakeKubelet", message: "no container runs", lastHeartbeatTime: now, lastTransitionTime: now };
  const addresses = [{ type: "InternalIP", address: nodeAddress }];
  await api.must("PATCH", `${path}/status`, { status: { capacity: resources, allocatable: resources, conditions: [ready], addresses } }, strategicPatch);
  // admission taints every new Node as not ready; the controller that would lift it is off
  await api.must("PATCH", path, { spec: { taints: null } }, mergePatch);
};

const isReady = (pod: PodObject): boolean => pod.status.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;

/** The status a kubelet reports for a pod whose containers all run. */
const runningStatus = (pod: PodObject, ready: boolean, podIP: string, now: string): object => {
  const condition = (type: string, on: boolean) => ({
    type,
    status: on ? "True" : "False",
    lastTransitionTime: now,
    ...(on ? { reason: null, message: null } : { reason: "ContainersNotReady", message: "held back by the fake kubelet" }),
  });
  return {
    phase: "Running",
    hostIP: nodeAddress,
    podIP,
    podIPs: [{ ip: podIP }],
    startTime: now,
    conditions: [
      condition("PodReadyToStartContainers", true),
      condition("Initialized", true),
      condition("ContainersReady", ready),
      condition("Ready", ready),
    ],
    containerStatuses: pod.spec.containers.map(({ name, image }) => ({
      name,
      image,
      imageID: `fake://${image}`,
      containerID: `fake://${pod.metadata.uid}/${name}`,
      ready,
      started: true,
      restartCount: 0,
      state: { running: { startedAt: now } },
    })),
  };
};

/** Adds the Node and plays its kubelet until stopped. An API server that is down for a while is waited out. */
export const startFakeKubelet = async (cluster: Cluster, { node = "fake", intervalMs = 150 }: FakeKubeletOptions = {}): Promise<FakeKubelet> => {
  // its own name, so that the audit log tells it from the admin
  const identity = await cluster.pki.issue({ name: "fake-kubelet", commonName: "fake-kubelet", organizations: ["system:masters"] });
  const api = await createApi(cluster.server, cluster.caFile, identity);
  await createNode(api, node);

  const told = new Map<string, boolean>();
  const stopped = new AbortController();
  let paused = false;
  let addresses = 0;
  const nextAddress = () => {
    addresses++;
    return `10.244.${addresses >> 8}.${addresses & 0xff}`;
  };

  const tend = async (pod: PodObject) => {
    const { namespace, name, uid, deletionTimestamp } = pod.metadata;
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    if (deletionTimestamp !== undefined) {
      told.delete(uid);
      await api.request("DELETE", path, { kind: "DeleteOptions", apiVersion: "v1", gracePeriodSeconds: 0, preconditions: { uid } });
      return;
    }
    const ready = told.get(uid) ?? (!paused || isReady(pod));
    if (pod.status.phase === "Running" && isReady(pod) === ready) return;
    const status = runningStatus(pod, ready, pod.status.podIP ?? nextAddress(), new Date().toISOString());
    await api.request("PATCH", `${path}/status`, { metadata: { uid }, status }, strategicPatch);
  };

  const look = async () => {
    // resourceVersion 0: out of the API server's cache
    const query = `resourceVersion=0&fieldSelector=${encodeURIComponent(`spec.nodeName=${node},status.phase!=Succeeded,status.phase!=Failed`)}`;
    const list = await api.must<{ readonly items: readonly PodObject[] }>("GET", `/api/v1/pods?${query}`);
    await Promise.all(list.items.map(tend));
  };

  const work = async () => {
    while (!stopped.signal.aborted) {
      // while the API server is away there is nobody to tell
      await look().catch(() => {});
      await delay(intervalMs, undefined, { ref: false, signal: stopped.signal }).catch(() => {});
    }
  };
  const working = work();

  const stop = async () => {
    stopped.abort();
    await working;
    await api.close();
  };
  return {
    node,
    pause: () => void (paused = true),
    resume: () => void (paused = false),
    setReady: async ({ namespace = "default", name }, ready) => {
      const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
      const pod = await api.get<PodObject>(path);
      if (pod === undefined) throw new Error(`no pod ${namespace}/${name}`);
      told.set(pod.metadata.uid, ready);
      await cluster.waitFor(`${name} to be ${ready ? "Ready" : "not Ready"}`, async () => {
        const seen = await api.get<PodObject>(path);
        return seen !== undefined && isReady(seen) === ready;
      });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
};
