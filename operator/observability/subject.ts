// The one instance that a rule or a panel speaks of, and its series: no query here can see a neighbour's.
import { responderMetrics } from "#contract/metrics";
import { processSeries, prometheusSeries } from "#telemetry/platform-series";
import { promql, type Matches, type Scope, type Series } from "#telemetry/promql";
import { recordedSeries } from "./recorded.ts";

export interface Subject {
  readonly namespace: string;
  readonly name: string;
  readonly tenant: string;
}

/** The labels that name the subject: in every selector, in every aggregation of an alert, and on every alert. */
export const subjectLabels = ["namespace", "tenant", "kvresponder"] as const;

export const identity = ({ namespace, name, tenant }: Subject): Record<(typeof subjectLabels)[number], string> => ({ namespace, tenant, kvresponder: name });

const tenantCatalogue = { ...responderMetrics, ...processSeries, ...prometheusSeries };

/** Selectors of the series of whichever instances are within the scope. */
export const seriesWithin = (scope: Scope) => promql(tenantCatalogue, scope);

/** Selectors of the subject's series, of all pods or of fewer. */
export const seriesOf = (subject: Subject, narrower: Pick<Scope, "pod" | "job" | "instance"> = {}) => seriesWithin({ ...narrower, ...identity(subject) });

/** What the recording rules stored for the subject. */
export const recordedOf = (subject: Subject) => {
  const { gauge } = promql(recordedSeries, identity(subject));
  return <N extends keyof typeof recordedSeries>(name: N, matches?: Matches<(typeof recordedSeries)[N]>): Series<(typeof subjectLabels)[number], "gauge"> => gauge(name, matches);
};

export type Recorded = ReturnType<typeof recordedOf>;
export type SubjectSeries = ReturnType<typeof seriesOf>;
