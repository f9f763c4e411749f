// Makes one page of some rows of a dashboard: everything that it needs is in it.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { build } from "esbuild";
import type { Board, Panel } from "../operator/observability/boards.ts";
import { createAnswers, foundValues, type Answers, type Mark, type Range } from "./answers.ts";
import type { Prometheus } from "../support/prometheus.ts";
import type { Chart } from "./charts.ts";
import { place } from "./grid.ts";
import { heatmap, timeseries } from "./tiles/chart.ts";
import { escape, markdown } from "./tiles/html.ts";
import { alertList, logs, type LogLine } from "./tiles/lists.ts";
import { table } from "./tiles/table.ts";
import { barGauge, stat, type Tile } from "./tiles/values.ts";

const here = import.meta.dirname;
const margin = 16;

/** What happens in the page, and how it looks. */
export const readAssets = async (): Promise<{ readonly script: string; readonly style: string }> => {
  const { outputFiles } = await build({ entryPoints: [resolve(here, "draw.browser.ts")], bundle: true, write: false, format: "iife", minify: true, logLevel: "warning" });
  const styles = [resolve(here, "../../node_modules/uplot/dist/uPlot.min.css"), resolve(here, "page.css")].map((file) => readFileSync(file, "utf8"));
  return { script: outputFiles[0]?.text ?? "", style: styles.join("\n") };
};

export interface Source {
  readonly ask: Prometheus["ask"];
  readonly range: Range;
  readonly lines: readonly LogLine[];
}

const tileOf = async (panel: Panel, marks: readonly Mark[], answers: Answers, { range, lines }: Source): Promise<Tile> => {
  switch (panel.type) {
    case "timeseries":
      return timeseries(panel, await answers.lines(panel), await answers.exemplars(panel), marks, range);
    case "heatmap":
      return heatmap(panel, await answers.lines(panel), marks, range);
    case "stat":
      return stat(panel, await answers.lines(panel), range);
    case "bargauge":
      return barGauge(panel, await answers.lines(panel));
    case "table":
      return table(panel, await answers.lines(panel), range.to);
    case "alertlist":
      return alertList(panel, await answers.alerts(), range.to);
    case "logs":
      return logs(lines);
    case "text":
      return { html: `<div class="text">${markdown(String(panel.options?.["content"]))}</div>` };
    default:
      throw new Error(`${panel.type} is not drawn here`);
  }
};

export interface Page {
  readonly html: string;
  readonly height: number;
}

export const pageOf = async (board: Board, rows: readonly string[], width: number, source: Source, assets: Awaited<ReturnType<typeof readAssets>>): Promise<Page> => {
  const { placed, height } = place(board, rows, width - 2 * margin);
  const answers = createAnswers(source.ask, source.range, await foundValues(source.ask, board));
  const marks = await answers.marks(board);
  const charts: Record<number, Chart> = {};
  const sections: string[] = [];
  for (const { panel, box } of placed) {
    const style = `left:${box.left}px;top:${box.top}px;width:${box.width}px;height:${box.height}px`;
    if (panel.type === "row") {
      sections.push(`<section class="row" style="${style}"><span>⌄ ${escape(panel.title)}</span></section>`);
      continue;
    }
    const { html, chart } = await tileOf(panel, marks, answers, source);
    if (chart) charts[panel.id] = chart;
    sections.push(`<section style="${style}"><h2>${escape(panel.title)}<small>i</small></h2><div class="body">${chart ? `<div class="chart ${chart.kind}" id="chart-${panel.id}"></div>` : ""}${html}</div></section>`);
  }
  const variables = board.templating.list.filter(({ hide }) => hide !== 2).map(({ label, type, name }) => `<span>${escape(label)}: ${type === "datasource" ? label.split(" ")[0] : name === "limit" ? "10" : "All"}</span>`);
  const minutes = Math.round((source.range.to - source.range.from) / 60);
  const head = `<header><h1>${escape(board.title)}</h1>${variables.join("")}<span class="time">Last ${minutes} minutes</span></header>`;
  return {
    html: `<!doctype html><meta charset="utf-8"><style>${assets.style}</style><body>${head}<main style="height:${height}px">${sections.join("")}</main><script>const charts=${JSON.stringify(charts).replaceAll("<", "\\u003c")};</script><script>${assets.script}</script></body>`,
    height: height + 2 * margin + 56,
  };
};
