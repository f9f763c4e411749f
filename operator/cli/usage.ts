// What kvr can be told, in its own words, and what its commands are given.
import { version } from "#lib/version";
import type { KubeClient } from "../kube/types.ts";

export const defaultImage = `localhost/kvr/responder:${version}`;

export const usage = `usage: kvr render -f FILE [-n NAMESPACE] [--responder-image IMAGE] [--monitoring-labels LIST]
                  [--monitoring-namespaces LIST] [--grafana-url URL] [--operator-namespace NAME]
       kvr status [NAME] [-n NAMESPACE | -A] [-o table|json] [--context NAME] [--kubeconfig FILE]

render prints every object that the operator would make of the KVResponders in FILE, as one YAML stream. It needs no cluster.

  -f, --filename FILE       may hold several documents; - is standard input; may be given several times
  -n, --namespace NAME      for resources that name none (default: default)
  --responder-image IMAGE   the responder's image where spec.image is absent
                            (default: ${defaultImage})
  --monitoring-labels LIST  as the operator's: key=value,... on what Prometheus and Alertmanager select
  --monitoring-namespaces LIST
                            as the operator's: name,... whose pods may read metrics
  --grafana-url URL         where people reach Grafana, for the links of alerts
                            (default: the links are paths)
  --operator-namespace NAME where the operator runs, which may ask pods about their peers
                            (default: kv-responder-system)

status tells how a KVResponder is: conditions, children, pods, and what to do where something is amiss. Without NAME it lists them.
It reads only, and never a Secret. Exit code 0: Ready, all of them; 1: not; 2: no answer.

  -n, --namespace NAME      (default: that of the kubeconfig's context)
  -A, --all-namespaces      lists those of all namespaces
  -o, --output FORMAT       table (default) or json
  --context NAME            of the kubeconfig (default: its current one)
  --kubeconfig FILE         (default: KUBECONFIG, ~/.kube/config, or the pod's ServiceAccount)

  -h, --help                this text
`;

/** The command line is wrong: answered with the usage, and 2. */
export class UsageError extends Error {}

export interface ConnectOptions {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

export interface Connected {
  readonly client: Pick<KubeClient, "get" | "list" | "server" | "close">;
  /** Of the kubeconfig's context. */
  readonly namespace: string;
}

export interface Streams {
  /** Throws when the file cannot be read. "-" is standard input. */
  readonly read: (file: string) => string;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Throws an Error that says what to do when there is no usable kubeconfig. */
  readonly connect: (options: ConnectOptions) => Promise<Connected>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
