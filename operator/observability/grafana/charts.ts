// Panels of numbers: lines over time, single values, bars, and the heat of a histogram.
import { hideZeros, isListOfKinds } from "./legends.ts";
import { datasource, targets, thresholds, type DataLink, type Panel, type PanelText, type Queries, type Steps, type Unit } from "./panel.ts";

interface ChartSpec extends PanelText {
  readonly unit: Unit;
  readonly queries: Queries;
  readonly width?: number;
}

interface TimeseriesSpec extends ChartSpec {
  /** Values are parts of a whole. */
  readonly stacked?: boolean;
  /** Undefined: as Grafana finds it. Default: 0. */
  readonly min?: number | undefined;
  readonly max?: number;
  /** Lines across the panel at these values, and colours above them. */
  readonly limits?: Steps;
}

export const timeseries = ({ title, description, unit, queries, width = 8, stacked = false, max, limits, ...rest }: TimeseriesSpec): Panel => {
  const min = "min" in rest ? rest.min : 0;
  return {
    width,
    height: 8,
    json: {
      type: "timeseries",
      title,
      description,
      datasource,
      fieldConfig: {
        defaults: {
          unit,
          ...(min !== undefined && { min }),
          ...(max !== undefined && { max }),
          ...(limits && { thresholds: thresholds(limits) }),
          custom: {
            lineWidth: 1,
            fillOpacity: stacked ? 30 : 10,
            showPoints: "never",
            stacking: { mode: stacked ? "normal" : "none" },
            ...(limits && { thresholdsStyle: { mode: "dashed" } }),
          },
        },
        overrides: isListOfKinds(unit, stacked, queries) ? [hideZeros] : [],
      },
      options: { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
      targets: targets(queries),
    },
  };
};

interface ValueSpec extends ChartSpec {
  readonly thresholds?: Steps;
  /** Shown where the query finds nothing. */
  readonly noValue?: string;
  readonly links?: readonly DataLink[];
  /** Asked once for the end of the visible time, not along it: what looks far back is dear. */
  readonly instant?: true;
  readonly min?: number;
  readonly max?: number;
}

const value = (type: "stat" | "bargauge", { title, description, unit, queries, ...spec }: ValueSpec, options: object): Record<string, unknown> => ({
  type,
  title,
  description,
  datasource,
  fieldConfig: {
    defaults: {
      unit,
      ...(spec.min !== undefined && { min: spec.min }),
      ...(spec.max !== undefined && { max: spec.max }),
      ...(spec.noValue !== undefined && { noValue: spec.noValue }),
      ...(spec.links && { links: spec.links }),
      thresholds: thresholds(spec.thresholds),
    },
    overrides: [],
  },
  options: { reduceOptions: { calcs: ["lastNotNull"] }, ...options },
  targets: targets(queries, spec.instant ? { instant: true, range: false } : {}),
});

export const stat = (spec: ValueSpec): Panel => ({ width: spec.width ?? 4, height: 4, json: value("stat", spec, { colorMode: "value", graphMode: spec.instant ? "none" : "area" }) });

export const barGauge = (spec: ValueSpec): Panel => ({ width: spec.width ?? 8, height: 8, json: value("bargauge", spec, { orientation: "horizontal", displayMode: "basic" }) });

/** Of buckets summed by `le` alone. */
export const heatmap = ({ title, description, unit, queries, width = 8 }: ChartSpec): Panel => ({
  width,
  height: 8,
  json: {
    type: "heatmap",
    title,
    description,
    datasource,
    fieldConfig: { defaults: { unit }, overrides: [] },
    options: { calculate: false, yAxis: { unit }, color: { mode: "scheme", scheme: "Blues" }, cellGap: 1 },
    targets: targets(queries, { format: "heatmap" }),
  },
});
