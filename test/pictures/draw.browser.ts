// Runs in the browser: draws each chart of the page with uPlot into its box.
import uPlot from "uplot";
import type { Mark } from "./answers.ts";
import type { Chart, HeatChart, LinesChart } from "./charts.ts";
import { colour } from "./colours.ts";
import { format } from "./units.ts";

declare const document: { querySelector(selector: string): { readonly clientWidth: number; readonly clientHeight: number } | null };
declare const charts: Readonly<Record<string, Chart>>;

const [grid, text, font] = ["rgba(204,204,220,0.09)", "rgba(204,204,220,0.7)", "11px Inter, 'DejaVu Sans', sans-serif"];
const binary = [0.25, 0.5, ...Array.from({ length: 40 }, (_, i) => 2 ** i)];
const wholeMinutes = [60, 120, 300, 600, 1_800, 3_600, 7_200, 21_600, 86_400];
const clock = (seconds: number): string => new Date(seconds * 1_000).toISOString().slice(11, 16);

const axes = (values: (n: number) => string, more: object = {}): object[] => [
  { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { show: false }, space: 70, size: 22, incrs: wholeMinutes, values: (_: unknown, at: number[]) => at.map(clock) },
  // as wide as its widest number
  { stroke: text, font, grid: { stroke: grid, width: 1 }, ticks: { show: false }, space: 32, gap: 4, size: (_: unknown, shown: string[] | null) => 14 + 6.8 * Math.max(2, ...(shown ?? []).map((v) => v?.length ?? 0)), values: (_: unknown, at: number[]) => at.map(values), ...more },
];

const drawMarks = (u: uPlot, marks: readonly Mark[]): void => {
  const { ctx, bbox } = u;
  for (const { at, until, color } of marks) {
    const x = Math.round(u.valToPos(at, "x", true));
    ctx.save();
    ctx.strokeStyle = ctx.fillStyle = colour(color);
    ctx.setLineDash([3, 3]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    const end = until === undefined ? x + 3 : Math.min(u.valToPos(until, "x", true), bbox.left + bbox.width);
    ctx.fillRect(x - 3, bbox.top + bbox.height, Math.max(6, end - x + 3), 4);
    ctx.restore();
  }
};

const drawLimits = (u: uPlot, { limits }: LinesChart): void => {
  const { ctx, bbox } = u;
  for (const { color, from } of limits) {
    const y = u.valToPos(from, "y", true);
    if (y < bbox.top || y > bbox.top + bbox.height) continue;
    ctx.save();
    ctx.strokeStyle = color;
    ctx.setLineDash([10, 8]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.restore();
  }
};

const drawPoints = (u: uPlot, { points }: LinesChart): void => {
  u.ctx.save();
  u.ctx.fillStyle = colour("blue");
  for (const [at, value] of points) {
    const [x, y] = [u.valToPos(at, "x", true), u.valToPos(value, "y", true)];
    if (y < u.bbox.top || x < u.bbox.left) continue;
    u.ctx.fillRect(x - 3, y - 3, 6, 6);
  }
  u.ctx.restore();
};

const lines = (chart: LinesChart): { options: object; data: unknown[] } => {
  const { unit, times, series, stacked, min, max, kind } = chart;
  const sums = times.map(() => 0);
  const values = stacked ? series.map((s) => s.values.map((n, t) => (sums[t] = (sums[t] ?? 0) + (n ?? 0)))) : series.map((s) => s.values);
  const range = (_: unknown, low: number | null, high: number | null): [number, number] => {
    const bottom = min ?? low ?? 0;
    const top = max ?? high ?? 1;
    const room = (top - bottom) * 0.06;
    return top - bottom > 0 ? [min ?? bottom - room, max ?? top + room] : [bottom, bottom + (unit === "percentunit" ? 1 : Math.abs(bottom) || 1)];
  };
  const fill = stacked ? "4d" : kind === "spark" ? "33" : "1a";
  const hooks = { draw: [(u: uPlot) => (drawLimits(u, chart), drawMarks(u, chart.marks), drawPoints(u, chart))] };
  return {
    options: {
      scales: { x: { time: true }, y: { range } },
      axes: kind === "spark" ? [{ show: false }, { show: false }] : axes((n) => format(unit, n), unit === "bytes" ? { incrs: binary } : {}),
      series: [{}, ...series.map(({ color }) => ({ stroke: color, width: 1, fill: color + fill, points: { show: false }, spanGaps: false }))],
      ...(stacked && { bands: series.slice(1).map((_, i) => ({ series: [i + 2, i + 1] })) }),
      hooks,
    },
    data: [times, ...values],
  };
};

const heat = ({ unit, times, bounds, cells, marks }: HeatChart): { options: object; data: unknown[] } => {
  const most = Math.max(...cells.flat());
  const draw = (u: uPlot): void => {
    const width = u.bbox.width / times.length;
    const height = u.bbox.height / bounds.length;
    for (const [b, row] of cells.entries()) {
      for (const [t, n] of row.entries()) {
        if (n <= 0) continue;
        // the eye tells few apart where most is dark
        u.ctx.fillStyle = `rgba(107,174,254,${0.15 + 0.85 * Math.sqrt(n / most)})`;
        u.ctx.fillRect(u.bbox.left + t * width, u.bbox.top + (bounds.length - 1 - b) * height, width, height - 1);
      }
    }
    drawMarks(u, marks);
  };
  const name = (i: number): string => (Number.isInteger(i) && i > 0 && i <= bounds.length ? format(unit, bounds[i - 1] ?? Infinity) : "");
  return {
    options: {
      scales: { x: { time: true }, y: { range: [0, bounds.length] } },
      axes: axes(name, { splits: bounds.map((_, i) => i + 1), space: 16, filter: (_: unknown, at: number[]) => at.map((n) => (bounds.length < 9 || n % 2 === bounds.length % 2 ? n : null)), values: (_: unknown, at: (number | null)[]) => at.map((n) => (n === null ? "" : name(n))) }),
      series: [{}, { show: true, stroke: "transparent", points: { show: false } }],
      hooks: { draw: [draw] },
    },
    data: [times, times.map(() => 0)],
  };
};

for (const [id, chart] of Object.entries(charts)) {
  const box = document.querySelector(`#chart-${id}`);
  if (!box) continue;
  const { options, data } = chart.kind === "heat" ? heat(chart) : lines(chart);
  const Plot = uPlot as unknown as new (options: object, data: unknown[], box: object) => unknown;
  void new Plot({ width: box.clientWidth, height: box.clientHeight, legend: { show: false }, cursor: { show: false }, padding: chart.kind === "spark" ? [0, 0, 0, 0] : [8, 18, 0, 0], ...options }, data, box);
}
