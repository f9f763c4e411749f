// Where traces may go: what a NetworkPolicy can say of a URL. It knows pods and addresses, no names, and sees a Service's pods behind its port.
import type { RenderContext } from "./context.ts";

/** A namespace's own name, which the API server puts on it as a label. */
export const inNamespace = (name: string): object => ({ matchLabels: { "kubernetes.io/metadata.name": name } });

/** A URL's host is spelt in four decimal numbers when it is an address. */
const address = /^\d+(\.\d+){3}$/;

/** <service>.<namespace>.svc, with the cluster's domain or without. */
const serviceName = /^[^.]+\.(?<namespace>[^.]+)\.svc(\.|$)/;

const defaultPort = { "http:": 80, "https:": 443 } as const;

const rulesFor = ({ protocol, hostname, port }: URL, namespace: string): object[] => {
  const ports = [{ protocol: "TCP", port: Number(port) || defaultPort[protocol as keyof typeof defaultPort] }];
  if (address.test(hostname)) return [{ to: [{ ipBlock: { cidr: `${hostname}/32` } }], ports }];
  // pods behind a Service may listen on another port than it does
  const inside = (name: string) => ({ to: [{ namespaceSelector: inNamespace(name) }] });
  const full = serviceName.exec(hostname)?.groups?.["namespace"];
  if (full !== undefined) return [inside(full)];
  const labels = hostname.split(".");
  if (labels.length === 1) return [inside(namespace)];
  // two labels may be a Service and its namespace, or a name outside
  return [...(labels.length === 2 ? [inside(labels[1] ?? "")] : []), { ports }];
};

export const tracingEgress = ({ spec, namespace }: RenderContext): object[] => (spec.tracing.endpoint === undefined ? [] : rulesFor(new URL(spec.tracing.endpoint), namespace));
