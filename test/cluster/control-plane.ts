// The command lines of the control plane: every flag that matters, and why.
import type { Credentials, Pki } from "./pki.ts";

const serviceCidr = "10.96.0.0/16";

export interface EtcdPaths {
  readonly data: string;
  /** Unix sockets: no ports to find, and nothing else on the machine can connect. */
  readonly socket: string;
  readonly peerSocket: string;
}

export const etcdArgs = ({ data, socket, peerSocket }: EtcdPaths): readonly string[] => [
  `--data-dir=${data}`,
  `--listen-client-urls=unix://${socket}`,
  `--advertise-client-urls=unix://${socket}`,
  `--listen-peer-urls=unix://${peerSocket}`,
  `--initial-advertise-peer-urls=unix://${peerSocket}`,
  `--initial-cluster=default=unix://${peerSocket}`,
  // it only has to survive its own restart, not a power cut
  "--unsafe-no-fsync",
];

export interface ApiServerOptions {
  readonly etcdSocket: string;
  readonly pki: Pki;
  readonly serving: Credentials;
  readonly bindAddress: string;
  readonly port: number;
  readonly audit?: { readonly policyFile: string; readonly logFile: string };
}

export const apiServerArgs = ({ etcdSocket, pki, serving, bindAddress, port, audit }: ApiServerOptions): readonly string[] => [
  `--etcd-servers=unix://${etcdSocket}`,
  `--bind-address=${bindAddress}`,
  `--secure-port=${port}`,
  `--tls-cert-file=${serving.certFile}`,
  `--tls-private-key-file=${serving.keyFile}`,
  `--client-ca-file=${pki.caFile}`,
  `--service-account-key-file=${pki.saPublicFile}`,
  `--service-account-signing-key-file=${pki.saKeyFile}`,
  "--service-account-issuer=https://kubernetes.default.svc",
  "--authorization-mode=Node,RBAC",
  // the strictest clusters have it on: setting blockOwnerDeletion then needs the right to set finalizers
  "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
  `--service-cluster-ip-range=${serviceCidr}`,
  "--allow-privileged=true",
  "--profiling=false",
  ...(audit === undefined
    ? []
    : [
        `--audit-policy-file=${audit.policyFile}`,
        `--audit-log-path=${audit.logFile}`,
        // a request is not answered before it is in the log
        "--audit-log-mode=blocking",
        // no rotation: the log is read as one file
        "--audit-log-maxsize=0",
      ]),
];

/** What API servers behind this one go by: who is asking stands in headers, and this certificate says that they are true. */
export const aggregationArgs = (caFile: string, client: Credentials): readonly string[] => [
  `--requestheader-client-ca-file=${caFile}`,
  "--requestheader-allowed-names=front-proxy-client",
  "--requestheader-username-headers=X-Remote-User",
  "--requestheader-group-headers=X-Remote-Group",
  "--requestheader-extra-headers-prefix=X-Remote-Extra-",
  `--proxy-client-cert-file=${client.certFile}`,
  `--proxy-client-key-file=${client.keyFile}`,
];

export interface ControllerManagerOptions {
  readonly kubeconfig: string;
  readonly pki: Pki;
  /** Controllers to leave out. */
  readonly without?: readonly string[];
}

export const controllerManagerArgs = ({ kubeconfig, pki, without = [] }: ControllerManagerOptions): readonly string[] => [
  `--kubeconfig=${kubeconfig}`,
  `--service-account-private-key-file=${pki.saKeyFile}`,
  `--root-ca-file=${pki.caFile}`,
  "--use-service-account-credentials",
  "--leader-elect=false",
  // no port
  "--secure-port=0",
  // the default of 20 requests a second is felt when a test deletes a few hundred objects
  "--kube-api-qps=300",
  "--kube-api-burst=600",
  // autoscalers look every 15 s otherwise, and for five minutes do not trust what a new pod uses
  "--horizontal-pod-autoscaler-sync-period=5s",
  "--horizontal-pod-autoscaler-cpu-initialization-period=10s",
  "--horizontal-pod-autoscaler-initial-readiness-delay=5s",
  `--controllers=*${without.map((name) => `,-${name}`).join("")}`,
];

export const schedulerArgs = (kubeconfig: string): readonly string[] => [`--kubeconfig=${kubeconfig}`, "--leader-elect=false", "--secure-port=0"];
