// The client, the reflector and apply against a real API server: what a fake cannot know.
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { fieldManager } from "#crds/names";
import { systemClock, systemTimers } from "#lib/clock";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { applyChild } from "../../../operator/kube/apply.ts";
import { createClient } from "../../../operator/kube/client.ts";
import type { ApiError } from "../../../operator/kube/errors.ts";
import { createEvents } from "../../../operator/kube/events.ts";
import { createPresence } from "../../../operator/kube/presence.ts";
import { createReflector } from "../../../operator/kube/reflector.ts";
import type { KubeClient, Reflector } from "../../../operator/kube/types.ts";
import type { Kind } from "../../../operator/kinds.ts";
import type { KubeObject } from "../../../operator/objects.ts";
import { differs } from "../../../operator/reconcile/diff.ts";
import { startCluster, type Cluster } from "../../cluster/index.ts";
import { silentLog } from "../../support/manual-time.ts";

const configMaps: Kind = { group: "", version: "v1", kind: "ConfigMap", plural: "configmaps" };
const namespaces: Kind = { group: "", version: "v1", kind: "Namespace", plural: "namespaces" };
const deployments: Kind = { group: "apps", version: "v1", kind: "Deployment", plural: "deployments" };
const widgets: Kind = { group: "test.example", version: "v1", kind: "Widget", plural: "widgets" };
const manager = { fieldManager, force: true };

let cluster: Cluster;
let client: KubeClient;

beforeAll(async () => {
  cluster = await startCluster({ kind: "control" });
  client = createClient({ kubeconfig: cluster.kubeconfig });
});
afterAll(async () => {
  await client?.close();
  await cluster?.stop();
});

const configMap = (name: string, data: Record<string, string> = {}, namespace = "default"): KubeObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace, labels: { test: "kube" } },
  data,
});
const failureOf = async (call: Promise<unknown>): Promise<ApiError> =>
  call.then(
    () => {
      throw new Error("the call did not fail");
    },
    (error: unknown) => error as ApiError,
  );

test("300 calls share a few connections", async () => {
  let opened = 0;
  const count = (): void => void opened++;
  subscribe("undici:client:connected", count);
  const own = createClient({ kubeconfig: cluster.kubeconfig, connections: 4 });
  for (let i = 0; i < 200; i++) await own.get(namespaces, { name: "default" });
  await Promise.all(Array.from({ length: 100 }, () => own.list(configMaps, { namespace: "default", limit: 1 })));
  unsubscribe("undici:client:connected", count);
  await own.close();
  expect(opened).toBeGreaterThan(0);
  expect(opened).toBeLessThanOrEqual(4);
});

describe("failures are what the server means", () => {
  test("absent objects, namespaces and kinds", async () => {
    expect(await client.get(configMaps, { namespace: "default", name: "nope" })).toBeUndefined();
    expect((await failureOf(client.get(widgets, { namespace: "default", name: "nope" }))).kind).toBe("missingKind");
    expect((await failureOf(client.list(widgets))).kind).toBe("missingKind");
    expect((await failureOf(client.apply(configMaps, configMap("a", {}, "nope"), manager))).kind).toBe("notFound");
    expect(await client.discover("test.example/v1")).toBeUndefined();
    expect(await client.discover("apps/v1")).toContain("deployments");
  });

  test("a UID that is not that of the live object is a conflict, whether it lives or not", async () => {
    const { object } = await client.apply(configMaps, configMap("uid"), manager);
    const stale = { ...configMap("uid", { x: "1" }), metadata: { name: "uid", namespace: "default", uid: "00000000-0000-0000-0000-000000000000" } };
    expect((await failureOf(client.apply(configMaps, stale, manager))).kind).toBe("conflict");
    expect((await failureOf(client.delete(configMaps, { namespace: "default", name: "uid" }, { uid: stale.metadata.uid }))).kind).toBe("conflict");
    expect(await client.delete(configMaps, { namespace: "default", name: "uid" }, { uid: object.metadata.uid })).toBe(true);
    expect(await client.delete(configMaps, { namespace: "default", name: "uid" }, { uid: object.metadata.uid })).toBe(false);
    expect((await failureOf(client.apply(configMaps, stale, manager))).kind).toBe("conflict");
  });

  test("a field of another manager, an unknown field, a wrong value, an old version, an existing object", async () => {
    await client.apply(configMaps, configMap("fields", { x: "1" }), { fieldManager: "other", force: false });
    expect((await failureOf(client.apply(configMaps, configMap("fields", { x: "2" }), { fieldManager, force: false }))).kind).toBe("fieldConflict");
    expect((await failureOf(client.apply(configMaps, { ...configMap("unknown"), nonsense: 1 }, manager))).kind).toBe("invalid");
    expect((await failureOf(client.mergePatch(configMaps, { namespace: "default", name: "fields" }, { nonsense: 1 }))).kind).toBe("invalid");
    expect((await failureOf(client.apply(configMaps, configMap("Not A Name"), manager))).kind).toBe("invalid");
    expect((await failureOf(client.mergePatch(configMaps, { namespace: "default", name: "fields" }, { metadata: { resourceVersion: "1" }, data: { x: "3" } }))).kind).toBe("conflict");
    expect((await failureOf(client.create(configMaps, configMap("fields")))).kind).toBe("alreadyExists");
  });
});

/** Every list type and every trap of the kinds we own: defaults, zero values, quantities, atomic structs, ports told apart by their protocol. */
const samples: [Kind, KubeObject][] = [
  [
    deployments,
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "round-trip", namespace: "default", labels: { a: "b" }, annotations: {} },
      spec: {
        replicas: 0,
        selector: { matchLabels: { a: "b" } },
        strategy: { type: "RollingUpdate", rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: { labels: { a: "b" } },
          spec: {
            hostNetwork: false,
            enableServiceLinks: false,
            securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } },
            tolerations: [{ key: "a", operator: "Exists" }],
            topologySpreadConstraints: [{ maxSkew: 1, topologyKey: "kubernetes.io/hostname", whenUnsatisfiable: "ScheduleAnyway", labelSelector: { matchLabels: { a: "b" } } }],
            containers: [
              {
                name: "x",
                image: "x:1",
                args: [],
                env: [
                  { name: "EMPTY", value: "" },
                  { name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
                ],
                ports: [{ containerPort: 53 }, { containerPort: 53, protocol: "UDP" }, { containerPort: 53, protocol: "SCTP" }],
                resources: { limits: { cpu: "1000m", memory: "0.5Gi" }, requests: { cpu: 0.25, memory: "268435456" } },
                securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
                readinessProbe: { httpGet: { path: "/readyz", port: "http" }, periodSeconds: 5 },
                volumeMounts: [{ name: "tmp", mountPath: "/tmp" }],
              },
            ],
            volumes: [
              { name: "tmp", emptyDir: { sizeLimit: "1024Mi" } },
              { name: "none", emptyDir: {} },
              { name: "conf", configMap: { name: "c", optional: false } },
            ],
          },
        },
      },
    },
  ],
  [
    { group: "", version: "v1", kind: "Service", plural: "services" },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "round-trip", namespace: "default" },
      spec: { clusterIP: "None", publishNotReadyAddresses: true, selector: { a: "b" }, ports: [{ name: "dns", port: 53 }, { name: "dns-udp", port: 53, protocol: "UDP", targetPort: "dns" }] },
    },
  ],
  [
    { group: "policy", version: "v1", kind: "PodDisruptionBudget", plural: "poddisruptionbudgets" },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata: { name: "round-trip", namespace: "default" },
      spec: { maxUnavailable: 1, unhealthyPodEvictionPolicy: "AlwaysAllow", selector: { matchLabels: { a: "b" } } },
    },
  ],
  [
    { group: "networking.k8s.io", version: "v1", kind: "NetworkPolicy", plural: "networkpolicies" },
    {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata: { name: "round-trip", namespace: "default" },
      spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"], ingress: [{ from: [{ podSelector: {} }], ports: [{ port: 8080 }] }], egress: [{}] },
    },
  ],
];

describe("what was applied does not differ from what the server shows", () => {
  test.each(samples)("$kind", async (kind, desired) => {
    const { object } = await client.apply(kind, desired, { fieldManager, force: false });
    expect(differs(desired, object, fieldManager)).toBeUndefined();
    // and the server agrees: the same again is no write (between the two calls a controller may have written the status)
    await cluster.waitFor("an apply that changes nothing", async () => {
      const before = await client.get(kind, { namespace: "default", name: "round-trip" });
      const again = await client.apply(kind, { ...desired, metadata: { ...desired.metadata, uid: object.metadata.uid ?? "" } }, manager);
      return again.object.metadata.resourceVersion === before?.metadata.resourceVersion;
    });
    // controllers and other people write beside us
    await cluster.kubectl("label", `${kind.plural}/round-trip`, "theirs=1");
    const shared = await client.get(kind, { namespace: "default", name: "round-trip" });
    expect(shared?.metadata.labels?.["theirs"]).toBe("1");
    expect(shared && differs(desired, shared, fieldManager)).toBeUndefined();
  });

  test("what somebody takes over, and what we no longer want, does", async () => {
    const wanted = configMap("takeover", { x: "1", y: "2" });
    await client.apply(configMaps, wanted, manager);
    await cluster.kubectl("patch", "configmap/takeover", "--type=merge", "-p", '{"data":{"x":"9"}}');
    const live = await client.get(configMaps, { namespace: "default", name: "takeover" });
    expect(live && differs(wanted, live, fieldManager)).toEqual({ path: "data.x", reason: "foreign" });
    expect(live && differs(configMap("takeover", { x: "1" }), live, fieldManager)).toMatchObject({ path: "data.x" });
    const { object } = await client.apply(configMaps, wanted, manager);
    expect(differs(wanted, object, fieldManager)).toBeUndefined();
    expect(differs(configMap("takeover", { x: "1" }), object, fieldManager)).toEqual({ path: "data.y", reason: "unwanted" });
    const less = await client.apply(configMaps, configMap("takeover", { x: "1" }), manager);
    expect(less.object["data"]).toEqual({ x: "1" });
  });
});

describe("reflector", () => {
  const reflect = (kind: Kind, labelSelector?: string): { reflector: Reflector; told: string[] } => {
    const told: string[] = [];
    const reflector = createReflector({ client, kind, labelSelector, clock: systemClock, timers: systemTimers, log: silentLog, absentRetryMs: 200 });
    reflector.onEvent((e) => told.push(`${e.type} ${e.object.metadata.name}`));
    return { reflector, told };
  };

  test("pages through a long list, then sees changes; own writes at once", async () => {
    await cluster.kubectl("create", "namespace", "many");
    const all = Array.from({ length: 600 }, (_, i) => ({ ...configMap(`m-${i}`, {}, "many"), metadata: { name: `m-${i}`, namespace: "many", labels: { many: "1" } } }));
    for (let i = 0; i < all.length; i += 100) await Promise.all(all.slice(i, i + 100).map((o) => client.create(configMaps, o)));
    const { reflector, told } = reflect(configMaps, "many=1");
    reflector.start();
    await reflector.whenSynced();
    expect(reflector.store.size).toBe(600);
    told.splice(0);

    const mine = { ...all[0], data: { x: "1" } } as KubeObject;
    const { object } = await client.apply(configMaps, mine, manager);
    reflector.store.upsert(object);
    expect(reflector.store.get("many", "m-0")?.["data"]).toEqual({ x: "1" });
    await cluster.kubectl("label", "configmap/m-1", "-n", "many", "more=1");
    await cluster.kubectl("label", "configmap/m-2", "-n", "many", "many-");
    await cluster.kubectl("delete", "configmap/m-3", "-n", "many");
    await cluster.waitFor("the changes", () => told.includes("deleted m-3"));
    // one that leaves the selection is gone for us; our own write is told only when the watch was faster than its answer
    expect(told.filter((t) => t !== "modified m-0")).toEqual(["modified m-1", "deleted m-2", "deleted m-3"]);
    expect(reflector.store.get("many", "m-0")?.metadata.managedFields?.some((e) => e.manager === fieldManager)).toBe(true);
    await reflector.stop();
  });

  test("follows a CRD that comes, goes and comes again; presence tells", async () => {
    const crd = {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "widgets.test.example" },
      spec: {
        group: "test.example",
        scope: "Namespaced",
        names: { kind: "Widget", plural: "widgets" },
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } } }],
      },
    };
    const seen: boolean[] = [];
    const presence = createPresence({ client, kinds: [widgets], timers: systemTimers, log: silentLog, intervalMs: 100, onChange: (_, present) => seen.push(present) });
    await presence.start();
    const { reflector, told } = reflect(widgets);
    reflector.start();
    await reflector.whenSynced();
    expect(reflector.state).toBe("absent");
    for (const round of [1, 2]) {
      await cluster.apply(crd);
      await cluster.waitFor("the kind is watched", () => reflector.state === "synced");
      await cluster.waitFor("the widget is made", () =>
        client.apply(widgets, { apiVersion: "test.example/v1", kind: "Widget", metadata: { name: `w${round}`, namespace: "default" } }, manager).then(() => true),
      );
      await cluster.waitFor("the widget is seen", () => told.includes(`added w${round}`));
      await cluster.kubectl("delete", "crd/widgets.test.example");
      await cluster.waitFor("the kind is gone", () => reflector.state === "absent" && reflector.store.size === 0);
      expect(told).toContain(`deleted w${round}`);
    }
    await cluster.waitFor("presence has told it all", () => seen.length === 5);
    expect(seen).toEqual([false, true, false, true, false]);
    await presence.stop();
    await reflector.stop();
  });
});

describe("children", () => {
  const none = { get: () => undefined, list: () => [], size: 0, upsert: () => {} };
  const owner = { apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: "" };

  test("a foreign object is never written; a namespace on its way out is met quietly", async () => {
    const { object } = await client.apply(configMaps, configMap("owner"), manager);
    const of = { ...owner, uid: object.metadata.uid ?? "" };
    const child = (name: string, namespace = "default"): KubeObject => ({
      ...configMap(name, { mine: "1" }, namespace),
      metadata: { name, namespace, ownerReferences: [{ apiVersion: "v1", kind: "ConfigMap", name: "owner", uid: of.uid, controller: true, blockOwnerDeletion: true }] },
    });
    const apply = (desired: KubeObject) => applyChild({ client }, { kind: configMaps, desired, owner: of, store: none, dryRun: false, signal: new AbortController().signal });

    await cluster.kubectl("create", "configmap", "foreign", "--from-literal=theirs=1");
    const before = await client.get(configMaps, { namespace: "default", name: "foreign" });
    expect((await apply(child("foreign"))).result).toBe("conflict");
    expect((await client.get(configMaps, { namespace: "default", name: "foreign" }))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);

    expect((await apply(child("child"))).result).toBe("created");
    expect((await apply(child("child"))).result).toBe("unchanged");

    await cluster.kubectl("create", "namespace", "going");
    await client.apply(configMaps, { ...configMap("hold", {}, "going"), metadata: { name: "hold", namespace: "going", finalizers: ["test.example/hold"] } as KubeObject["metadata"] }, manager);
    await cluster.kubectl("delete", "namespace/going", "--wait=false");
    await cluster.waitFor("the namespace is going", async () => (await client.get(namespaces, { name: "going" }))?.metadata.deletionTimestamp !== undefined);
    expect(await apply(child("late", "going"))).toMatchObject({ result: "deleting", detail: "its namespace is being deleted" });
    await client.mergePatch(configMaps, { namespace: "going", name: "hold" }, { metadata: { finalizers: null } });
  });

  test("our fields are taken out again of a foreign object that appeared under a create", async () => {
    await cluster.kubectl("create", "configmap", "sudden", "--from-literal=theirs=1");
    // as if it had not been there when we looked
    const blind: KubeClient["get"] = (() => {
      let looked = 0;
      return (kind, of, options) => (looked++ === 0 ? Promise.resolve(undefined) : client.get(kind, of, options));
    })();
    const outcome = await applyChild(
      { client: { ...client, get: blind } },
      { kind: configMaps, desired: configMap("sudden", { mine: "1" }), owner: { ...owner, uid: "x" }, store: none, dryRun: false, signal: new AbortController().signal },
    );
    expect(outcome.result).toBe("conflict");
    const after = await client.get(configMaps, { namespace: "default", name: "sudden" });
    expect([after?.["data"], after?.metadata.labels]).toEqual([{ theirs: "1" }, undefined]);
  });
});

test("events are accepted and shown for their object", async () => {
  const { object } = await client.apply(configMaps, configMap("told"), manager);
  const events = createEvents({ client, clock: systemClock, log: silentLog, instance: "test" });
  events.announce(object, { type: "Warning", reason: "Conflict", note: `a note of ${"é".repeat(600)}` });
  events.announce(object, { type: "Normal", reason: "AllReady", note: "3 of 3 pods are ready" });
  await cluster.waitFor("both events", async () => {
    const text = await cluster.kubectl("events", "--for", "configmap/told", "-o", "json");
    return (JSON.parse(text) as { items: unknown[] }).items.length === 2;
  });
});
