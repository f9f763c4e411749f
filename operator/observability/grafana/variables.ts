// The variables of a dashboard: data sources, and label values that are looked up among its own series.
import type { Vector } from "#telemetry/promql";
import { datasource } from "./panel.ts";

export const datasourceVariable = (kind: "Prometheus" | "Loki"): object => {
  const type = kind.toLowerCase();
  return { name: `${type}_datasource`, label: `${kind} data source`, type: "datasource", query: type, refresh: 1 };
};

export interface LabelVariable<L extends string> {
  readonly label: L;
  readonly shown: string;
  /** Series that have the label. */
  readonly of: Vector<L>;
  /** Choosing it would say nothing new to a reader. */
  readonly hidden?: true;
  /** All means the values that were found, not any value: for series whose names others use too. */
  readonly onlyFound?: true;
}

export const labelVariable = <L extends string>({ label, shown, of, hidden, onlyFound }: LabelVariable<L>): object => ({
  name: label,
  label: shown,
  type: "query",
  datasource,
  query: { qryType: 1, query: `label_values(${of.text}, ${label})`, refId: label },
  // pods come and go: look again whenever the time range changes
  refresh: 2,
  sort: 1,
  multi: true,
  includeAll: true,
  ...(!onlyFound && { allValue: ".+" }),
  current: { text: "All", value: "$__all" },
  ...(hidden && { hide: 2 }),
});

/** How many the panels of the largest show. */
export const limitVariable = {
  name: "limit",
  label: "Top",
  type: "custom",
  query: "5,10,20,50",
  multi: false,
  includeAll: false,
  current: { text: "10", value: "10" },
  options: ["5", "10", "20", "50"].map((value) => ({ text: value, value, selected: value === "10" })),
} as const;
