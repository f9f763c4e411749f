// The programs a local cluster is made of: which module builds each, with which flags, and how long that takes.

export interface ToolModule {
  /** Set with -X, beside -s -w. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly tags?: readonly string[];
}

export interface Tool {
  /** Folder under tools/. */
  readonly module: string;
  /** The Go package to build. */
  readonly package: string;
  /** Seconds of a cold build on 2 cores, in the table's order (the first of a module pays for what they share). */
  readonly seconds: number;
}

const version = "k8s.io/component-base/version";
const cniPlugins = "github.com/containernetworking/plugins/plugins";
const prometheusOperator = "github.com/prometheus-operator/prometheus-operator/cmd";

/** Versions are in the modules' go.mod. */
export const toolModules: Readonly<Record<string, ToolModule>> = {
  etcd: {},
  kubernetes: { variables: { [`${version}.gitVersion`]: "v1.36.3", [`${version}.gitMajor`]: "1", [`${version}.gitMinor`]: "36" } },
  containerd: { tags: ["no_btrfs", "no_zfs", "no_aufs", "no_devmapper"] },
  cni: {},
  pause: {},
  coredns: {},
  helm: {},
  prometheus: { tags: ["remove_all_sd", "enable_kubernetes_sd"], variables: { "github.com/prometheus/common/version.Version": "3.13.5" } },
  "prometheus-operator": {},
  alertmanager: { variables: { "github.com/prometheus/common/version.Version": "0.28.1" } },
  "dashboard-linter": {},
  kubeconform: {},
  "kube-score": {},
  "argocd-lua": {},
  "flux-status": {},
  "network-policy": {},
  "metrics-server": {},
  otelcol: {},
  jaeger: { variables: { "github.com/jaegertracing/jaeger/pkg/version.latestVersion": "v1.62.0" } },
};

/** Built in this order. */
export const tools = {
  etcd: { module: "etcd", package: "go.etcd.io/etcd/server/v3", seconds: 23 },
  "kube-apiserver": { module: "kubernetes", package: "k8s.io/kubernetes/cmd/kube-apiserver", seconds: 258 },
  kubectl: { module: "kubernetes", package: "k8s.io/kubernetes/cmd/kubectl", seconds: 23 },
  "kube-controller-manager": { module: "kubernetes", package: "k8s.io/kubernetes/cmd/kube-controller-manager", seconds: 62 },
  "kube-scheduler": { module: "kubernetes", package: "k8s.io/kubernetes/cmd/kube-scheduler", seconds: 6 },
  kubelet: { module: "kubernetes", package: "k8s.io/kubernetes/cmd/kubelet", seconds: 21 },
  "kube-proxy": { module: "kubernetes", package: "k8s.io/kubernetes/cmd/kube-proxy", seconds: 8 },
  containerd: { module: "containerd", package: "github.com/containerd/containerd/v2/cmd/containerd", seconds: 69 },
  "containerd-shim-runc-v2": { module: "containerd", package: "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2", seconds: 2 },
  ctr: { module: "containerd", package: "github.com/containerd/containerd/v2/cmd/ctr", seconds: 6 },
  bridge: { module: "cni", package: `${cniPlugins}/main/bridge`, seconds: 4 },
  loopback: { module: "cni", package: `${cniPlugins}/main/loopback`, seconds: 1 },
  "host-local": { module: "cni", package: `${cniPlugins}/ipam/host-local`, seconds: 1 },
  portmap: { module: "cni", package: `${cniPlugins}/meta/portmap`, seconds: 1 },
  pause: { module: "pause", package: ".", seconds: 1 },
  coredns: { module: "coredns", package: "github.com/coredns/coredns", seconds: 122 },
  helm: { module: "helm", package: "helm.sh/helm/v3/cmd/helm", seconds: 107 },
  promtool: { module: "prometheus", package: "github.com/prometheus/prometheus/cmd/promtool", seconds: 110 },
  prometheus: { module: "prometheus", package: "github.com/prometheus/prometheus/cmd/prometheus", seconds: 70 },
  "prometheus-operator": { module: "prometheus-operator", package: `${prometheusOperator}/operator`, seconds: 123 },
  "prometheus-config-reloader": { module: "prometheus-operator", package: `${prometheusOperator}/prometheus-config-reloader`, seconds: 5 },
  "alertmanager-config": { module: "prometheus-operator", package: ".", seconds: 6 },
  alertmanager: { module: "alertmanager", package: "github.com/prometheus/alertmanager/cmd/alertmanager", seconds: 33 },
  amtool: { module: "alertmanager", package: "github.com/prometheus/alertmanager/cmd/amtool", seconds: 4 },
  "dashboard-linter": { module: "dashboard-linter", package: "github.com/grafana/dashboard-linter", seconds: 240 },
  kubeconform: { module: "kubeconform", package: "github.com/yannh/kubeconform/cmd/kubeconform", seconds: 4 },
  "kube-score": { module: "kube-score", package: "github.com/zegl/kube-score/cmd/kube-score", seconds: 28 },
  "argocd-lua": { module: "argocd-lua", package: ".", seconds: 240 },
  "flux-status": { module: "flux-status", package: ".", seconds: 30 },
  "network-policy": { module: "network-policy", package: ".", seconds: 60 },
  "metrics-server": { module: "metrics-server", package: "sigs.k8s.io/metrics-server/cmd/metrics-server", seconds: 90 },
  otelcol: { module: "otelcol", package: ".", seconds: 240 },
  jaeger: { module: "jaeger", package: "github.com/jaegertracing/jaeger/cmd/all-in-one", seconds: 124 },
} as const satisfies Readonly<Record<string, Tool>>;

export type ToolName = keyof typeof tools;

export const toolNames = Object.keys(tools) as readonly ToolName[];

export const isToolName = (name: string): name is ToolName => Object.hasOwn(tools, name);

/** What `go build` is told beside -trimpath and the package; part of the cache key. */
export const buildFlags = ({ variables = {}, tags = [] }: ToolModule): readonly string[] => [
  ...(tags.length > 0 ? [`-tags=${tags.join(",")}`] : []),
  `-ldflags=${["-s -w", ...Object.entries(variables).map(([name, value]) => `-X ${name}=${value}`)].join(" ")}`,
];
