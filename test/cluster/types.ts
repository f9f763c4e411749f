// What a local cluster offers to tests and the demo, and what a provider must bring to become one.
import type { Pki } from "./pki.ts";
import type { Reaper } from "./reaper.ts";
import type { ToolName } from "./tools.ts";

export type ClusterKind = "control" | "node";

interface CommonOptions {
  /** Record every request in the audit log (Metadata level). */
  readonly audit?: boolean;
  /** Added to kube-apiserver's command line. */
  readonly apiServerArgs?: readonly string[];
  /** Progress, one short line at a time, and crashes. Without it progress is silent and crashes go to standard error. */
  readonly log?: (line: string) => void;
}

/** etcd, kube-apiserver, kube-controller-manager and kube-scheduler on loopback; no root, no kubelet, several at once. */
export interface ControlOptions extends CommonOptions {
  readonly kind: "control";
}

/** The whole single-node Kubernetes in its own namespaces; root. */
export interface NodeOptions extends CommonOptions {
  readonly kind: "node";
  /** Image archives to import, as paths of tar files. */
  readonly images?: readonly string[];
}

export type ClusterOptions = ControlOptions | NodeOptions;

/** One process of the cluster, by the name of its program: "etcd", "kube-apiserver" ... */
export interface Component {
  readonly name: string;
  readonly logFile: string;
  /** undefined while it is stopped. */
  pid(): number | undefined;
  /** Resolves when the process is gone. SIGTERM, and SIGKILL after `graceMs` (default 2,000); a crash is `signal: "SIGKILL"`. */
  stop(options?: { readonly signal?: NodeJS.Signals; readonly graceMs?: number }): Promise<void>;
  /** Starts it with the same arguments; resolves when it answers again. */
  start(): Promise<void>;
}

export interface ServiceTarget {
  readonly namespace?: string;
  readonly service: string;
  /** The Service's port, by number or name. */
  readonly port: number | string;
}

/** One pod, whether it is ready or not. */
export interface PodTarget {
  readonly namespace?: string;
  readonly pod: string;
  readonly port: number;
}

export type ForwardTarget = ServiceTarget | PodTarget;

export interface Forward extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  close(): Promise<void>;
}

/** What a provider hands back: a control plane that answers `/readyz`. The Cluster is built around it. */
export interface Plane {
  /** As seen from this process: `https://127.0.0.1:<port>`. */
  readonly server: string;
  readonly pki: Pki;
  readonly auditFile?: string;
  readonly components: readonly Component[];
  forward(target: ForwardTarget): Promise<Forward>;
  loadImages(paths: readonly string[]): Promise<void>;
  /** Lets go of connections and sockets of this process; the processes are the reaper's. */
  close?(): Promise<void>;
}

export interface ProviderDeps {
  /** The cluster's own directory (absolute, mode 0700, made by the reaper, removed at the end). */
  readonly dir: string;
  /** Component logs go here: `<dir>/logs`. */
  readonly logs: string;
  readonly reaper: Reaper;
  /** Resolves tools by name to absolute paths, building what is missing. */
  readonly tools: <N extends ToolName>(...names: readonly N[]) => Promise<Readonly<Record<N, string>>>;
  readonly log: (line: string) => void;
  /** For what must be seen even without progress: crashes. */
  readonly warn: (text: string) => void;
}

/** A provider that throws needs no clean-up of its own: whatever it told the reaper of is removed. */
export type Provider<O extends ClusterOptions = ClusterOptions> = (options: O, deps: ProviderDeps) => Promise<Plane>;

export interface AuditEntry {
  readonly auditID: string;
  readonly stage: string;
  readonly verb: string;
  readonly requestURI: string;
  readonly user: { readonly username: string; readonly groups?: readonly string[] };
  readonly userAgent?: string;
  readonly objectRef?: {
    readonly resource?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly subresource?: string;
    readonly apiGroup?: string;
    readonly apiVersion?: string;
  };
  readonly responseStatus?: { readonly code?: number; readonly reason?: string; readonly message?: string };
  readonly annotations?: Readonly<Record<string, string>>;
  readonly requestReceivedTimestamp: string;
  readonly stageTimestamp: string;
}

/** A Kubernetes object as tests meet it; what they look into they narrow themselves. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly [key: string]: unknown;
  };
  readonly [key: string]: unknown;
}

export interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly name: string; readonly image: string }[] };
  readonly status: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string; readonly message?: string }[];
  };
}

export interface KubectlOptions {
  /** Given to kubectl on standard input. */
  readonly input?: string;
  /** Default 60,000. */
  readonly timeoutMs?: number;
}

export interface ApplyOptions {
  readonly namespace?: string;
  /** Default "kvr-test". */
  readonly fieldManager?: string;
  /** Take fields over from other managers. */
  readonly force?: boolean;
}

export interface Answer<T = unknown> {
  readonly status: number;
  /** Parsed JSON, or the text where the answer is not JSON. */
  readonly body: T;
}

export interface RequestOptions {
  /** Default application/json; a patch needs its own, e.g. application/merge-patch+json. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface WaitOptions {
  /** Default 30,000. */
  readonly timeoutMs?: number;
  /** Default 100. */
  readonly intervalMs?: number;
}

export interface Cluster extends AsyncDisposable {
  readonly kind: ClusterKind;
  readonly dir: string;
  readonly logs: string;
  /** Path of the admin's kubeconfig. */
  readonly kubeconfig: string;
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  readonly caFile: string;
  readonly pki: Pki;
  /** Absolute path of kubectl, for tests that start it themselves. */
  readonly kubectlPath: string;
  /** Standard output of kubectl as admin; throws with its standard error. A last argument may be options. */
  kubectl(...args: readonly string[]): Promise<string>;
  kubectl(...args: readonly [...string[], KubectlOptions]): Promise<string>;
  /** Server-side apply of YAML text, an object, several, or the path of a file or folder. */
  apply(what: string | object | readonly object[], options?: ApplyOptions): Promise<string>;
  /** One raw request as admin; any HTTP status is an answer. Throws only when the API server cannot be reached. */
  request<T = unknown>(method: string, path: string, body?: unknown, options?: RequestOptions): Promise<Answer<T>>;
  /** The object at this path, or undefined when there is none (404); throws on any other failure. */
  get<T = Manifest>(path: string): Promise<T | undefined>;
  /** Asks until the condition returns something other than undefined or false. What it throws counts as "not yet" and is shown on timeout. */
  waitFor<T>(description: string, condition: () => Promise<T | undefined | false> | T | undefined | false, options?: WaitOptions): Promise<T>;
  /** A loopback address in front of a Service's pods, or of one pod; `node` clusters only. */
  forward(target: ForwardTarget): Promise<Forward>;
  /** Imports image archives, as paths of tar files; `node` clusters only. */
  loadImages(paths: readonly string[]): Promise<void>;
  pods(options?: { readonly namespace?: string; readonly selector?: string }): Promise<readonly PodObject[]>;
  /** Deletes a pod with no grace. */
  killPod(name: string, namespace?: string): Promise<void>;
  /** Every request answered before this call, oldest first; needs `audit: true`. */
  auditLog(): Promise<readonly AuditEntry[]>;
  /** Path of a kubeconfig that holds a fresh token of this ServiceAccount. */
  serviceAccountKubeconfig(namespace: string, name: string): Promise<string>;
  component(name: string): Component;
  /** Restarts the controller manager, whose garbage collector otherwise takes up to 40 s to notice a new CustomResourceDefinition. */
  refreshGarbageCollector(): Promise<void>;
  stop(): Promise<void>;
}
