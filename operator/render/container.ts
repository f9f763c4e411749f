// The responder's container: its configuration, probes, ports and confinement.
import { downwardEnv, maxTtlSeconds, renderEnv, type RenderedConfig } from "#contract/env";
import { path, port, portName } from "#contract/http";
import { runtimeFile } from "#contract/runtime";
import { childName } from "#crds/names";
import { parseBytes } from "#crds/quantity";
import type { RenderContext } from "./context.ts";
import { drainSeconds, preStopSeconds, wholeSeconds } from "./lifetime.ts";
import { podMemory, podResources } from "./resources.ts";
import { peerSecretFile, tokenDir, volumeMounts } from "./volumes.ts";

const ttlSeconds = (duration: string): number => Math.min(maxTtlSeconds, wholeSeconds(duration));

/** With one pod too: a second one then joins without a restart of the first. */
const replication = ({ name, spec: { replication: { mode, tombstoneRetention, warmupTimeout } } }: RenderContext): RenderedConfig =>
  mode === "None"
    ? { replication: mode }
    : {
        replication: mode,
        peersPort: port.peers,
        peersService: childName.peers(name),
        tombstoneRetentionSeconds: wholeSeconds(tombstoneRetention),
        warmupTimeoutSeconds: wholeSeconds(warmupTimeout),
      };

const config = ({ name, tenant, spec }: RenderContext): RenderedConfig => ({
  tenant,
  name,
  service: childName.workload(name),
  maxMemoryBytes: parseBytes(spec.cache.maxMemory),
  ...(spec.cache.defaultTTL !== undefined && { defaultTtlSeconds: ttlSeconds(spec.cache.defaultTTL) }),
  ...(spec.cache.maxTTL !== undefined && { maxTtlSeconds: ttlSeconds(spec.cache.maxTTL) }),
  ...(spec.cache.maxEntries !== undefined && { maxEntries: spec.cache.maxEntries }),
  maxValueBytes: spec.cache.maxValueBytes,
  evictionPolicy: spec.cache.evictionPolicy,
  runtimeFile,
  ...(spec.tracing.endpoint !== undefined && { traceEndpoint: spec.tracing.endpoint }),
  host: "*",
  httpPort: port.http,
  ...(spec.protocols.resp.enabled && { respPort: port.resp }),
  ...(spec.auth.mode === "Token" && { tokenDir }),
  peerSecretFile,
  metricsPort: port.metrics,
  drainSeconds,
});

const env = (context: RenderContext): object[] => [
  ...renderEnv({ ...config(context), ...replication(context) }),
  ...Object.entries(downwardEnv).map(([variable, fieldPath]) => ({ name: variable, valueFrom: { fieldRef: { apiVersion: "v1", fieldPath } } })),
  // not arguments: they would depend on the image's entrypoint
  { name: "NODE_OPTIONS", value: podMemory(context.spec).nodeArgs.join(" ") },
  // pages and large values go back to the system at once; glibc would raise this by itself and keep them
  { name: "MALLOC_MMAP_THRESHOLD_", value: "65536" },
];

const probe = (probePath: string, periodSeconds: number, failureThreshold: number): object => ({
  httpGet: { path: probePath, port: portName.metrics },
  periodSeconds,
  timeoutSeconds: 2,
  failureThreshold,
});

export const container = (context: RenderContext): object => ({
  name: "responder",
  image: context.spec.image ?? context.options.responderImage,
  imagePullPolicy: "IfNotPresent",
  ports: [
    { name: portName.http, containerPort: port.http, protocol: "TCP" },
    ...(context.spec.protocols.resp.enabled ? [{ name: portName.resp, containerPort: port.resp, protocol: "TCP" }] : []),
    { name: portName.metrics, containerPort: port.metrics, protocol: "TCP" },
    ...(context.spec.replication.mode === "Peers" ? [{ name: portName.peers, containerPort: port.peers, protocol: "TCP" }] : []),
  ],
  env: env(context),
  resources: podResources(context.spec),
  startupProbe: probe(path.livez, 1, 60),
  readinessProbe: probe(path.readyz, 2, 2),
  // slow to judge: a restart empties this pod's cache
  livenessProbe: probe(path.livez, 10, 6),
  // the images have no shell, so the kubelet sleeps
  lifecycle: { preStop: { sleep: { seconds: preStopSeconds } } },
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  volumeMounts: volumeMounts(context),
});
