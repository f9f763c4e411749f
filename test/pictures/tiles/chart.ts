// Panels of lines and of heat: their legend as HTML, the rest for the browser to draw.
import type { Panel } from "../../operator/observability/boards.ts";
import { steps, type Line, type Mark, type Range } from "../answers.ts";
import { asHeat } from "../charts.ts";
import { colour, lineColour, type Step } from "../colours.ts";
import { named } from "../legend.ts";
import { escape } from "./html.ts";
import { defaultsOf, type Tile } from "./values.ts";

interface Custom {
  readonly stacking?: { readonly mode: string };
  readonly thresholdsStyle?: { readonly mode: string };
}

const nothing: Tile = { html: '<div class="none">No data</div>' };

export const timeseries = (panel: Panel, lines: readonly Line[], points: readonly (readonly [number, number])[], marks: readonly Mark[], range: Range): Tile => {
  if (lines.length === 0) return nothing;
  const { unit = "short", min, max, thresholds } = defaultsOf(panel);
  const custom = ((panel.fieldConfig?.defaults as { custom?: Custom } | undefined)?.custom ?? {}) satisfies Custom;
  const limits = custom.thresholdsStyle ? ((thresholds?.steps ?? []) as readonly Step[]).flatMap(({ color, value }) => (value === null ? [] : [{ color: colour(color), from: value }])) : [];
  const listed = named(panel, lines).flatMap(({ name, isListed }, i) => (isListed ? [`<span><i style="background:${lineColour(i)}"></i>${escape(name)}</span>`] : []));
  return {
    html: `<div class="legend">${listed.join("")}</div>`,
    chart: {
      kind: "lines",
      unit,
      times: steps(range),
      series: lines.map(({ values }, i) => ({ color: lineColour(i), values })),
      stacked: custom.stacking?.mode === "normal",
      ...(min !== undefined && { min }),
      ...(max !== undefined && { max }),
      limits,
      points,
      marks,
    },
  };
};

export const heatmap = (panel: Panel, lines: readonly Line[], marks: readonly Mark[], range: Range): Tile => {
  const { bounds, cells } = asHeat(lines);
  if (cells.length === 0) return nothing;
  return { html: "", chart: { kind: "heat", unit: defaultsOf(panel).unit ?? "short", times: steps(range), bounds, cells, marks } };
};
