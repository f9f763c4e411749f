// The processes of a node, each with its arguments and the sign that it serves.
import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import type { Api } from "./api.ts";
import type { ComponentSpec } from "./component.ts";
import { aggregationArgs, apiServerArgs, controllerManagerArgs, etcdArgs, schedulerArgs, type ApiServerOptions } from "./control-plane.ts";
import { network, nodeName, type NodePaths } from "./node-config.ts";
import type { NodeIdentities } from "./node-identities.ts";
import type { Pki } from "./pki.ts";

/** Processes that stay; the other programs are started by containerd, or by us once. */
export const daemons = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "containerd", "kubelet", "kube-proxy", "coredns"] as const;
export type Daemon = (typeof daemons)[number];

export interface NodeParts {
  readonly paths: NodePaths;
  readonly programs: Readonly<Record<Daemon, string>>;
  readonly pki: Pki;
  readonly identities: NodeIdentities;
  readonly api: Api;
  /** Of CoreDNS's ready plugin, as seen from here. */
  readonly dnsReadyUrl: string;
  readonly audit?: ApiServerOptions["audit"];
  readonly apiServerExtra: readonly string[];
}

const socketAccepts = async (path: string): Promise<boolean> => {
  const socket = connect(path);
  await once(socket, "connect");
  socket.destroy();
  return true;
};

interface NodeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const isReady = (node: NodeObject | undefined): boolean => node?.status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") ?? false;

export const nodeComponents = ({ paths, programs, pki, identities, api, dnsReadyUrl, audit, apiServerExtra }: NodeParts): Readonly<Record<Daemon, ComponentSpec>> => {
  const { kubeconfigs, kubeletClient } = identities;
  const etcdPaths = { data: join(paths.dir, "etcd"), socket: join(paths.dir, "etcd.sock"), peerSocket: join(paths.dir, "peer.sock") };
  const spec = (name: Daemon, args: readonly string[], serves?: () => Promise<boolean>): ComponentSpec => ({
    name,
    argv: [programs[name], ...args],
    ...(serves === undefined ? {} : { serves }),
  });
  const apiServer = apiServerArgs({
    etcdSocket: etcdPaths.socket,
    pki,
    serving: identities.apiServing,
    bindAddress: "0.0.0.0",
    port: network.apiPort,
    ...(audit === undefined ? {} : { audit }),
  });
  return {
    etcd: spec("etcd", etcdArgs(etcdPaths), () => socketAccepts(etcdPaths.socket)),
    "kube-apiserver": spec(
      "kube-apiserver",
      [
        ...apiServer,
        `--advertise-address=${network.node}`,
        `--kubelet-client-certificate=${kubeletClient.certFile}`,
        `--kubelet-client-key=${kubeletClient.keyFile}`,
        `--kubelet-certificate-authority=${pki.caFile}`,
        // the node's name resolves nowhere
        "--kubelet-preferred-address-types=InternalIP",
        ...aggregationArgs(pki.caFile, identities.frontProxy),
        ...apiServerExtra,
      ],
      async () => (await api.request("GET", "/readyz")).status === 200,
    ),
    "kube-controller-manager": spec(
      "kube-controller-manager",
      controllerManagerArgs({ kubeconfig: kubeconfigs["kube-controller-manager"], pki }),
      // no pod is admitted before its namespace has this one
      async () => (await api.get("/api/v1/namespaces/default/serviceaccounts/default")) !== undefined,
    ),
    "kube-scheduler": spec("kube-scheduler", schedulerArgs(kubeconfigs["kube-scheduler"])),
    containerd: spec("containerd", [`--config=${paths.containerdConfig}`], () => socketAccepts(paths.containerdSocket)),
    kubelet: spec(
      "kubelet",
      [
        `--config=${paths.kubeletConfig}`,
        `--kubeconfig=${kubeconfigs.kubelet}`,
        `--root-dir=${join(paths.dir, "kubelet")}`,
        `--hostname-override=${nodeName}`,
        `--node-ip=${network.node}`,
      ],
      async () => isReady(await api.get<NodeObject>(`/api/v1/nodes/${nodeName}`)),
    ),
    "kube-proxy": spec("kube-proxy", [`--config=${paths.proxyConfig}`]),
    coredns: spec("coredns", ["-conf", paths.corefile], async () => (await fetch(`${dnsReadyUrl}/ready`)).ok),
  };
};
