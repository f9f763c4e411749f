// Where the demo plays: a cluster of its own, or one that the user names.
import type { ForwardTarget, PodObject } from "../cluster/types.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  close(): Promise<void>;
}

/** Takes spans of tenants. */
export interface Collector {
  /** As pods reach it. */
  readonly endpoint: string;
  /** Its query API, as it is reached from here. */
  readonly query: Address;
}

/** Both over everything of the kind in the cluster; their APIs as they are reached from here. */
export interface Monitoring {
  readonly prometheus: Address;
  readonly alertmanager: Address;
}

export interface Stage extends AsyncDisposable {
  /** Its API server's address. */
  readonly server: string;
  /** Shell line that points kubectl at it. */
  readonly kubectlHint: string;
  /** Standard output; throws with standard error. */
  kubectl(args: readonly [string, ...string[]]): Promise<string>;
  forward(target: ForwardTarget): Promise<Address>;
  /** A Prometheus and an Alertmanager, or undefined when this stage has none for us. */
  monitoring(): Promise<Monitoring | undefined>;
  /** A Jaeger, or undefined when this stage has none for us. */
  jaeger(): Promise<Collector | undefined>;
}

/** Names of a tenant's pods: those that serve, and how many others there are, which come or go. */
export const podsOf = async (stage: Stage, namespace: string, name: string): Promise<{ readonly ready: readonly string[]; readonly others: number }> => {
  const { items } = JSON.parse(await stage.kubectl(["get", "pods", "-n", namespace, "-l", `kvresponder.io/name=${name}`, "-o", "json"])) as { items: PodObject[] };
  const ready = items.filter(({ metadata, status }) => metadata.deletionTimestamp === undefined && status.conditions?.some((c) => c.type === "Ready" && c.status === "True")).map(({ metadata }) => metadata.name);
  return { ready, others: items.length - ready.length };
};
