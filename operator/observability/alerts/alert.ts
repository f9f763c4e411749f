// What an alert is: one severity and one signal a name, texts for people, and the rules that Prometheus evaluates.
import type { Severity } from "#crds/alerts";
import type { Objectives } from "#crds/objectives";
import type { Vector } from "#telemetry/promql";
import type { Recorded, Subject, SubjectSeries } from "../subject.ts";

/** What is wrong, in one word. Of one signal the critical alert hides the warning: see routing.ts. */
export type Signal = "availability" | "errors" | "latency" | "peers" | "replication" | "memory" | "hits" | "connections" | "runtime" | "telemetry";

/** What an alert's texts and thresholds depend on. */
export interface AlertInput extends Subject {
  /** The fewest, where an autoscaler chooses their number. */
  readonly replicas: number;
  /** Where an autoscaler chooses: the most. */
  readonly mostReplicas?: number;
  /** We own the ServiceMonitor, so the absence of its targets is news. */
  readonly scraped: boolean;
  /** Samples of one scrape. */
  readonly sampleLimit: number;
  readonly evictionPolicy: string;
  /** spec.cache.defaultTTL, in seconds. */
  readonly defaultTtlSeconds?: number;
  readonly objectives: Objectives;
}

/** How many pods there are, in words: "3", or "2 to 5". */
export const podCount = ({ replicas, mostReplicas }: AlertInput): string => (mostReplicas === undefined || mostReplicas === replicas ? String(replicas) : `${replicas} to ${mostReplicas}`);

export interface Query {
  /** Series of the pods. */
  readonly q: SubjectSeries;
  /** Series of the recording rules. */
  readonly stored: Recorded;
  /** The user's, or the alert's own. */
  readonly threshold: number;
}

export interface AlertRule {
  /** The long window, where a name has rules for several: no two may have the same labels. */
  readonly window?: string;
  readonly for: string;
  readonly expression: Vector<never>;
}

export interface Alert {
  /** One severity per name: kube-prometheus-stack inhibits by equal namespace and alertname, and so can never hide a neighbour's. */
  readonly severity: Severity;
  readonly signal: Signal;
  /** Stays up this long after the expression has gone, so that it does not flap. */
  readonly keepFiringFor?: string;
  /** When it fires, for docs/alerts.md. */
  readonly when: string;
  readonly summary: (input: AlertInput, threshold: number) => string;
  readonly description: (input: AlertInput, threshold: number) => string;
  /** Where the threshold depends on the resource. */
  readonly defaultThreshold?: (input: AlertInput) => number | undefined;
  /** None when the alert could not say anything true of this instance. */
  readonly rules: (input: AlertInput, query: Query) => readonly AlertRule[];
}

/** Shows one instance to a person. Every part is a DNS name, so nothing here can open a template. */
export const title = ({ namespace, name, tenant }: Subject): string => `KVResponder ${namespace}/${name} (tenant ${tenant})`;

/** Operations per second; under it a ratio says nothing. */
export const leastRate = 1;
