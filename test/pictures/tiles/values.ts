// Panels of single values: stat and bargauge.
import type { Panel } from "../../operator/observability/boards.ts";
import type { Line, Range } from "../answers.ts";
import { steps } from "../answers.ts";
import type { Chart } from "../charts.ts";
import { stepColour, type Step } from "../colours.ts";
import { format } from "../units.ts";
import { escape } from "./html.ts";

interface Defaults {
  readonly unit?: string;
  readonly noValue?: string;
  readonly min?: number;
  readonly max?: number;
  readonly thresholds?: { readonly steps: readonly Step[] };
}

export interface Tile {
  readonly html: string;
  readonly chart?: Chart;
}

export const defaultsOf = (panel: Panel): Defaults => (panel.fieldConfig?.defaults ?? {}) as Defaults;
const last = ({ values }: Line): number | undefined => values.findLast((n) => n !== null) ?? undefined;

export const stat = (panel: Panel, lines: readonly Line[], range: Range): Tile => {
  const { unit = "none", noValue = "No data", thresholds } = defaultsOf(panel);
  const [line] = lines;
  const n = line && last(line);
  const color = n === undefined ? stepColour([], 0) : stepColour(thresholds?.steps ?? [], n);
  const html = `<div class="stat" style="color:${color}">${n === undefined ? escape(noValue) : format(unit, n)}</div>`;
  if (!line || panel.options?.["graphMode"] !== "area") return { html };
  return { html, chart: { kind: "spark", unit, times: steps(range), series: [{ color, values: line.values }], stacked: false, limits: [], points: [], marks: [] } };
};

export const barGauge = (panel: Panel, lines: readonly Line[]): Tile => {
  const { unit = "none", noValue = "No data", thresholds, min = 0, max } = defaultsOf(panel);
  const known = lines.map((line) => ({ name: line.name, n: last(line) }));
  if (known.length === 0) return { html: `<div class="none">${escape(noValue)}</div>` };
  const top = max ?? Math.max(...known.map(({ n = 0 }) => n), Number.MIN_VALUE);
  const rows = known.map(({ name, n }) => {
    const color = n === undefined ? "" : stepColour(thresholds?.steps ?? [], n);
    const part = n === undefined ? 0 : Math.max(0, Math.min(1, (n - min) / (top - min)));
    return `<span>${escape(name)}</span><div class="bar"><div style="width:${part * 100}%;background:${color}40;border-right:2px solid ${color}"></div></div><span class="number" style="color:${color}">${n === undefined ? escape(noValue) : format(unit, n)}</span>`;
  });
  return { html: `<div class="bars">${rows.join("")}</div>` };
};
