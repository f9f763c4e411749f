// Who each part of a node's cluster is to the others: certificates, and kubeconfigs for use inside the namespaces.
import { join } from "node:path";
import { writeKubeconfig } from "./kubeconfig.ts";
import { network, nodeName } from "./node-config.ts";
import type { Credentials, Identity, Pki } from "./pki.ts";

/** The names that Kubernetes' own bootstrap roles are bound to; CoreDNS has none, so it is an administrator with a name. */
const clients = {
  "kube-controller-manager": { commonName: "system:kube-controller-manager" },
  "kube-scheduler": { commonName: "system:kube-scheduler" },
  "kube-proxy": { commonName: "system:kube-proxy" },
  kubelet: { commonName: `system:node:${nodeName}`, organizations: ["system:nodes"] },
  coredns: { commonName: "system:coredns", organizations: ["system:masters"] },
} as const satisfies Readonly<Record<string, Omit<Identity, "name">>>;

type NodeClient = keyof typeof clients;

export interface NodeIdentities {
  readonly apiServing: Credentials;
  /** The API server as client of the kubelet: logs, exec, port-forward. */
  readonly kubeletClient: Credentials;
  readonly kubeletServing: Credentials;
  /** The API server as client of API servers behind it, such as the metrics-server. */
  readonly frontProxy: Credentials;
  /** The administrator, as which this process waits and looks. */
  readonly admin: Credentials;
  /** Paths of kubeconfigs. */
  readonly kubeconfigs: Readonly<Record<NodeClient, string>>;
}

export const issueIdentities = async (dir: string, pki: Pki): Promise<NodeIdentities> => {
  const server = `https://${network.node}:${network.apiPort}`;
  const kubeconfig = async ([name, identity]: [string, Omit<Identity, "name">]): Promise<[string, string]> => [
    name,
    await writeKubeconfig(join(dir, `${name}.conf`), server, pki.caFile, await pki.issue({ name, ...identity })),
  ];
  return {
    apiServing: await pki.issue({
      name: "apiserver",
      commonName: "kube-apiserver",
      dns: ["localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local"],
      // from outside it is reached on loopback
      ips: ["127.0.0.1", network.apiService, network.node],
    }),
    kubeletClient: await pki.issue({ name: "kubelet-client", commonName: "kube-apiserver-kubelet-client", organizations: ["system:masters"] }),
    kubeletServing: await pki.issue({ name: "kubelet-serving", commonName: `system:node:${nodeName}`, organizations: ["system:nodes"], dns: [nodeName], ips: [network.node] }),
    frontProxy: await pki.issue({ name: "front-proxy", commonName: "front-proxy-client" }),
    admin: await pki.issue({ name: "admin", commonName: "admin", organizations: ["system:masters"] }),
    kubeconfigs: Object.fromEntries(await Promise.all(Object.entries(clients).map(kubeconfig))) as Record<NodeClient, string>,
  };
};
