// Shares and budgets that several dashboards show. They read the pods' own counters, so that they are there without recording rules, and for some of the pods as for all.
import { latencyBounds, type Objectives } from "#crds/objectives";
import { above, divide, increase, per, rate, subtractFrom, sum, type Series, type Vector, type Window } from "#telemetry/promql";
import type { SubjectSeries } from "../subject.ts";

/** Grafana's own: always spans two scrapes. */
export const window = "$__rate_interval";

/** Nothing, where there is nothing to have a share of. */
export const share = <L extends string>(part: Vector<L>, whole: Vector<L>): Vector<L> => divide(part, above(whole, 0));

/** A series per second, or its growth where what is asked for is longer than a step. */
const over = <L extends string>(series: Series<L, "counter">, w: Window): Vector<L> => (w === window ? rate(series, w) : increase(series, w));

type By = "namespace" | "tenant" | "kvresponder" | "pod";

const lookup = { operation: "get", result: ["hit", "miss"] } as const;
const hit = { operation: "get", result: "hit" } as const;

/** Of lookups, those that found an entry. */
export const hitRatio = <const K extends By = never>(q: SubjectSeries, w: Window, by: readonly K[] = []): Vector<K> =>
  share(sum(over(q.counter("kv_operations_total", hit), w), by), sum(over(q.counter("kv_operations_total", lookup), w), by));

/** Of operations, those that failed by the cache's fault. */
export const failedShare = <const K extends By = never>(q: SubjectSeries, w: Window, by: readonly K[] = []): Vector<K> =>
  share(sum(over(q.counter("kv_operations_total", { result: "error" }), w), by), sum(over(q.counter("kv_operations_total"), w), by));

/** Of operations, those that took no longer than the objective allows. */
const fastShare = (q: SubjectSeries, { latency }: Objectives, w: Window): Vector<never> =>
  share(sum(over(q.buckets("kv_operation_duration_seconds", { le: `${latencyBounds[latency.threshold]}` }), w), []), sum(over(q.observations("kv_operation_duration_seconds"), w), []));

/** 0.001 of 99.9, without what floating point adds to it. */
const allowed = (percent: number): number => Number(((100 - percent) / 100).toPrecision(6));

/** What is measured against an objective: how much is good, and how much need not be. */
export interface Measure {
  readonly good: (w: Window) => Vector<never>;
  readonly bad: (w: Window) => Vector<never>;
  readonly allowed: number;
}

export const availability = (q: SubjectSeries, objectives: Objectives): Measure => ({
  good: (w) => subtractFrom(1, failedShare(q, w)),
  bad: (w) => failedShare(q, w),
  allowed: allowed(objectives.availability),
});

export const speed = (q: SubjectSeries, objectives: Objectives): Measure => ({
  good: (w) => fastShare(q, objectives, w),
  bad: (w) => subtractFrom(1, fastShare(q, objectives, w)),
  allowed: allowed(objectives.latency.percent),
});

/** How many times faster than allowed the budget goes: at 1 it lasts exactly as long as the objective looks back. */
export const burn = (m: Measure, w: Window): Vector<never> => per(m.bad(w), m.allowed);

/** 1: nothing of it is spent; below 0: more than all of it. */
export const budgetLeft = (m: Measure, w: Window): Vector<never> => subtractFrom(1, burn(m, w));
