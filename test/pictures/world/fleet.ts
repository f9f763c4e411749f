// The caches of the pictures: a few tenants of different sizes, each of real pods on loopback with fixed ports for their metrics.
import { createHash } from "node:crypto";
import { objectives } from "#crds/objectives";
import { ruleGroup, type RuleGroup } from "../../../operator/observability/rules.ts";
import { reservePort, type ReservedPort } from "../../cluster/ports.ts";
import { startMesh, type Mesh } from "../../responder/replication/mesh.ts";
import type { ScrapeTarget } from "../../support/prometheus.ts";

export interface Cache {
  readonly namespace: string;
  readonly name: string;
  readonly tenant: string;
  /** A letter a pod. */
  readonly pods: string;
  /** Of KVR_MAX_MEMORY. */
  readonly maxMemory: string;
  /** Rounds of its clients per second and pod. */
  readonly pace: number;
  /** Different keys that its clients ask for. */
  readonly keys: number;
}

export const promised = objectives.parse({ latency: { threshold: "50ms" } });

// a namespace has one resource of a tenant
export const caches: readonly [Cache, ...Cache[]] = [
  { namespace: "team-a", name: "orders", tenant: "acme", pods: "abc", maxMemory: String(4 << 20), pace: 10, keys: 3_000 },
  { namespace: "web", name: "sessions", tenant: "acme", pods: "ab", maxMemory: String(16 << 20), pace: 4, keys: 1_000 },
  { namespace: "team-b", name: "billing", tenant: "globex", pods: "ab", maxMemory: String(2 << 20), pace: 2, keys: 4_000 },
  { namespace: "team-c", name: "catalog", tenant: "initech", pods: "a", maxMemory: String(8 << 20), pace: 1, keys: 300 },
];

const letters = (of: string, length: number): string => createHash("sha256").update(of).digest("hex").slice(0, length);

/** As a Deployment would call it. */
export const podName = ({ namespace, name }: Cache, letter: string): string => `kv-responder-${name}-${letters(`${namespace}/${name}`, 9)}-${letters(name + letter, 5)}`;

export interface RunningCache extends AsyncDisposable {
  readonly cache: Cache;
  readonly mesh: Mesh;
  readonly targets: readonly ScrapeTarget[];
  readonly rules: RuleGroup;
}

export const startCache = async (cache: Cache, traces: string): Promise<RunningCache> => {
  const { namespace, name, tenant, pods, maxMemory } = cache;
  // a pod that is started again is found where it was
  const ports = new Map<string, ReservedPort>();
  for (const letter of pods) ports.set(letter, await reservePort());
  const mesh = await startMesh(pods, {
    env: { KVR_TENANT: tenant, KVR_NAMESPACE: namespace, KVR_NAME: name, KVR_MAX_MEMORY: maxMemory, KVR_MAX_VALUE_BYTES: "20000", KVR_TRACE_ENDPOINT: traces },
    envOf: Object.fromEntries([...ports].map(([letter, { port }]) => [letter, { KVR_METRICS_PORT: String(port), KVR_POD: podName(cache, letter) }])),
  });
  const service = `kv-responder-${name}`;
  return {
    cache,
    mesh,
    targets: [...ports].map(([letter, { port }]) => ({ address: `127.0.0.1:${port}`, labels: { namespace, tenant, kvresponder: name, service, pod: podName(cache, letter) } })),
    // minutes stand for hours here, so what is wrong is said sooner
    rules: ruleGroup({ namespace, name, tenant, replicas: pods.length, scraped: true, sampleLimit: 2_000, evictionPolicy: "TinyLFU", objectives: promised, overrides: { KVResponderPeersMissing: { for: "30s" }, KVResponderReplicasUnavailable: { for: "30s" }, KVResponderPeerIsolated: { for: "1m" } } }),
    [Symbol.asyncDispose]: async () => {
      await mesh[Symbol.asyncDispose]();
      for (const { release } of ports.values()) release();
    },
  };
};
