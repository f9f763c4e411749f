// Who reaches the operator and whom it reaches by the policies that are shipped, asked of an evaluator of NetworkPolicies for every pair and port.
import { expect, test } from "vitest";
import { port as tenantPort } from "#contract/http";
import type { KubeObject } from "../../operator/objects.ts";
import { labels } from "../../operator/render/meta.ts";
import { networkPolicy } from "../../operator/render/network-policy.ts";
import type { Manifest } from "../cluster/types.ts";
import { context } from "../operator/render/contexts.ts";
import { allowed, type Peer, type Traffic } from "../support/network-policies.ts";
import { kustomize, objects, operatorTemplate } from "./rendered.ts";

const ours = "kv-responder-system";
let last = 0;
const pod = (namespace: string, podLabels: Readonly<Record<string, string>> = {}): Peer => ({
  ip: `10.244.0.${(last += 1)}`,
  pod: { namespace, namespaceLabels: { "kubernetes.io/metadata.name": namespace }, labels: podLabels },
});

const tenant = context({ networkPolicy: { monitoringNamespaces: ["monitoring"] } }, { namespace: "shop" });

/** Everybody but the operator, whose namespace this is. */
const peersOf = (namespace: string) => ({
  companion: pod(namespace, { "app.kubernetes.io/component": "test" }),
  prometheus: pod("monitoring", { "app.kubernetes.io/name": "prometheus" }),
  lenses: pod("lenses"),
  tenant: pod(tenant.namespace, labels(tenant, "cache")),
  client: pod(tenant.namespace, { app: "checkout" }),
  impostor: pod("web", { "app.kubernetes.io/name": "kv-responder-operator" }),
  jaeger: pod("observability", { app: "jaeger" }),
  resolver: pod("kube-system", { "k8s-app": "kube-dns" }),
  // pods of the host's network have none of the cluster's addresses
  apiServer: { ip: "172.18.0.2" },
  outside: { ip: "203.0.113.7" },
});
type Name = keyof ReturnType<typeof peersOf>;

const ports = ["53/UDP", "53/TCP", "80/TCP", "443/TCP", "443/UDP", "4318/TCP", "5353/UDP", "5353/TCP", "6379/TCP", "6443/TCP", "7946/TCP", "8080/TCP", "9090/TCP", "10250/TCP", "16443/TCP"] as const;
type Port = (typeof ports)[number];

interface Shipped {
  /** YAML in which the operator and its policy are. */
  readonly text: string;
  readonly namespace?: string;
  readonly others?: readonly KubeObject[];
}

/** "prometheus -> operator:8080/TCP" for whatever is let through, into the operator or out of it. Its labels are those that its own Deployment gives. */
const ways = async ({ text, namespace = ours, others = [] }: Shipped): Promise<string[]> => {
  const shipped = objects(text);
  const [deployment] = shipped.filter(({ kind }) => kind === "Deployment") as (Manifest & { spec: { template: { metadata: { labels: Record<string, string> } } } })[];
  const policies = shipped.filter(({ kind }) => kind === "NetworkPolicy") as KubeObject[];
  expect(policies).toHaveLength(1);
  const peers = { ...peersOf(namespace), operator: pod(namespace, deployment?.spec.template.metadata.labels) };
  const names = Object.keys(peers).filter((name) => name !== "operator") as Name[];
  const asked = names.flatMap((name) => ([[name, "operator"], ["operator", name]] as const).flatMap(([from, to]) => ports.map((at) => ({ from, to, at }))));
  const traffic = asked.map(({ from, to, at }): Traffic => {
    const [number, protocol] = at.split("/") as [string, Traffic["protocol"]];
    return { from: peers[from], to: peers[to], port: Number(number), protocol };
  });
  const [answers = []] = await allowed([{ policies: [...policies, ...others], traffic }]);
  return asked.flatMap(({ from, to, at }, i) => (answers[i] ? [`${from} -> ${to}:${at}`] : [])).toSorted();
};

const into = (who: readonly Name[]): string[] => who.map((name) => `${name} -> operator:8080/TCP`);
/** Where neither an API server nor a resolver can be told by labels, the port is all there is. */
const outOn = (...open: readonly Port[]): string[] => (Object.keys(peersOf(ours)) as Name[]).flatMap((name) => open.map((at) => `operator -> ${name}:${at}`));
const dns = ["53/UDP", "53/TCP", "5353/UDP", "5353/TCP"] as const;
const apiServer = ["443/TCP", "6443/TCP"] as const;
const asksTenants = `operator -> tenant:${tenantPort.metrics}/TCP`;
const always = [...into(["companion", "prometheus"]), asksTenants, ...outOn(...dns, ...apiServer)];

const kustomized = async (): Promise<string> => (await Promise.all(["default", "network-policy"].map(kustomize))).join("\n---\n");
const chart = (...args: readonly string[]): Promise<string> => operatorTemplate("--set=networkPolicy.enabled=true", ...args);

test("as kustomize has it: metrics for monitoring and its own namespace; out to the API server, DNS and tenants' pods, and nowhere else", async () => {
  expect(await ways({ text: await kustomized() })).toEqual(always.toSorted());
});

test.each<[string, readonly string[], string, readonly string[]]>([
  ["as it is", [], ours, always],
  ["in a namespace of another name", ["--namespace=platform"], "platform", always],
  ["with monitoring in two namespaces", ["--set=networkPolicy.monitoringNamespaces={monitoring,lenses}"], ours, [...always, ...into(["lenses"])]],
  ["with monitoring in none", ["--set=networkPolicy.monitoringNamespaces=null"], ours, [...into(["companion"]), asksTenants, ...outOn(...dns, ...apiServer)]],
  ["with an API server at another port", ["--set=networkPolicy.apiServerPorts={16443}"], ours, [...into(["companion", "prometheus"]), asksTenants, ...outOn(...dns, "16443/TCP")]],
  ["with a receiver of traces", ["--set=config.traceEndpoint=http://jaeger.observability:4318"], ours, [...always, ...outOn("4318/TCP")]],
  ["with one that has a path and no port", ["--set=config.traceEndpoint=http://jaeger.observability/otlp"], ours, [...always, ...outOn("80/TCP")]],
  ["with one by TLS, which has the API server's port", ["--set=config.traceEndpoint=https://otlp.vendor.example"], ours, always],
])("the chart %s", async (_, args, namespace, meant) => {
  expect(await ways({ text: await chart(...args), namespace })).toEqual(meant.toSorted());
});

test("with a tenant's own policy beside it the operator reaches that tenant at the port that it asks, and no other", async () => {
  const policy = networkPolicy(tenant) as KubeObject;
  const both = (await ways({ text: await kustomized(), others: [policy] })).filter((way) => way.includes("tenant"));
  expect(both).toEqual([asksTenants]);
});
