// Three tenants that are easily mistaken for each other, and what the operator makes of their resources: rules, routes, and how their pods are scraped.
import { alertNames, type AlertName } from "#crds/alerts";
import { specSchema } from "#crds/kvresponder";
import { expect } from "vitest";
import type { Override, RuleGroup } from "../../../../operator/observability/rules.ts";
import { desired } from "../../../../operator/reconcile/desired.ts";
import { renderContext } from "../../../../operator/render/context.ts";
import { path, type Who } from "../tenants.ts";

export interface Tenant extends Who {
  /** A letter for each pod. */
  readonly pods: string;
}

/** The one whose pods go wrong. */
export const faulty: Tenant = { namespace: "team", name: "orders", tenant: "acme", pods: "abc" };
/** In the same namespace. */
const neighbour: Tenant = { namespace: "team", name: "billing", tenant: "globex", pods: "de" };
/** Called the same, in another namespace. */
const namesake: Tenant = { namespace: "other", name: "orders", tenant: "acme", pods: "fg" };
export const others = [neighbour, namesake];
export const tenants = [faulty, ...others];

export const isOf = ({ namespace, name, tenant }: Who, labels: Readonly<Record<string, string>>): boolean => labels["namespace"] === namespace && labels["kvresponder"] === name && labels["tenant"] === tenant;

/** What a fault of seconds reaches. */
const lowered: Partial<Record<AlertName, number>> = {
  KVResponderReplicationLagHigh: 0.5,
  KVResponderMemoryHigh: 0.7,
  KVResponderConnectionsHigh: 0.1,
  KVResponderConnectionsFull: 0.11,
  // of the fewest samples that may be allowed, most are there in the best of times
  KVResponderScrapeTruncated: 0.5,
};
/** What a machine that is busy with another's faults may do to these is no leak. */
const raised: Partial<Record<AlertName, number>> = { KVResponderEventLoopSaturated: 30, KVResponderReplicationLagHigh: 30 };

const overridesOf = (who: Tenant): Record<string, Override> => {
  const thresholds = who === faulty ? lowered : raised;
  // how long each must hold is promtool's to prove
  return Object.fromEntries(alertNames.map((name) => [name, { for: "0s", ...(thresholds[name] !== undefined && { threshold: thresholds[name] }) }]));
};

/** A webhook that is told of everything at once. */
const childrenOf = (who: Tenant, posts: string) => {
  const { namespace, name, tenant, pods } = who;
  const monitoring = {
    serviceMonitor: who === faulty ? { interval: "2s", scrapeTimeout: "2s", sampleLimit: 500 } : { interval: "5s", scrapeTimeout: "5s" },
    // a request that waits in vain for a version takes a second and fails: it spends both budgets alike
    rules: { overrides: overridesOf(who), objectives: { availability: 99.9, latency: { percent: 99.9, threshold: "500ms" } } },
    routing: { groupWait: "0s", groupInterval: "1s", repeatInterval: "1h", webhook: { url: `${posts}${path(who)}`, minSeverity: "info" } },
  };
  const spec = specSchema.parse({ tenant, replicas: pods.length, cache: { evictionPolicy: "NoEviction" }, monitoring });
  const context = renderContext({ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name, namespace }, spec }, { responderImage: "localhost/kvr/responder:test" });
  return desired(context);
};

interface Relabeling {
  readonly sourceLabels?: readonly string[];
  readonly [field: string]: unknown;
}
interface Monitor {
  readonly spec: {
    readonly selector: { readonly matchLabels: Readonly<Record<string, string>> };
    readonly sampleLimit: number;
    readonly endpoints: readonly { readonly path: string; readonly interval: string; readonly scrapeTimeout: string; readonly honorLabels: boolean; readonly relabelings: readonly Relabeling[]; readonly metricRelabelings: readonly Relabeling[] }[];
  };
}

const relabel = ({ sourceLabels, targetLabel, ...rest }: Relabeling): object => ({ ...rest, ...(sourceLabels && { source_labels: sourceLabels }), ...(targetLabel !== undefined && { target_label: targetLabel }) });

export interface Platform {
  readonly groups: readonly RuleGroup[];
  readonly alertmanagerConfigs: readonly object[];
  /** As the Prometheus Operator makes them of ServiceMonitors; `addressOf` a pod is where it is scraped. */
  readonly scrapeConfigs: (addressOf: (pod: string) => string) => readonly object[];
}

export const podName = (who: Tenant, letter: string): string => `kv-responder-${who.name}-${letter}`;

export const platformOf = (posts: string): Platform => {
  const made = tenants.map((who) => ({ who, children: childrenOf(who, posts) }));
  const only = (kind: string) => made.map(({ children }) => children.find((o) => o.kind === kind) ?? expect.fail(kind));
  return {
    groups: only("PrometheusRule").flatMap((o) => (o["spec"] as { groups: RuleGroup[] }).groups),
    alertmanagerConfigs: only("AlertmanagerConfig"),
    scrapeConfigs: (addressOf) =>
      made.map(({ who, children }) => {
        const { spec } = (children.find((o) => o.kind === "ServiceMonitor") ?? expect.fail("ServiceMonitor")) as unknown as Monitor;
        const [endpoint = expect.fail("endpoint")] = spec.endpoints;
        const wanted = Object.entries(spec.selector.matchLabels);
        const service = children.find((o) => o.kind === "Service" && wanted.every(([k, v]) => o.metadata.labels?.[k] === v)) ?? expect.fail("Service");
        const ofService = Object.entries(service.metadata.labels ?? {}).map(([k, v]) => [`__meta_kubernetes_service_label_${k.replaceAll(/[^a-zA-Z0-9_]/g, "_")}`, v]);
        const discovered = { ...Object.fromEntries(ofService), __meta_kubernetes_namespace: who.namespace, __meta_kubernetes_service_name: service.metadata.name };
        return {
          job_name: `serviceMonitor/${who.namespace}/${who.name}/0`,
          metrics_path: endpoint.path,
          scrape_interval: endpoint.interval,
          scrape_timeout: endpoint.scrapeTimeout,
          honor_labels: endpoint.honorLabels,
          sample_limit: spec.sampleLimit,
          relabel_configs: [{ source_labels: ["__meta_kubernetes_service_name"], target_label: "job" }, ...endpoint.relabelings.map(relabel)],
          metric_relabel_configs: endpoint.metricRelabelings.map(relabel),
          static_configs: [...who.pods].map((letter) => ({ targets: [addressOf(letter)], labels: { ...discovered, __meta_kubernetes_pod_name: podName(who, letter) } })),
        };
      }),
  };
};
