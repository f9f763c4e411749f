// The configuration files of a node's components, as text: every setting that matters, and why.
import type { Credentials } from "./pki.ts";

/** The node's own network; each cluster has all of it to itself, in its namespace. */
export const network = { node: "10.240.0.1", apiService: "10.96.0.1", dns: "10.96.0.10", pods: "10.244.0.0/24", apiPort: 6443, dnsReadyPort: 8181 } as const;

export const nodeName = "node1";
export const pauseName = "localhost/kvr/pause:1";

export interface NodePaths {
  readonly dir: string;
  /** Folder that holds all programs by name. */
  readonly bin: string;
  readonly containerdSocket: string;
  readonly containerdConfig: string;
  readonly cniDir: string;
  readonly kubeletConfig: string;
  readonly proxyConfig: string;
  readonly corefile: string;
  /** Empty: nothing of the machine's resolver leaks into pods. */
  readonly resolvConf: string;
}

export const nodePaths = (dir: string): NodePaths => ({
  dir,
  bin: `${dir}/bin`,
  containerdSocket: `${dir}/containerd.sock`,
  containerdConfig: `${dir}/containerd.toml`,
  cniDir: `${dir}/cni`,
  kubeletConfig: `${dir}/kubelet.json`,
  proxyConfig: `${dir}/kube-proxy.json`,
  corefile: `${dir}/Corefile`,
  resolvConf: `${dir}/resolv.conf`,
});

export const containerdConfig = ({ dir, bin, containerdSocket, cniDir }: NodePaths): string => `version = 3
root = "${dir}/containerd"
state = "${dir}/containerd-state"
[grpc]
  address = "${containerdSocket}"
[ttrpc]
  address = "${containerdSocket}.ttrpc"
[plugins.'io.containerd.internal.v1.opt']
  path = "${dir}/opt"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "${pauseName}"
[plugins.'io.containerd.cri.v1.runtime']
  # where oom_score_adj may not be lowered, runc fails with "can't get final child's PID from pipe"; this keeps it at ours or above
  restrict_oom_score_adj = true
  # its profile would be loaded into the machine's kernel and stay there
  disable_apparmor = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["${bin}"]
  conf_dir = "${cniDir}"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
    SystemdCgroup = false
`;

const json = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;

export const cniConfig = ({ dir }: NodePaths): string =>
  json({
    cniVersion: "1.0.0",
    name: "kvr",
    plugins: [
      {
        type: "bridge",
        bridge: "kvr0",
        isGateway: true,
        ipMasq: false,
        // a pod may reach itself through its Service
        hairpinMode: true,
        ipam: { type: "host-local", ranges: [[{ subnet: network.pods }]], routes: [{ dst: "0.0.0.0/0" }], dataDir: `${dir}/ipam` },
      },
      { type: "portmap", capabilities: { portMappings: true } },
    ],
  });

export interface KubeletOptions {
  readonly caFile: string;
  readonly serving: Credentials;
  /** Beneath the root of every cgroup hierarchy. */
  readonly cgroup: string;
}

export const kubeletConfig = ({ dir, containerdSocket, resolvConf }: NodePaths, { caFile, serving, cgroup }: KubeletOptions): string =>
  json({
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    failCgroupV1: false,
    failSwapOn: false,
    cgroupDriver: "cgroupfs",
    cgroupRoot: `/${cgroup}`,
    enforceNodeAllocatable: [],
    containerRuntimeEndpoint: `unix://${containerdSocket}`,
    // accounts with a token too: the metrics-server has no certificate
    authentication: { anonymous: { enabled: false }, x509: { clientCAFile: caFile }, webhook: { enabled: true } },
    authorization: { mode: "AlwaysAllow" },
    tlsCertFile: serving.certFile,
    tlsPrivateKeyFile: serving.keyFile,
    clusterDNS: [network.dns],
    clusterDomain: "cluster.local",
    resolvConf,
    podLogsDir: `${dir}/pod-logs`,
    volumePluginDir: `${dir}/volume-plugins`,
    localStorageCapacityIsolation: false,
    nodeStatusUpdateFrequency: "2s",
    // mounted ConfigMaps and Secrets follow within about a second, not a minute
    syncFrequency: "1s",
    // a full disk or memory of the machine is not this node's business
    imageGCHighThresholdPercent: 100,
    evictionHard: { "memory.available": "10Mi", "nodefs.available": "0%", "imagefs.available": "0%", "nodefs.inodesFree": "0%" },
  });

export const proxyConfig = (kubeconfig: string): string =>
  json({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "iptables",
    clusterCIDR: network.pods,
    clientConnection: { kubeconfig },
    hostnameOverride: nodeName,
    // a change of endpoints takes effect at once, not within a second
    iptables: { minSyncPeriod: "0s", syncPeriod: "30s" },
    // these settings are the whole machine's
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  });

export const corefile = (kubeconfig: string): string => `.:53 {
  bind ${network.dns}
  errors
  ready ${network.node}:${network.dnsReadyPort}
  kubernetes cluster.local in-addr.arpa {
    kubeconfig ${kubeconfig} kv-responder
    # the headless records of a pod that has gone must go too
    ttl 1
  }
  cache 2
}
`;
