// Asks Prometheus what Grafana would ask it for a panel.
import { asGrafanaAsks } from "../operator/observability/promql-reader.ts";
import type { Board, Panel, Target } from "../operator/observability/boards.ts";
import type { Prometheus } from "../support/prometheus.ts";

type Ask = Prometheus["ask"];
export type Labels = Readonly<Record<string, string>>;

/** What is visible, in seconds since 1970. */
export interface Range {
  readonly from: number;
  readonly to: number;
  readonly step: number;
}

export interface Line {
  readonly name: string;
  readonly labels: Labels;
  /** One for each step of the range; NaN, where there was none, is null. */
  readonly values: readonly (number | null)[];
  readonly refId: string;
}

export interface Mark {
  readonly name: string;
  readonly color: string;
  readonly at: number;
  readonly until?: number;
}

interface Series {
  readonly metric: Labels;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

export const steps = ({ from, to, step }: Range): number[] => Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step);

/** Grafana's legend: the text with its labels put in; without a text, the series as Prometheus writes it. */
export const legend = (format: string | undefined, labels: Labels): string =>
  format ? format.replaceAll(/\{\{\s*(\w+)\s*\}\}/g, (_, label: string) => labels[label] ?? "") : `{${Object.entries(labels).map(([k, v]) => `${k}="${v}"`).join(", ")}}`;

/** `$__rate_interval` is four scrapes of a data source that is told of 5 seconds between two. */
const macros = ({ from, to }: Range) => ({ __rate_interval: "20s", __range: `${Math.round(to - from)}s` });

/** All of a variable without a value for it: what was found, as one pattern. */
export const foundValues = async (ask: Ask, { templating }: Board): Promise<Record<string, string>> => {
  const found: Record<string, string> = {};
  for (const { name, type, allValue, query } of templating.list) {
    if (type !== "query" || allValue !== undefined) continue;
    const [, series = "", label = ""] = /^label_values\((.*), (\w+)\)$/.exec((query as { query: string }).query) ?? [];
    found[name] = ((await ask(`label/${label}/values`, { "match[]": asGrafanaAsks(series) })) as string[]).join("|");
  }
  return found;
};

export const createAnswers = (ask: Ask, range: Range, chosen: Readonly<Record<string, string>>) => {
  const times = steps(range);
  const asked = (expr: string): string => asGrafanaAsks(expr, { ...macros(range), ...chosen });

  const along = async (expr: string, step = range.step): Promise<Series[]> =>
    ((await ask("query_range", { query: asked(expr), start: String(range.from), end: String(range.to), step: String(step) })) as { result: Series[] }).result;

  const now = async (expr: string): Promise<Series[]> => ((await ask("query", { query: asked(expr), time: String(range.to) })) as { result: Series[] }).result;

  const numbers = ({ value, values = value ? [value] : [] }: Series, instant: boolean): (number | null)[] => {
    const known = new Map(values.map(([t, v]) => [Math.round(t), Number(v)]));
    const at = instant ? values.map(([t]) => Math.round(t)) : times.map(Math.round);
    return at.map((t) => {
      const n = known.get(t);
      return n === undefined || Number.isNaN(n) ? null : n;
    });
  };

  const lines = async ({ expr, legendFormat, instant = false, refId }: Target): Promise<Line[]> =>
    (await (instant ? now(expr) : along(expr))).map((series) => ({ name: legend(legendFormat, series.metric), labels: series.metric, values: numbers(series, instant), refId }));

  return {
    lines: async ({ targets = [] }: Panel): Promise<Line[]> => (await Promise.all(targets.map(lines))).flat(),

    /** Traces beside buckets: when, and how long. */
    exemplars: async ({ targets = [] }: Panel): Promise<(readonly [number, number])[]> => {
      const found = await Promise.all(
        targets.filter((t) => t.exemplar).map(async ({ expr }) => (await ask("query_exemplars", { query: asked(expr), start: String(range.from), end: String(range.to) })) as { exemplars: { value: string; timestamp: number }[] }[]),
      );
      const points = found.flat().flatMap(({ exemplars }) => exemplars.map(({ value, timestamp }) => [timestamp, Number(value)] as const));
      return [...new Map(points.map((p) => [p.join(), p])).values()];
    },

    marks: async ({ annotations }: Board): Promise<Mark[]> => {
      const marks: Mark[] = [];
      for (const { name, expr, iconColor: color, useValueForTime } of annotations.list as readonly (Board["annotations"]["list"][number] & { iconColor: string })[]) {
        for (const { values = [] } of await along(expr)) {
          if (useValueForTime) for (const ms of new Set(values.map(([, v]) => Number(v)))) marks.push({ name, color, at: ms / 1_000 });
          else if (values[0]) marks.push({ name, color, at: values[0][0], until: values.at(-1)?.[0] ?? 0 });
        }
      }
      return marks.filter(({ at }) => at >= range.from && at <= range.to);
    },

    alerts: async (): Promise<{ labels: Labels; annotations: Labels; state: string; activeAt: string }[]> =>
      ((await ask("alerts", {})) as { alerts: { labels: Labels; annotations: Labels; state: string; activeAt: string }[] }).alerts,
  };
};

export type Answers = ReturnType<typeof createAnswers>;
