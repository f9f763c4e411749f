// The alert catalogue: one entry per alert name. Rules, the runbook index and the tests are made from it.
import { above, absent, and, below, count, divide, equal, max, rate, sum, type Vector } from "#telemetry/promql";
import { subjectLabels, type Subject, type SubjectSeries } from "./subject.ts";

export type Severity = "critical" | "warning" | "info";

/** What an alert's texts and thresholds depend on. */
export interface AlertInput extends Subject {
  readonly replicas: number;
  /** We own the ServiceMonitor, so the absence of its targets is news. */
  readonly scraped: boolean;
}

export interface Alert {
  /** One severity per name: kube-prometheus-stack inhibits by equal namespace and alertname, and so can never hide a neighbour's. */
  readonly severity: Severity;
  readonly for: string;
  /** Stays up this long after the expression has gone, so that it does not flap. */
  readonly keepFiringFor?: string;
  readonly summary: (input: AlertInput) => string;
  readonly description: (input: AlertInput) => string;
  /** Undefined when the alert could not say anything true of this instance. */
  readonly expression: (input: AlertInput, series: SubjectSeries) => Vector<never> | undefined;
}

/** Below this share of hits a cache costs its clients more than it saves them. */
export const lowHitRatio = 0.5;
/** Lookups per second; under it a ratio says nothing. */
export const leastLookupRate = 1;

/** Shows one instance to a person. Every part is a DNS name, so nothing here can open a template. */
const title = ({ namespace, name, tenant }: Subject): string => `KVResponder ${namespace}/${name} (tenant ${tenant})`;

export const alerts = {
  KVResponderDown: {
    severity: "critical",
    for: "5m",
    summary: (i) => `${title(i)} is down: no pod answers Prometheus`,
    description: (i) => `None of the ${i.replicas} pods of ${title(i)} has answered a scrape for 5 minutes. Its clients most likely get no answer either.`,
    expression: (i, q) => {
      if (i.replicas === 0) return undefined;
      const up = q.gauge("up");
      // no target at all is as bad as none that answers; but without our ServiceMonitor a missing target is no news
      return i.scraped ? absent(equal(up, 1)) : equal(max(up, subjectLabels), 0);
    },
  },
  KVResponderReplicasUnavailable: {
    severity: "warning",
    for: "15m",
    keepFiringFor: "5m",
    summary: (i) => `${title(i)} has fewer than ${i.replicas} pods`,
    description: (i) => `{{ $value }} of ${i.replicas} pods of ${title(i)} have answered Prometheus for the last 15 minutes. They carry the load of all.`,
    // none at all is KVResponderDown's business: then there is nothing to count
    expression: (i, q) => (i.replicas < 2 ? undefined : below(count(equal(q.gauge("up"), 1), subjectLabels), i.replicas)),
  },
  KVResponderHitRatioLow: {
    severity: "info",
    for: "30m",
    keepFiringFor: "5m",
    summary: (i) => `${title(i)} misses more than it hits`,
    description: (i) => `{{ $value | humanizePercentage }} of the lookups in ${title(i)} found an entry in the last 30 minutes; below ${lowHitRatio * 100}% the cache hardly helps.`,
    expression: (_, q) => {
      const hits = sum(rate(q.counter("kv_operations_total", { operation: "get", result: "hit" }), "30m"), subjectLabels);
      const lookups = sum(rate(q.counter("kv_operations_total", { operation: "get", result: ["hit", "miss"] }), "30m"), subjectLabels);
      return and(below(divide(hits, lookups), lowHitRatio), above(lookups, leastLookupRate));
    },
  },
} as const satisfies Record<string, Alert>;

export type AlertName = keyof typeof alerts;

export const alertNames = Object.keys(alerts) as AlertName[];
