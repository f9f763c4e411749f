// What a person and kstatus read: conditions are computed once, from what was seen and done.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { conditionReasons, type Condition } from "#crds/conditions";
import { specSchema } from "#crds/kvresponder";
import { selectingKinds } from "../../../operator/kinds.ts";
import { asksForSelection } from "../../../operator/reconcile/features.ts";
import { selectingOf, type Sight } from "../../../operator/reconcile/selecting.ts";
import { computeStatus, sameStatus, type StatusInput } from "../../../operator/reconcile/status.ts";
import type { Outcome, OutcomeResult } from "../../../operator/reconcile/outcome.ts";
import type { KubeObject, KVResponder } from "../../../operator/objects.ts";

const t0 = "2026-01-01T00:00:00Z";
const t1 = "2026-01-01T00:01:00Z";

const resource = (spec: object = {}, status?: KVResponder["status"]): KVResponder => ({
  apiVersion: "kvresponder.io/v1alpha1",
  kind: "KVResponder",
  metadata: { name: "a", namespace: "team", uid: "u1", generation: 4 },
  spec: specSchema.parse(spec),
  ...(status && { status }),
});

const deployment = (ready: number, replicas = 3, extra: object = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "kv-responder-a", generation: 2 },
  status: { observedGeneration: 2, replicas, readyReplicas: ready, updatedReplicas: replicas, ...extra },
});

const child = (kind: string, name = "kv-responder-a"): KubeObject => ({ apiVersion: "v1", kind, metadata: { name } });
const children = [child("Deployment"), child("Service"), child("ServiceMonitor"), child("PrometheusRule"), child("ConfigMap", "kv-responder-a-dashboard")];
const outcomes = (results: Partial<Record<string, OutcomeResult>> = {}): Outcome[] => children.map((desired) => ({ desired, result: results[desired.kind] ?? "unchanged" }));

const status = (input: Partial<StatusInput> = {}) =>
  computeStatus({ resource: resource(), outcomes: outcomes(), deployment: deployment(3), version: "1", now: t0, ...input });

const get = (input: Partial<StatusInput>, type: Condition["type"]) => status(input).conditions?.find((c) => c.type === type);
const brief = (input: Partial<StatusInput>, type: Condition["type"]) => {
  const c = get(input, type);
  return c && `${c.status}/${c.reason}`;
};

describe("Ready", () => {
  test.each<[string, Partial<StatusInput>, string]>([
    ["all pods ready", {}, "True/AllReady"],
    ["no pod ready", { deployment: deployment(0) }, "False/WorkloadUnavailable"],
    ["a surplus pod of a rollout", { deployment: deployment(3, 4) }, "False/WorkloadUnavailable"],
    ["a template the Deployment controller has not seen", { deployment: deployment(3, 3, { observedGeneration: 1 }) }, "False/WorkloadUnavailable"],
    ["no Deployment", { deployment: undefined }, "False/WorkloadUnavailable"],
    ["scaled to zero", { resource: resource({ replicas: 0 }), deployment: deployment(0, 0) }, "True/ScaledToZero"],
    ["a foreign Service of our name", { outcomes: outcomes({ Service: "conflict" }) }, "False/Conflict"],
    ["a verb that RBAC lacks", { outcomes: outcomes({ Service: "forbidden" }) }, "False/ApplyFailed"],
    ["an API error", { outcomes: outcomes({ Deployment: "failed" }) }, "False/ApplyFailed"],
    ["missing monitoring CRDs do not matter", { outcomes: outcomes({ ServiceMonitor: "missingKind", PrometheusRule: "missingKind" }) }, "True/AllReady"],
    ["paused with nothing to do", { resource: resource({ paused: true }) }, "True/AllReady"],
    ["paused with a change waiting", { resource: resource({ paused: true }), outcomes: outcomes({ Deployment: "pending" }) }, "False/Paused"],
    ["another resource holds the tenant", { refusal: { reason: "TenantTaken", message: "m" } }, "False/TenantTaken"],
  ])("%s -> %s", (_, input, expected) => expect(brief(input, "Ready")).toBe(expected));

  test("counts come from the live Deployment, the wanted number from the spec", () => {
    expect(status({ deployment: deployment(2) })).toMatchObject({ ready: "2/3", replicas: 3, readyReplicas: 2, observedGeneration: 4, tenant: "a" });
    expect(status()).toMatchObject({
      selector: "app.kubernetes.io/name=kv-responder,kvresponder.io/name=a",
      endpoints: { http: "http://kv-responder-a.team.svc", metrics: "kv-responder-a.team.svc:9090" },
    });
  });
});

test.each<[string, Partial<StatusInput>, string, string]>([
  ["settled", {}, "False/Settled", "False/NotStalled"],
  ["rolling out", { deployment: deployment(1) }, "True/Progressing", "False/NotStalled"],
  ["transient error", { outcomes: outcomes({ Service: "failed" }) }, "True/Progressing", "False/NotStalled"],
  ["conflict needs a person", { outcomes: outcomes({ Service: "conflict" }) }, "False/Settled", "True/Conflict"],
  ["forbidden needs a person", { outcomes: outcomes({ Service: "forbidden" }) }, "False/Settled", "True/Forbidden"],
  ["a tenant that the namespace may not claim needs a person", { refusal: { reason: "TenantDenied", message: "m" } }, "False/Settled", "True/TenantDenied"],
  ["an image that is not allowed needs a person", { refusal: { reason: "ImageDenied", message: "m" } }, "False/Settled", "True/ImageDenied"],
  ["invalid needs a person", { refusal: { reason: "Invalid", message: "m" } }, "False/Settled", "True/Invalid"],
])("kstatus: %s", (_, input, reconciling, stalled) => {
  expect([brief(input, "Reconciling"), brief(input, "Stalled")]).toEqual([reconciling, stalled]);
});

describe("new pods of an upgrade that wait for their turn", () => {
  const waits = (others: Partial<Record<string, OutcomeResult>> = {}) => outcomes({ ...others, Deployment: "waiting" }).map((o) => (o.result === "waiting" ? { ...o, detail: "2 roll" } : o));

  test("are under way, and the old ones are ready", () => {
    const input = { outcomes: waits() };
    expect([brief(input, "Ready"), brief(input, "WorkloadAvailable"), brief(input, "Reconciling"), get(input, "Reconciling")?.message, brief(input, "Stalled")]).toEqual(["True/AllReady", "True/AllReplicasReady", "True/Progressing", "2 roll", "False/NotStalled"]);
  });

  test("pods that are missing meanwhile are told first", () => {
    expect(get({ outcomes: waits(), deployment: deployment(2) }, "Reconciling")?.message).toBe("2 of 3 pods are ready; 2 roll");
  });

  test("what needs a person is no work that ends by itself", () => {
    expect([brief({ outcomes: waits({ Service: "conflict" }) }, "Reconciling"), brief({ outcomes: waits({ Service: "conflict" }) }, "Stalled")]).toEqual(["False/Settled", "True/Conflict"]);
  });
});

test.each<[string, object, string]>([
  ["quota", { conditions: [{ type: "ReplicaFailure", status: "True", message: "exceeded quota: q" }] }, "False/QuotaExceeded"],
  ["deadline", { conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }] }, "False/RolloutStuck"],
])("WorkloadAvailable names what is wrong: %s", (_, extra, expected) => expect(brief({ deployment: deployment(1, 3, extra) }, "WorkloadAvailable")).toBe(expected));

describe("peers", () => {
  const report = (name: string, connected: number) => ({ name, ready: true, answer: { mode: "Peers", connected, warmup: "copied", clockAhead: false, isNew: false } as const });
  const peers = [report("p-1", 2), report("p-2", 2), report("p-3", 2)];
  const apart = [report("p-1", 0), report("p-2", 0), report("p-3", 0)];

  test("how connected the pods are has a condition and a column, and no part in Ready", () => {
    expect([brief({ peers }, "PeersConnected"), status({ peers }).peers]).toEqual(["True/AllConnected", "2/2"]);
    expect([brief({ peers: apart }, "PeersConnected"), status({ peers: apart }).peers, brief({ peers: apart }, "Ready")]).toEqual(["False/Disconnected", "0/2", "True/AllReady"]);
    expect([brief({}, "PeersConnected"), status().peers, brief({}, "Ready")]).toEqual(["Unknown/Pending", undefined, "True/AllReady"]);
  });

  test("a new operator, which has not asked yet, leaves what is said of this generation, and says nothing of an older one", () => {
    const before = status({ peers });
    expect(sameStatus(status({ resource: resource({}, before), now: t1 }), before)).toBe(true);
    const older = { ...before, conditions: before.conditions?.map((c) => ({ ...c, observedGeneration: 3 })) ?? [] };
    expect([brief({ resource: resource({}, older) }, "PeersConnected"), status({ resource: resource({}, older) }).peers]).toEqual(["Unknown/Pending", undefined]);
  });

  test("the same reports write nothing", () => {
    const before = status({ peers: apart });
    expect(sameStatus(status({ resource: resource({}, before), peers: structuredClone(apart), now: t1 }), before)).toBe(true);
  });

  test("where nothing is applied nothing is known", () => {
    const refusal = { reason: "TenantTaken", message: "m" } as const;
    expect([brief({ refusal, peers }, "PeersConnected"), status({ refusal, peers }).peers]).toEqual(["Unknown/Pending", undefined]);
  });
});

test("each monitoring object has a condition of its own", () => {
  const off = resource({ monitoring: { rules: { mode: "Disabled" } } });
  const input = { resource: off, outcomes: outcomes({ ServiceMonitor: "missingKind", ConfigMap: "conflict" }) };
  expect(brief(input, "MonitorReady")).toBe("False/CRDMissing");
  expect(brief(input, "RulesReady")).toBe("False/Disabled");
  expect(brief(input, "DashboardReady")).toBe("False/Conflict");
});

describe("routing", () => {
  const ref = { name: "chat", key: "url" };
  const routed = (routing: object = {}) => resource({ monitoring: { routing: { slack: { apiURL: ref, channel: "#a" }, webhook: { urlSecret: { ...ref, name: "hook" } }, ...routing } } });
  const outcome = (result: OutcomeResult = "unchanged"): Outcome[] => [...outcomes(), { desired: child("AlertmanagerConfig"), result }];

  test.each<[string, Partial<StatusInput>, string]>([
    ["no receiver is named", { resource: resource() }, "False/Disabled"],
    ["mode Disabled", { resource: routed({ mode: "Disabled" }), missingSecrets: ["chat"] }, "False/Disabled"],
    ["all is there", { resource: routed(), outcomes: outcome() }, "True/Applied"],
    ["a Secret is not", { resource: routed(), outcomes: outcome(), missingSecrets: ["hook"] }, "False/SecretMissing"],
    ["a Secret is not, and the object waits for the resource to go on", { resource: routed(), outcomes: outcome("pending"), missingSecrets: ["hook"] }, "False/SecretMissing"],
    ["another Secret is not", { resource: routed(), outcomes: outcome(), missingSecrets: ["mine"] }, "True/Applied"],
    ["no such kind", { resource: routed(), outcomes: outcome("missingKind"), missingSecrets: ["hook"] }, "False/CRDMissing"],
    ["somebody else's object", { resource: routed(), outcomes: outcome("conflict") }, "False/Conflict"],
    ["a verb that RBAC lacks", { resource: routed(), outcomes: outcome("forbidden") }, "False/Forbidden"],
    ["an API error", { resource: routed(), outcomes: outcome("failed") }, "False/ApplyFailed"],
  ])("%s -> %s", (_, input, expected) => expect(brief(input, "RoutingReady")).toBe(expected));

  test("names every Secret that is missing, and has no part in Ready", () => {
    const input = { resource: routed(), outcomes: outcome(), missingSecrets: ["chat", "hook"] };
    expect(get(input, "RoutingReady")?.message).toContain("no Secret chat, hook");
    expect(brief(input, "Ready")).toBe("True/AllReady");
  });
});

describe("selection", () => {
  const selecting = (spec: object) => selectingOf(selectingKinds[0]!, { apiVersion: "", kind: "", metadata: { name: "main", namespace: "monitoring" }, spec });
  const sight = (spec: object): Sight => ({ selecting: [selecting(spec)], hidden: [] });
  const everything = { serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {}, ruleSelector: {}, ruleNamespaceSelector: {} };
  const selective = { ...everything, serviceMonitorSelector: { matchLabels: { release: "stack" } } };
  const both = (input: Partial<StatusInput>) => [brief(input, "MonitorReady"), brief(input, "RulesReady")];

  test("is told for monitor and rules each, and has no part in Ready, Reconciling and Stalled", () => {
    expect(both({ sight: sight(everything) })).toEqual(["True/Applied", "True/Applied"]);
    expect(both({ sight: sight(selective) })).toEqual(["False/NotSelected", "True/Applied"]);
    expect(both({})).toEqual(["Unknown/SelectionUnknown", "Unknown/SelectionUnknown"]);
    for (const input of [{}, { sight: sight(selective) }]) {
      expect((["Ready", "Reconciling", "Stalled"] as const).map((type) => brief(input, type))).toEqual(["True/AllReady", "False/Settled", "False/NotStalled"]);
    }
  });

  test("looks at the live object: labels that others put on it count", () => {
    const labelled = outcomes().map((o) => (o.desired.kind === "ServiceMonitor" ? { ...o, live: { ...o.desired, metadata: { ...o.desired.metadata, labels: { release: "stack" } } } } : o));
    expect(both({ sight: sight(selective), outcomes: labelled })).toEqual(["True/Applied", "True/Applied"]);
  });

  test("is not asked about what is not there", () => {
    const off = resource({ monitoring: { rules: { mode: "Disabled" } } });
    expect(both({ sight: sight(selective), resource: off, outcomes: outcomes({ ServiceMonitor: "missingKind" }) })).toEqual(["False/CRDMissing", "False/Disabled"]);
    expect(asksForSelection(outcomes({ ServiceMonitor: "missingKind", PrometheusRule: "conflict" }))).toBe(false);
    expect(asksForSelection(outcomes({ ServiceMonitor: "missingKind", PrometheusRule: "created" }))).toBe(true);
  });
});

test("a dashboard for the Grafana Operator waits for its kind", () => {
  const dashboards = (result: OutcomeResult) => [...outcomes().filter((o) => o.desired.kind !== "ConfigMap"), { desired: child("GrafanaDashboard", "kv-responder-a-dashboard"), result }];
  expect(brief({ outcomes: dashboards("missingKind") }, "DashboardReady")).toBe("False/CRDMissing");
  expect(get({ outcomes: dashboards("missingKind") }, "DashboardReady")?.message).toContain("install the Grafana Operator's CRDs");
  expect([brief({ outcomes: dashboards("missingKind") }, "Ready"), brief({ outcomes: dashboards("created") }, "DashboardReady")]).toEqual(["True/AllReady", "True/Applied"]);
});

test("the Paused condition exists only while paused", () => {
  expect(get({}, "Paused")).toBeUndefined();
  expect(brief({ resource: resource({ paused: true }) }, "Paused")).toBe("True/PausedBySpec");
});

test("lastTransitionTime changes if and only if the condition's status changes", () => {
  const before = status({ deployment: deployment(1) });
  const again = status({ resource: resource({}, before), deployment: deployment(2), now: t1 });
  expect(again.conditions?.find((c) => c.type === "Ready")?.lastTransitionTime).toBe(t0);
  const ready = status({ resource: resource({}, before), now: t1 });
  expect(ready.conditions?.find((c) => c.type === "Ready")?.lastTransitionTime).toBe(t1);
  expect(sameStatus(status({ resource: resource({}, ready), now: "2026-01-01T00:02:00Z" }), ready)).toBe(true);
});

describe("tokens and the Redis protocol", () => {
  const tokens = { secret: "kv-responder-a-token-a-u1", rotation: { requested: "1" } };

  test("the Secret to use and the rotation are told; refused, what was told before stays", () => {
    expect(status({ tokens })).toMatchObject({ tokenSecret: tokens.secret, tokenRotation: tokens.rotation });
    expect(status({ tokens: {} })).not.toHaveProperty("tokenSecret");
    const before = resource({}, { observedGeneration: 3, tokenSecret: "kept", tokenRotation: { requested: "0" } });
    expect(status({ resource: before, refusal: { reason: "TenantTaken", message: "m" } })).toMatchObject({ tokenSecret: "kept", tokenRotation: { requested: "0" } });
  });

  test("a missing Secret of one's own explains missing pods, and is no news while all are there", () => {
    const waits = { resource: resource({ auth: { secretName: "mine" } }), missingSecrets: ["mine"] };
    expect(brief({ ...waits, deployment: deployment(2) }, "WorkloadAvailable")).toBe("False/SecretMissing");
    expect(get({ ...waits, deployment: deployment(2) }, "Ready")?.message).toContain("mine");
    expect(brief(waits, "WorkloadAvailable")).toBe("True/AllReplicasReady");
    expect(brief({ missingSecrets: ["another"], deployment: deployment(2) }, "WorkloadAvailable")).toBe("False/ReplicasNotReady");
  });

  test("an address for Redis clients while there is one", () => {
    expect(status().endpoints).toEqual({ http: "http://kv-responder-a.team.svc", metrics: "kv-responder-a.team.svc:9090" });
    const spec = { protocols: { resp: { enabled: true, port: 7000 } } };
    expect(status({ resource: resource(spec) }).endpoints?.resp).toBe("redis://kv-responder-a.team.svc:7000");
  });
});

test("for every combination: reasons come from the closed set, and Ready is never True beside Stalled, nor beside Reconciling unless new pods wait for their turn", () => {
  const result = fc.constantFrom<OutcomeResult>("created", "updated", "unchanged", "pending", "conflict", "forbidden", "missingKind", "deleting", "failed", "waiting");
  fc.assert(
    fc.property(fc.array(result, { minLength: 5, maxLength: 5 }), fc.nat(3), fc.boolean(), fc.boolean(), (results, ready, paused, refused) => {
      const s = status({
        resource: resource({ paused }),
        outcomes: children.map((desired, i) => ({ desired, result: results[i] ?? "unchanged", detail: "d" })),
        deployment: deployment(ready),
        ...(refused && { refusal: { reason: "TenantTaken", message: "m" } as const }),
      });
      const by = Object.fromEntries((s.conditions ?? []).map((c) => [c.type, c]));
      for (const c of s.conditions ?? []) expect(conditionReasons[c.type]).toContain(c.reason);
      expect(new Set(s.conditions?.map((c) => c.type)).size).toBe(s.conditions?.length);
      if (by["Ready"]?.status === "True") expect([by["Reconciling"]?.status, by["Stalled"]?.status]).toEqual([!refused && results.includes("waiting") ? "True" : "False", "False"]);
      expect([by["Reconciling"]?.status, by["Stalled"]?.status]).not.toEqual(["True", "True"]);
    }),
  );
});
