// Who may reach the pods, and whom they may reach, where the cluster's network enforces it. Kubelets reach the pods of their node in any case.
import { port } from "#contract/http";
import { childName } from "#crds/names";
import type { NetworkPolicySpec } from "#crds/network-policy";
import type { Renderer, RenderContext } from "./context.ts";
import { child, podSelector } from "./meta.ts";
import { inNamespace, tracingEgress } from "./trace-egress.ts";

/** As config/manager and the operator's chart label it. */
const operatorPods = { "app.kubernetes.io/name": "kv-responder-operator" };

const tcp = (number: number) => ({ protocol: "TCP", port: number });

type Client = NonNullable<NetworkPolicySpec["clients"]>[number];

/** An empty selector means all of its kind, and none at all means this namespace. */
const peer = ({ namespaceSelector, podSelector: pods }: Client): object => {
  const selector = ({ matchLabels = {} }: { matchLabels?: Record<string, string> | undefined }) => (Object.keys(matchLabels).length > 0 ? { matchLabels } : {});
  return namespaceSelector || pods ? { ...(namespaceSelector && { namespaceSelector: selector(namespaceSelector) }), ...(pods && { podSelector: selector(pods) }) } : { podSelector: {} };
};

const clients = ({ spec }: RenderContext): object[] => {
  const ports = [tcp(port.http), ...(spec.protocols.resp.enabled ? [tcp(port.resp)] : [])];
  const from = (spec.networkPolicy.clients ?? [{}]).map(peer);
  // a rule without peers would let everybody in; nobody is a rule that is not there
  return from.length === 0 ? [] : [{ from, ports }];
};

/** Always open to who monitors. Metrics say how a cache does, not what is in it, so the default lets every Prometheus in, whichever namespace or node it runs on. */
const monitoring = ({ spec, options }: RenderContext): object => {
  const namespaces = spec.networkPolicy.monitoringNamespaces ?? options.monitoringNamespaces;
  const ports = [tcp(port.metrics)];
  if (namespaces === undefined) return { ports };
  const operator = { namespaceSelector: inNamespace(options.operatorNamespace ?? "kv-responder-system"), podSelector: { matchLabels: operatorPods } };
  return { from: [...namespaces.map((name) => ({ namespaceSelector: inNamespace(name) })), operator], ports };
};

export const networkPolicy: Renderer = (context) => {
  if (context.spec.networkPolicy.mode === "Disabled") return undefined;
  const own = { podSelector: { matchLabels: podSelector(context) } };
  const peers = context.spec.replication.mode === "Peers" ? [tcp(port.peers)] : [];
  return child(
    context,
    { apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", name: childName.workload(context.name), component: "cache" },
    {
      spec: {
        podSelector: { matchLabels: podSelector(context) },
        policyTypes: ["Ingress", "Egress"],
        ingress: [...clients(context), monitoring(context), ...(peers.length > 0 ? [{ from: [own], ports: peers }] : [])],
        egress: [
          ...(peers.length > 0 ? [{ to: [own], ports: peers }] : []),
          // wherever it is: in kube-system, at a node's own address, outside
          { ports: [{ protocol: "UDP", port: 53 }, tcp(53)] },
          ...tracingEgress(context),
        ],
      },
    },
  );
};
