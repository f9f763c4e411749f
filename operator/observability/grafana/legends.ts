// Keeps legends short: no kinds that did not happen, no part of a pod's name that all have.
import type { Panel, Queries, Row, Unit } from "./panel.ts";

const perSecond: ReadonlySet<Unit> = new Set(["ops", "reqps", "cps"]);

/** Lines of everything that can happen, most of which seldom does. Not by pod alone: a pod to which nothing happens is news. */
export const isListOfKinds = (unit: Unit, stacked: boolean, queries: Queries): boolean => (stacked || perSecond.has(unit)) && queries.some(({ legend }) => /\{\{(?!pod\}\})/.test(legend));

/** The line stays in the panel: it is at the bottom. */
export const hideZeros = {
  matcher: { id: "byValue", options: { op: "gte", reducer: "allIsZero", value: 0 } },
  properties: [{ id: "custom.hideFrom", value: { legend: true, tooltip: true, viz: false } }],
} as const;

const shorten = (workload: string): object => ({ id: "renameByRegex", options: { regex: `^${workload}-(.+)$`, renamePattern: "$1" } });

interface Asked {
  readonly type?: unknown;
  readonly targets?: readonly { readonly legendFormat: string }[];
}

/** `workload`: of which all pods are, so that their names begin with it. */
export const withoutPrefix = (rows: readonly Row[], workload: string): Row[] =>
  rows.map((row) => ({
    ...row,
    panels: row.panels.map((panel): Panel => {
      const { type, targets = [] } = panel.json as Asked;
      const isOfPods = type === "timeseries" && targets.some(({ legendFormat }) => legendFormat.startsWith("{{pod}}"));
      return isOfPods ? { ...panel, json: { ...panel.json, transformations: [shorten(workload)] } } : panel;
    }),
  }));
