// What every Grafana panel has: a title, a description, a data source that the reader chooses, and queries of the typed builder.
import type { Vector } from "#telemetry/promql";

/** The variables of the dashboards that choose data sources. Named after their kind: dashboard-linter asks for it where there is more than one. */
export const datasource = { type: "prometheus", uid: "${prometheus_datasource}" } as const;
export const lokiDatasource = { type: "loki", uid: "${loki_datasource}" } as const;

/** Grafana's unit ids. */
export type Unit = "short" | "none" | "reqps" | "ops" | "cps" | "percentunit" | "s" | "bytes" | "Bps" | "dateTimeAsIso" | "dateTimeFromNow";

export interface Query {
  readonly expr: Vector<never>;
  /** With {{label}} for the labels that the expression keeps. */
  readonly legend: string;
  /** Ask for the traces that Prometheus keeps beside the buckets. */
  readonly exemplars?: true;
}

export const query = <L extends string>(expr: Vector<L>, legend: string): Query => ({ expr, legend });

/** A query over buckets, with the traces that fell into them. */
export const traced = <L extends string>(expr: Vector<L>, legend: string): Query => ({ expr, legend, exemplars: true });

export type Queries = readonly [Query, ...Query[]];

/** From this value on, in this colour; the first has no bound. */
export type Steps = readonly [{ readonly color: string }, ...{ readonly color: string; readonly from: number }[]];

export interface PanelText {
  readonly title: string;
  /** What a person reads in it, and what is good or bad. */
  readonly description: string;
}

/** A link of a value; `url` may name variables and fields in Grafana's way. */
export interface DataLink {
  readonly title: string;
  readonly url: string;
}

/** A panel without its place. */
export interface Panel {
  readonly width: number;
  readonly height: number;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Row {
  readonly title: string;
  /** Asks nothing until it is opened. */
  readonly collapsed?: true;
  readonly panels: readonly Panel[];
}

export const refId = (i: number): string => String.fromCodePoint(65 + i);

export const targets = (queries: readonly Query[], extra: object = {}): object[] =>
  queries.map(({ expr, legend, exemplars }, i) => ({
    refId: refId(i),
    datasource,
    editorMode: "code",
    expr: expr.text,
    legendFormat: legend,
    ...(exemplars && { exemplar: true }),
    ...extra,
  }));

export const thresholds = (steps: Steps = [{ color: "text" }]): object => ({
  mode: "absolute",
  steps: steps.map((step) => ({ color: step.color, value: "from" in step ? step.from : null })),
});
