// What holds for every child of every resource.
import { childName, label, type TokenSlot } from "#crds/names";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { apiVersionOf, ownedKinds } from "../../../operator/kinds.ts";
import type { KubeObject } from "../../../operator/objects.ts";
import { desired } from "../../../operator/reconcile/desired.ts";
import { anyContext, context, softChange } from "./contexts.ts";

const orderOf = (o: KubeObject): number => ownedKinds.findIndex((k) => k.kind === o.kind && apiVersionOf(k) === o.apiVersion);
const names = (spec: object): string[] => desired(context(spec)).map((o) => `${o.kind}/${o.metadata.name}`);

/** Paths of values that server-side apply or the API server would not keep as they are. */
const awkward = (value: unknown, path: string): string[] => {
  if (value === undefined || value === null) return [path];
  if (typeof value !== "object") return [];
  const entries = Object.entries(value);
  return entries.length === 0 ? [path] : entries.flatMap(([k, v]) => awkward(v, `${path}.${k}`));
};

test("a resource with nothing but a name gets everything", () => {
  expect(names({})).toEqual([
    "ServiceAccount/kv-responder-orders",
    "ConfigMap/kv-responder-orders-runtime",
    "ConfigMap/kv-responder-orders-token-a-5f0c2f6e",
    "ConfigMap/kv-responder-orders-dashboard",
    "Service/kv-responder-orders",
    "Service/kv-peers-orders",
    "NetworkPolicy/kv-responder-orders",
    "Deployment/kv-responder-orders",
    "PodDisruptionBudget/kv-responder-orders",
    "ServiceMonitor/kv-responder-orders",
    "PrometheusRule/kv-responder-orders",
  ]);
});

test.each<[string, object, ...string[]]>([
  ["one pod needs no disruption budget", { replicas: 1 }, "PodDisruptionBudget"],
  ["a pod that keeps to itself needs no list of peers", { replicas: 1, replication: { mode: "None" } }, "Service/kv-peers-orders", "PodDisruptionBudget"],
  ["a disabled ServiceMonitor", { monitoring: { serviceMonitor: { mode: "Disabled" } } }, "ServiceMonitor"],
  ["disabled rules", { monitoring: { rules: { mode: "Disabled" } } }, "PrometheusRule"],
  ["a dashboard for the Grafana Operator is no ConfigMap", { monitoring: { dashboard: { format: "GrafanaDashboard" } } }, "ConfigMap/kv-responder-orders-dashboard"],
  ["a disabled dashboard of either kind", { monitoring: { dashboard: { mode: "Disabled", format: "GrafanaDashboard" } } }, "ConfigMap/kv-responder-orders-dashboard"],
  ["a disabled NetworkPolicy", { networkPolicy: { mode: "Disabled" } }, "NetworkPolicy"],
  ["a disabled dashboard", { monitoring: { dashboard: { mode: "Disabled" } } }, "ConfigMap/kv-responder-orders-dashboard"],
])("%s", (_, spec, ...absent) => {
  expect(names({}).filter((n) => !names(spec).includes(n))).toEqual(absent.map((what) => expect.stringContaining(what) as unknown));
});

test("an autoscaler has the number of pods in its hands, and the budget is for what it may come to", () => {
  const spec = { replicas: 1, autoscaling: { minReplicas: 1, maxReplicas: 4 }, resources: { requests: { cpu: 1 } } };
  expect(names(spec).filter((n) => !names({}).includes(n))).toEqual(["HorizontalPodAutoscaler/kv-responder-orders"]);
  const of = (kind: string) => desired(context(spec)).find((o) => o.kind === kind)?.["spec"];
  expect(of("HorizontalPodAutoscaler")).toMatchObject({ scaleTargetRef: { kind: "Deployment", name: "kv-responder-orders" }, minReplicas: 1, maxReplicas: 4, metrics: [{ resource: { name: "cpu", target: { averageUtilization: 80 } } }] });
  expect(of("Deployment")).not.toHaveProperty("replicas");
  expect(of("PodDisruptionBudget")).toMatchObject({ maxUnavailable: 1 });
});

test("an AlertmanagerConfig is made for whom there is a receiver", () => {
  const routing = { webhook: { url: "http://hook.example" } };
  expect(names({ monitoring: { routing } }).filter((n) => !names({}).includes(n))).toEqual(["AlertmanagerConfig/kv-responder-orders"]);
});

test("a GrafanaDashboard holds the same dashboard as the ConfigMap, for Grafanas of any namespace", () => {
  const of = (dashboard: object, kind: string) => desired(context({ monitoring: { dashboard } })).find((o) => o.kind === kind && o.metadata.name === "kv-responder-orders-dashboard") as KubeObject;
  const { json, ...rest } = of({ format: "GrafanaDashboard" }, "GrafanaDashboard")["spec"] as { json: string };
  expect(Object.values(of({}, "ConfigMap")["data"] as object)).toEqual([json]);
  expect(rest).toEqual({ allowCrossNamespaceImport: true, instanceSelector: { matchLabels: { dashboards: "grafana" } } });
  const matchLabels = { "app.kubernetes.io/name": "grafana" };
  const given = of({ format: "GrafanaDashboard", folder: "Caches", labels: { team: "a" }, instanceSelector: { matchLabels } }, "GrafanaDashboard");
  expect(given).toMatchObject({ metadata: { labels: { team: "a" } }, spec: { folder: "Caches", instanceSelector: { matchLabels } } });
});

test("a token in each place has its owner; no token of ours, no owner", () => {
  const owners = (spec: object, tokenSlots?: readonly TokenSlot[]) => desired({ ...context(spec), ...(tokenSlots && { tokenSlots }) }).flatMap((o) => (o.metadata.name.includes("-token-") ? [o.metadata.name] : []));
  expect(owners({}, ["a", "b"])).toEqual(["kv-responder-orders-token-a-5f0c2f6e", "kv-responder-orders-token-b-5f0c2f6e"]);
  expect(owners({}, ["b"])).toEqual(["kv-responder-orders-token-b-5f0c2f6e"]);
  expect([...owners({ auth: { mode: "None" } }), ...owners({ auth: { secretName: "mine" } })]).toEqual([]);
});

test("the Service takes Redis clients on the port asked for, and on none otherwise", () => {
  const ports = (spec: object) => {
    const service = desired(context(spec)).find((o) => o.kind === "Service" && o.metadata.name === "kv-responder-orders") as KubeObject;
    return (service["spec"] as { ports: { name: string; port: number; targetPort: string }[] }).ports;
  };
  expect(ports({}).map((p) => p.name)).toEqual(["http", "metrics"]);
  expect(ports({ protocols: { resp: { enabled: true, port: 7000 } } })).toContainEqual({ name: "resp", port: 7000, targetPort: "resp", protocol: "TCP", appProtocol: "redis" });
});

test("the peers' Service lists pods that are not ready, by the one port that peers use", () => {
  const service = desired(context()).find((o) => o.metadata.name === "kv-peers-orders") as KubeObject;
  expect(service["spec"]).toMatchObject({ clusterIP: "None", publishNotReadyAddresses: true, ports: [{ name: "peers", port: 7946, targetPort: "peers" }] });
});

test("the runtime file tells the pods what a write waits for and how many they should be", () => {
  const file = (spec: object) => JSON.parse((desired(context(spec)).find((o) => o.metadata.name === "kv-responder-orders-runtime") as { data?: Record<string, string> } | undefined)?.data?.["runtime.json"] ?? "") as unknown;
  expect(file({})).toEqual({ logLevel: "info", requests: { sample: 100, slowMs: 100, keyHash: false }, traceSampleRatio: 0.01, ack: "Local", replicas: 3 });
  const spec = { replicas: 0, replication: { ack: "All" }, logging: { level: "warn", requests: { sample: 1, keyHash: true } }, tracing: { sampleRatio: 1 } };
  expect(file(spec)).toEqual({ logLevel: "warn", requests: { sample: 1, slowMs: 100, keyHash: true }, traceSampleRatio: 1, ack: "All", replicas: 0 });
});

describe("every child of any resource", () => {
  const holds = (property: (children: KubeObject[], c: ReturnType<typeof context>) => void) => fc.assert(fc.property(anyContext, (c) => void property(desired(c), c)), { numRuns: 50 });

  test("is of an owned kind, and stands in the order of application", () =>
    holds((children) => {
      const order = children.map(orderOf);
      expect(order).not.toContain(-1);
      expect(order).toEqual(order.toSorted((a, b) => a - b));
    }));

  test("has a name of its own", () => holds((children) => expect(new Set(children.map((o) => `${o.kind}/${o.metadata.name}`)).size).toBe(children.length)));

  test("lives in the namespace, says whose it is, and has our labels only where they are promised", () =>
    holds((children, c) => {
      for (const { metadata } of children) {
        expect(metadata.namespace).toBe(c.namespace);
        expect(metadata.labels).toMatchObject({
          [label.appName]: "kv-responder",
          [label.managedBy]: "kv-responder-operator",
          [label.component]: expect.stringMatching(/^(cache|peers|auth|monitoring)$/),
          [label.tenant]: c.tenant,
          [label.name]: c.name,
        });
        expect(metadata.labels).not.toHaveProperty(["app.kubernetes.io/instance"]);
        expect(metadata.ownerReferences).toEqual(
          c.uid === "" ? undefined : [{ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", name: c.name, uid: c.uid, controller: true, blockOwnerDeletion: true }],
        );
      }
    }));

  // a NetworkPolicy's rules are atomic, and an empty selector there says "all"
  const saysAll = /^NetworkPolicy\.spec\.ingress\.\d+\.from\.\d+\.(podSelector|namespaceSelector)$/;
  test("holds no null, no undefined and nothing empty", () => holds((children) => expect(children.flatMap((o) => awkward(o, o.kind)).filter((path) => !saysAll.test(path))).toEqual([])));

  test("has names and labels that Kubernetes accepts", () =>
    holds((children) => {
      for (const { kind, metadata } of children) {
        expect(metadata.name.length, kind).toBeLessThanOrEqual(kind === "Service" ? 63 : 253);
        expect(metadata.name).toMatch(/^[a-z]([-a-z0-9]*[a-z0-9])?$/);
        for (const value of Object.values(metadata.labels ?? {})) expect(value).toMatch(/^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/);
      }
    }));

  test("comes out the same every time", () => holds((children, c) => expect(JSON.stringify(desired(c))).toBe(JSON.stringify(children))));

  test("passes on neither labels nor annotations of the resource", () => {
    const tracked = { labels: { "app.kubernetes.io/instance": "argo", team: "x" }, annotations: { "argocd.argoproj.io/tracking-id": "y" } };
    expect(desired(context({}, tracked))).toEqual(desired(context()));
  });
});

test("replicas, logging, what a write waits for, monitoring and paused never change the pod template", () => {
  const template = (spec: object) => {
    const deployment = desired(context(spec)).find((o) => o.kind === "Deployment") as KubeObject;
    return JSON.stringify((deployment["spec"] as { template: object }).template);
  };
  fc.assert(
    fc.property(softChange, ([before, after]) => void expect(template(before)).toBe(template(after))),
    { numRuns: 80 },
  );
});

test("exactly one Service fits the ServiceMonitor's selector", () => {
  const all = desired(context());
  const monitor = (all.find((o) => o.kind === "ServiceMonitor") as KubeObject)["spec"] as { selector: { matchLabels: Record<string, string> } };
  const fits = all.filter((o) => o.kind === "Service" && Object.entries(monitor.selector.matchLabels).every(([k, v]) => o.metadata.labels?.[k] === v));
  expect(fits.map((o) => o.metadata.name)).toEqual([childName.workload("orders")]);
});
