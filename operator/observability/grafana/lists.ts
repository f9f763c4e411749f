// Panels that are read line by line: tables of instant values, logs, alerts and texts.
import type { Vector } from "#telemetry/promql";
import { datasource, lokiDatasource, query, refId, targets, thresholds, type DataLink, type Panel, type PanelText, type Steps, type Unit } from "./panel.ts";

/** One query and the column that it fills. */
export interface Column {
  readonly name: string;
  readonly unit: Unit;
  readonly expr: Vector<never>;
  readonly thresholds?: Steps;
}

export interface TableSpec extends PanelText {
  readonly width?: number;
  readonly height?: number;
  /** The labels that all columns keep, by which their rows are joined, and what they are called. */
  readonly labels: Readonly<Record<string, string>>;
  readonly columns: readonly [Column, ...Column[]];
  /** Of the first label's cells. */
  readonly links?: readonly DataLink[];
  /** Sorted by this column, largest first. */
  readonly sortBy?: string;
  /** Columns to leave out: a value that is always 1 says nothing. */
  readonly without?: readonly string[];
}

const byName = (name: string, properties: readonly (readonly [id: string, value: unknown])[]): object => ({
  matcher: { id: "byName", options: name },
  properties: properties.map(([id, value]) => ({ id, value })),
});

/** Without values the columns are the labels alone. */
export const table = ({ title, description, labels, columns, links, sortBy, without = [], width = 24, height = 9 }: TableSpec): Panel => {
  const [first = ""] = Object.values(labels);
  // a single query's value has no letter
  const field = (i: number): string => (columns.length === 1 ? "Value" : `Value #${refId(i)}`);
  const order = Object.fromEntries([...Object.keys(labels), ...columns.map((_, i) => field(i))].map((name, i) => [name, i]));
  const hidden = columns.flatMap(({ name }, i) => (without.includes(name) ? [[field(i), true]] : []));
  return {
    width,
    height,
    json: {
      type: "table",
      title,
      description,
      datasource,
      fieldConfig: {
        defaults: { unit: "short", custom: { align: "auto" } },
        overrides: [
          ...columns.filter(({ name }) => !without.includes(name)).map((c) => byName(c.name, [["unit", c.unit], ...(c.thresholds ? ([["thresholds", thresholds(c.thresholds)], ["custom.cellOptions", { type: "color-text" }]] as const) : [])])),
          ...(links ? [byName(first, [["links", links]])] : []),
        ],
      },
      options: { showHeader: true, sortBy: sortBy === undefined ? [] : [{ displayName: sortBy, desc: true }] },
      targets: targets(
        columns.map(({ expr, name }) => query(expr, name)),
        { instant: true, range: false, format: "table" },
      ),
      transformations: [
        { id: "merge", options: {} },
        {
          id: "organize",
          options: {
            excludeByName: Object.fromEntries([["Time", true], ...hidden]),
            indexByName: order,
            renameByName: { ...labels, ...Object.fromEntries(columns.map(({ name }, i) => [field(i), name])) },
          },
        },
      ],
    },
  };
};

/** `expr`: LogQL. */
export const logs = ({ title, description, expr }: PanelText & { readonly expr: string }): Panel => ({
  width: 16,
  height: 10,
  json: {
    type: "logs",
    title,
    description,
    datasource: lokiDatasource,
    options: { showTime: true, wrapLogMessage: true, enableLogDetails: true, prettifyLogMessage: false, dedupStrategy: "none", sortOrder: "Descending" },
    targets: [{ refId: "A", datasource: lokiDatasource, editorMode: "code", queryType: "range", expr, maxLines: 200 }],
  },
});

/** `labels`: matchers that an alert's labels must fulfil; variables may stand in them. Grafana asks the data sources for their rules itself. */
export const alertList = ({ title, description, labels, groupBy }: PanelText & { readonly labels: string; readonly groupBy?: readonly string[] }): Panel => ({
  width: 24,
  height: 8,
  json: {
    type: "alertlist",
    title,
    description,
    options: {
      viewMode: "list",
      groupMode: groupBy ? "custom" : "default",
      groupBy: groupBy ?? [],
      maxItems: 50,
      // by importance
      sortOrder: 3,
      dashboardAlerts: false,
      alertName: "",
      alertInstanceLabelFilter: labels,
      showInstances: true,
      stateFilter: { firing: true, pending: true, noData: false, normal: false, error: true },
    },
  },
});

/** `content`: Markdown. */
export const text = ({ title, description, content }: PanelText & { readonly content: string }): Panel => ({
  width: 8,
  height: 10,
  json: { type: "text", title, description, options: { mode: "markdown", content } },
});
