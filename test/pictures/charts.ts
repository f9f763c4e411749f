// What the browser is told to draw: made here, so that it only draws.
import type { Line, Mark } from "./answers.ts";

export interface LinesChart {
  readonly kind: "lines" | "spark";
  readonly unit: string;
  readonly times: readonly number[];
  readonly series: readonly { readonly color: string; readonly values: readonly (number | null)[] }[];
  readonly stacked: boolean;
  readonly min?: number;
  readonly max?: number;
  readonly limits: readonly { readonly color: string; readonly from: number }[];
  readonly points: readonly (readonly [number, number])[];
  readonly marks: readonly Mark[];
}

export interface HeatChart {
  readonly kind: "heat";
  readonly unit: string;
  readonly times: readonly number[];
  /** Upper bounds of the buckets that anything fell into, from the smallest; null is without bound. */
  readonly bounds: readonly (number | null)[];
  /** By bucket, then by time. */
  readonly cells: readonly (readonly number[])[];
  readonly marks: readonly Mark[];
}

export type Chart = LinesChart | HeatChart;

const bound = ({ labels }: Line): number => (labels["le"] === "+Inf" ? Infinity : Number(labels["le"]));

/** Prometheus' buckets hold what is in the smaller ones too. */
export const asHeat = (lines: readonly Line[]): Pick<HeatChart, "bounds" | "cells"> => {
  const sorted = lines.toSorted((a, b) => bound(a) - bound(b));
  const own = sorted.map(({ values }, i) => values.map((n, t) => Math.max(0, (n ?? 0) - (sorted[i - 1]?.values[t] ?? 0))));
  const used = own.map((row) => row.some((n) => n > 0));
  const [first, last] = [used.indexOf(true), used.lastIndexOf(true)];
  return { bounds: sorted.map(bound).slice(Math.max(0, first), last + 1).map((n) => (n === Infinity ? null : n)), cells: own.slice(Math.max(0, first), last + 1) };
};
