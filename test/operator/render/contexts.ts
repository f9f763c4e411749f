// Contexts for tests of what is rendered: one written by hand, and any that the schema allows.
import { specSchema } from "#crds/kvresponder";
import fc from "fast-check";
import { renderContext, type RenderContext } from "../../../operator/render/context.ts";

export const context = (spec: object = {}, metadata: object = {}): RenderContext =>
  renderContext(
    {
      apiVersion: "kvresponder.io/v1alpha1",
      kind: "KVResponder",
      metadata: { name: "orders", namespace: "team-a", uid: "5f0c2f6e-6a0b-4a57-9e0b-1d7a6f1f8a11", ...metadata },
      spec: specSchema.parse(spec),
    },
    { responderImage: "localhost/kvr/responder:test" },
  );

const sometimes = <T>(arb: fc.Arbitrary<T>) => fc.option(arb, { nil: undefined });
/** Absent rather than undefined, as JSON has it. */
const record = (model: Record<string, fc.Arbitrary<unknown>>) => fc.record(model).map((r) => Object.fromEntries(Object.entries(r).filter(([, v]) => v !== undefined)));

const dns = (max: number) => fc.stringMatching(new RegExp(`^[a-z]([-a-z0-9]{0,${max - 2}}[a-z0-9])?$`));
// mostly what the schema accepts, so that little is thrown away
const memory = fc.tuple(fc.integer({ min: 2, max: 2000 }), fc.constantFrom("", ".5", ".125", ".001"), fc.constantFrom("M", "Mi", "Mi", "G", "Gi")).map((p) => p.join(""));
const cpu = fc.oneof(
  fc.integer({ min: 1, max: 4000 }).map((n) => `${n}m`),
  fc.tuple(fc.integer({ min: 1, max: 16 }), fc.constantFrom("", ".5", ".125")).map((p) => p.join("")),
);
const seconds = fc.tuple(fc.integer({ min: 1, max: 90 }), fc.constantFrom("s", "m", "h")).map((p) => p.join(""));
const labels = fc.dictionary(fc.stringMatching(/^(example\.com\/)?[a-z]{1,12}$/), fc.stringMatching(/^[a-zA-Z0-9]{0,12}$/), { maxKeys: 4 });
const mode = fc.constantFrom("Managed", "Disabled");
const list = record({ cpu: sometimes(cpu), memory: sometimes(memory) });

const secretKey = record({ name: dns(63), key: fc.stringMatching(/^[-A-Za-z0-9_.]{1,20}$/) });
const receiver = { minSeverity: sometimes(fc.constantFrom("critical", "warning", "info")), sendResolved: sometimes(fc.boolean()) };
const routing = record({
  mode: sometimes(mode),
  labels: sometimes(labels),
  groupWait: sometimes(fc.constantFrom("0s", "30s")),
  slack: sometimes(record({ ...receiver, apiURL: secretKey, channel: fc.constantFrom("#alerts", "C024BE91L") })),
  pagerduty: sometimes(record({ ...receiver, routingKey: secretKey })),
  webhook: sometimes(fc.oneof(record({ ...receiver, urlSecret: secretKey }), record({ ...receiver, url: fc.constant("http://hook.example:8080/a") }))),
  email: sometimes(fc.record({ to: fc.constant("a@example.com, b@example.com"), from: fc.constant("c@example.com"), smarthost: fc.constant("smtp.example.com:587") })),
});

const annotations = fc.dictionary(fc.stringMatching(/^(example\.com\/)?[a-z]{1,12}$/), fc.string({ maxLength: 20 }), { maxKeys: 3 });
const selector = record({ matchLabels: sometimes(labels) });
const tolerations = fc.array(fc.constantFrom({ operator: "Exists" }, { key: "dedicated", value: "cache", effect: "NoSchedule" }, { key: "example.com/a", operator: "Exists", effect: "NoExecute", tolerationSeconds: 60 }), { maxLength: 3 });

/** What may change without a new pod template. `ack` is a part of spec.replication: see `merged`. */
const softSpec = record({
  ack: sometimes(fc.constantFrom("Local", "One", "All")),
  replicas: sometimes(fc.integer({ min: 0, max: 16 })),
  paused: sometimes(fc.boolean()),
  autoscaling: sometimes(record({ minReplicas: sometimes(fc.integer({ min: 1, max: 8 })), maxReplicas: fc.integer({ min: 2, max: 16 }), targetCPUUtilizationPercentage: sometimes(fc.integer({ min: 10, max: 500 })) })),
  disruption: sometimes(record({ maxUnavailable: fc.integer({ min: 1, max: 16 }) })),
  service: sometimes(record({ annotations: sometimes(annotations) })),
  networkPolicy: sometimes(record({ mode: sometimes(mode), clients: sometimes(fc.array(record({ namespaceSelector: sometimes(selector), podSelector: sometimes(selector) }), { maxLength: 3 })), monitoringNamespaces: sometimes(fc.uniqueArray(dns(63), { minLength: 1, maxLength: 3 })) })),
  logging: sometimes(record({ level: fc.constantFrom("trace", "debug", "info", "warn", "error") })),
  monitoring: sometimes(
    record({
      serviceMonitor: sometimes(record({ mode: sometimes(mode), interval: sometimes(fc.constantFrom("15s", "30s", "1m")), labels: sometimes(labels) })),
      rules: sometimes(record({ mode: sometimes(mode), labels: sometimes(labels) })),
      dashboard: sometimes(record({ mode: sometimes(mode), format: sometimes(fc.constantFrom("ConfigMap", "GrafanaDashboard")), instanceSelector: sometimes(fc.record({ matchLabels: fc.constantFrom({ dashboards: "team" }, { "app.kubernetes.io/name": "grafana", a: "" }) })), folder: sometimes(fc.stringMatching(/^[A-Za-z0-9][-A-Za-z0-9_. ]{0,20}$/)), labels: sometimes(labels) })),
      routing: sometimes(routing),
    }),
  ),
});

/** What needs a new pod when it changes. */
const podSpec = {
  topologySpread: sometimes(fc.constantFrom("Soft", "Hard", "None")),
  nodeSelector: sometimes(labels),
  tolerations: sometimes(tolerations),
  priorityClassName: sometimes(fc.constantFrom("high", "system-cluster-critical")),
  imagePullSecrets: sometimes(fc.uniqueArray(dns(63), { maxLength: 3 }).map((names) => names.map((name) => ({ name })))),
  podLabels: sometimes(labels),
  podAnnotations: sometimes(annotations),
};

const hardSpec = record({
  ...podSpec,
  tenant: sometimes(dns(63)),
  image: sometimes(fc.constantFrom("localhost/kvr/responder:1", "registry.example/a/b@sha256:0123456789abcdef")),
  resources: sometimes(record({ requests: sometimes(list), limits: sometimes(list) })),
  cache: sometimes(record({ maxMemory: sometimes(memory), defaultTTL: sometimes(seconds), maxValueBytes: sometimes(fc.integer({ min: 1, max: 2_000_000 })), maxEntries: sometimes(fc.integer({ min: 1, max: 2 ** 26 })), maxTTL: sometimes(seconds), evictionPolicy: sometimes(fc.constantFrom("TinyLFU", "LRU", "NoEviction")) })),
  protocols: sometimes(record({ resp: sometimes(record({ enabled: sometimes(fc.boolean()), port: sometimes(fc.integer({ min: 6000, max: 7000 })) })) })),
  replication: record({ mode: sometimes(fc.constantFrom("Peers", "None")), tombstoneRetention: sometimes(fc.constantFrom("1m", "1h30m", "24h")), warmupTimeout: sometimes(fc.constantFrom("1s500ms", "90s", "30m")) }),
  auth: sometimes(fc.oneof(fc.constantFrom({ mode: "None" }, { mode: "Token" }), dns(63).map((secretName) => ({ secretName })))),
});

const merged = (hard: Record<string, unknown>, { ack, ...soft }: Record<string, unknown>): Record<string, unknown> => ({
  ...hard,
  ...soft,
  ...(ack !== undefined && { replication: { ...(hard["replication"] as object), ack } }),
});

const valid = (spec: object): boolean => specSchema.safeParse(spec).success;

export const metadata = fc.record({ name: dns(50), namespace: dns(63), uid: fc.constantFrom("", "5f0c2f6e-6a0b-4a57-9e0b-1d7a6f1f8a11") });

/** Any resource that the schema accepts. */
export const anyContext = fc
  .tuple(hardSpec, softSpec, metadata)
  .map(([hard, soft, meta]) => [merged(hard, soft), meta] as const)
  .filter(([spec]) => valid(spec))
  .map(([spec, meta]) => context(spec, meta));

/** A resource before and after a change that must not restart its pods. */
export const softChange = fc
  .tuple(hardSpec, softSpec, softSpec)
  .map(([hard, before, after]) => [merged(hard, before), merged(hard, after)] as const)
  .filter((both) => both.every(valid));
