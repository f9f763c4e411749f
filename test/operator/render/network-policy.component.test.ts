// Who reaches the pods and whom they reach, asked of an evaluator of NetworkPolicies for every pair and port, beside what is meant in plain words.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { KubeObject } from "../../../operator/objects.ts";
import { networkPolicy } from "../../../operator/render/network-policy.ts";
import { labels } from "../../../operator/render/meta.ts";
import { allowed, type Peer, type Traffic } from "../../support/network-policies.ts";
import { anyContext, context } from "./contexts.ts";

const namespaceLabels = (namespace: string) => ({ "kubernetes.io/metadata.name": namespace, team: namespace });
let last = 0;
const pod = (namespace: string, podLabels: Record<string, string>): Peer => ({ ip: `10.244.0.${(last += 1)}`, pod: { namespace, namespaceLabels: namespaceLabels(namespace), labels: podLabels } });

const of = (name: string) => labels(context({}, { name, namespace: "shop" }), "cache");
const peers = {
  own: pod("shop", of("orders")),
  twin: pod("shop", of("orders")),
  neighbour: pod("shop", of("carts")),
  namesake: pod("web", of("orders")),
  client: pod("shop", { app: "checkout" }),
  frontend: pod("web", { app: "frontend" }),
  batch: pod("web", { app: "batch" }),
  prometheus: pod("monitoring", { app: "prometheus" }),
  operator: pod("kv-responder-system", { "app.kubernetes.io/name": "kv-responder-operator" }),
  impostor: pod("web", { "app.kubernetes.io/name": "kv-responder-operator" }),
  jaeger: pod("observability", { app: "jaeger" }),
  resolver: pod("kube-system", { "k8s-app": "kube-dns" }),
  outside: { ip: "203.0.113.7" },
} as const;
type Name = keyof typeof peers;
const names = Object.keys(peers) as Name[];
const ports = ["8080/TCP", "6379/TCP", "9090/TCP", "7946/TCP", "53/UDP", "53/TCP", "4318/TCP", "14318/TCP", "443/TCP"] as const;
type Port = (typeof ports)[number];

const traffic = (from: Peer, to: Peer, at: Port): Traffic => {
  const [port, protocol] = at.split("/") as [string, Traffic["protocol"]];
  return { from, to, port: Number(port), protocol };
};

/** "client -> own:8080/TCP" for whatever is let through, into or out of one of our pods. */
const ways = async (spec: object, options: object = {}): Promise<string[]> => {
  const c = context(spec, { name: "orders", namespace: "shop" });
  const policy = networkPolicy({ ...c, options: { ...c.options, ...options } }) as KubeObject;
  const asked = [...names.map((name) => [name, "own"] as const), ...names.map((name) => ["own", name] as const)]
    .filter(([from, to]) => from !== to)
    .flatMap(([from, to]) => ports.map((port) => ({ from, to, port })));
  const [answers = []] = await allowed([{ policies: [policy], traffic: asked.map(({ from, to, port }) => traffic(peers[from], peers[to], port)) }]);
  return [...new Set(asked.flatMap(({ from, to, port }, i) => (answers[i] ? [`${from} -> ${to}:${port}`] : [])))].toSorted();
};

const each = (who: readonly Name[], port: Port): string[] => who.map((name) => `${name} -> own:${port}`);
const everybody = names.filter((name) => name !== "own");
const dns = (["53/UDP", "53/TCP"] as const).flatMap((port) => everybody.filter((name) => name !== "twin").map((name) => `own -> ${name}:${port}`));
/** A pod that both policies hold: what goes out of one must be let into the other too, so between twins only the peers' port is open. */
const always = [...each(["twin"], "7946/TCP"), "own -> twin:7946/TCP", ...dns];

// the twin's own way out is closed to all but peers and DNS
const others = (list: readonly Name[]): Name[] => list.filter((name) => name !== "twin");
const here: Name[] = ["neighbour", "client"];

const cases: [string, object, object, string[]][] = [
  ["by default: pods of the namespace as clients, everybody for metrics", {}, {}, [...always, ...each(here, "8080/TCP"), ...each(others(everybody), "9090/TCP")]],
  ["the Redis protocol opens its port to the same", { protocols: { resp: { enabled: true } } }, {}, [...always, ...each(here, "8080/TCP"), ...each(here, "6379/TCP"), ...each(others(everybody), "9090/TCP")]],
  ["clients by their labels, in their namespaces", { networkPolicy: { clients: [{ namespaceSelector: { matchLabels: { team: "web" } }, podSelector: { matchLabels: { app: "frontend" } } }] } }, {}, [...always, ...each(["frontend"], "8080/TCP"), ...each(others(everybody), "9090/TCP")]],
  ["labels alone mean this namespace", { networkPolicy: { clients: [{ podSelector: { matchLabels: { app: "checkout" } } }] } }, {}, [...always, ...each(["client"], "8080/TCP"), ...each(others(everybody), "9090/TCP")]],
  ["a namespace alone means all its pods", { networkPolicy: { clients: [{ namespaceSelector: { matchLabels: { team: "web" } } }] } }, {}, [...always, ...each(["namesake", "frontend", "batch", "impostor"], "8080/TCP"), ...each(others(everybody), "9090/TCP")]],
  ["all namespaces", { networkPolicy: { clients: [{ namespaceSelector: {} }] } }, {}, [...always, ...each(others(everybody).filter((name) => name !== "outside"), "8080/TCP"), ...each(others(everybody), "9090/TCP")]],
  ["nobody", { networkPolicy: { clients: [] } }, {}, [...always, ...each(others(everybody), "9090/TCP")]],
  ["metrics for some namespaces, and for the operator where it runs", { networkPolicy: { monitoringNamespaces: ["monitoring"] } }, {}, [...always, ...each(here, "8080/TCP"), ...each(["prometheus", "operator"], "9090/TCP")]],
  ["the same for all tenants", {}, { monitoringNamespaces: ["monitoring"] }, [...always, ...each(here, "8080/TCP"), ...each(["prometheus", "operator"], "9090/TCP")]],
  ["an operator elsewhere", {}, { monitoringNamespaces: ["monitoring"], operatorNamespace: "web" }, [...always, ...each(here, "8080/TCP"), ...each(["prometheus", "impostor"], "9090/TCP")]],
  ["a pod that keeps to itself has no peers", { replicas: 1, replication: { mode: "None" } }, {}, [...dns, ...each(here, "8080/TCP"), ...each(others(everybody), "9090/TCP")]],
  ["traces to a Service: its namespace, whatever port its pods have", { tracing: { endpoint: "http://jaeger.observability.svc:4318" } }, {}, [...always, ...each(here, "8080/TCP"), ...each(others(everybody), "9090/TCP"), ...ports.filter((port) => !port.startsWith("53") && port.endsWith("TCP")).map((port) => `own -> jaeger:${port}`)]],
  ["traces to an address", { tracing: { endpoint: "http://203.0.113.7:4318" } }, {}, [...always, ...each(here, "8080/TCP"), ...each(others(everybody), "9090/TCP"), "own -> outside:4318/TCP"]],
  ["traces to a name outside", { tracing: { endpoint: "https://otlp.vendor.example" } }, {}, [...always, ...each(here, "8080/TCP"), ...each(others(everybody), "9090/TCP"), ...others(everybody).map((name) => `own -> ${name}:443/TCP`)]],
];

test.each(cases)("%s", async (_, spec, options, meant) => expect(await ways(spec, options)).toEqual(meant.toSorted()));

test("whatever a resource says: who monitors it reads its metrics, and nobody but its own pods speaks to its peers' port", async () => {
  const worlds = fc.sample(anyContext, 200).flatMap((c) => {
    const policy = networkPolicy(c);
    const own: Peer = { ip: "10.0.0.1", pod: { namespace: c.namespace, namespaceLabels: namespaceLabels(c.namespace), labels: { ...c.spec.podLabels, ...labels(c, "cache") } } };
    const monitors = [pod(c.spec.networkPolicy.monitoringNamespaces?.[0] ?? "anywhere", {}), peers.operator];
    const strangers = [pod(c.namespace, { ...labels(c, "cache"), "kvresponder.io/name": "another" }), pod("elsewhere", labels(c, "cache")), peers.outside];
    return policy ? [{ policies: [policy], traffic: [...monitors.map((from) => traffic(from, own, "9090/TCP")), ...strangers.map((from) => traffic(from, own, "7946/TCP"))] }] : [];
  });
  expect(worlds.length).toBeGreaterThan(100);
  const answers = await allowed(worlds);
  expect(worlds.flatMap(({ policies }, i) => (String(answers[i]) === "true,true,false,false,false" ? [] : [{ policies, answers: answers[i] }]))).toEqual([]);
});
