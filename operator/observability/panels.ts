// Grafana panels: typed builders that always set a data source, a unit and a description, and the layout of rows.
import type { Vector } from "#telemetry/promql";

/** The variable `datasource` of the dashboard; a person chooses, nothing is hard-coded. */
export const datasource = { type: "prometheus", uid: "${datasource}" } as const;

/** Grafana's unit ids. */
export type Unit = "short" | "reqps" | "ops" | "cps" | "percentunit" | "s" | "bytes" | "none";

export interface Query {
  readonly expr: Vector<never>;
  /** With {{label}} for the labels that the expression keeps. */
  readonly legend: string;
}

export interface PanelSpec {
  readonly title: string;
  /** What a person reads in it, and what is good or bad. */
  readonly description: string;
  readonly unit: Unit;
  readonly queries: readonly [Query, ...Query[]];
  /** Values are parts of a whole. */
  readonly stacked?: boolean;
  readonly max?: number;
  /** Colours of a stat: from this value on, in this colour; the first has no bound. */
  readonly thresholds?: readonly [{ color: string }, ...{ color: string; from: number }[]];
}

/** A panel without its place. */
export interface Panel {
  readonly width: number;
  readonly height: number;
  readonly json: Readonly<Record<string, unknown>>;
}

export interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

export const query = <L extends string>(expr: Vector<L>, legend: string): Query => ({ expr, legend });

const targets = (queries: readonly Query[], extra: object = {}): object[] =>
  queries.map(({ expr, legend }, i) => ({ refId: String.fromCodePoint(65 + i), datasource, editorMode: "code", expr: expr.text, legendFormat: legend, ...extra }));

const thresholdSteps = (steps: PanelSpec["thresholds"]): object => ({
  mode: "absolute",
  steps: (steps ?? [{ color: "text" }]).map((s) => ({ color: s.color, value: "from" in s ? s.from : null })),
});

export const timeseries = (spec: PanelSpec): Panel => ({
  width: 8,
  height: 8,
  json: {
    type: "timeseries",
    title: spec.title,
    description: spec.description,
    datasource,
    fieldConfig: {
      defaults: {
        unit: spec.unit,
        min: 0,
        ...(spec.max !== undefined && { max: spec.max }),
        custom: { lineWidth: 1, fillOpacity: spec.stacked ? 30 : 10, showPoints: "never", stacking: { mode: spec.stacked ? "normal" : "none" } },
      },
      overrides: [],
    },
    options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
    targets: targets(spec.queries),
  },
});

export const stat = (spec: PanelSpec): Panel => ({
  width: 4,
  height: 4,
  json: {
    type: "stat",
    title: spec.title,
    description: spec.description,
    datasource,
    fieldConfig: { defaults: { unit: spec.unit, thresholds: thresholdSteps(spec.thresholds) }, overrides: [] },
    options: { reduceOptions: { calcs: ["lastNotNull"] }, colorMode: "value", graphMode: "area" },
    targets: targets(spec.queries),
  },
});

/** Of buckets summed by `le` alone. */
export const heatmap = (spec: PanelSpec): Panel => ({
  width: 8,
  height: 8,
  json: {
    type: "heatmap",
    title: spec.title,
    description: spec.description,
    datasource,
    fieldConfig: { defaults: { unit: spec.unit }, overrides: [] },
    options: { calculate: false, yAxis: { unit: spec.unit }, color: { mode: "scheme", scheme: "Blues" }, cellGap: 1 },
    targets: targets(spec.queries, { format: "heatmap" }),
  },
});

const columns = 24;

/** Rows from top to bottom, panels from left to right, with ids that stay the same as long as nothing is moved. */
export const layOut = (rows: readonly Row[]): object[] => {
  const placed: object[] = [];
  let y = 0;
  for (const row of rows) {
    placed.push({ id: placed.length + 1, type: "row", title: row.title, collapsed: false, panels: [], gridPos: { x: 0, y, w: columns, h: 1 } });
    y += 1;
    let x = 0;
    let lineHeight = 0;
    for (const { width, height, json } of row.panels) {
      if (x + width > columns) {
        x = 0;
        y += lineHeight;
        lineHeight = 0;
      }
      placed.push({ id: placed.length + 1, ...json, gridPos: { x, y, w: width, h: height } });
      x += width;
      lineHeight = Math.max(lineHeight, height);
    }
    y += lineHeight;
  }
  return placed;
};
