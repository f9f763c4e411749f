// A table panel: rows of several instant queries joined by their labels, columns named, ordered, hidden and coloured as the panel says.
import type { Panel } from "../../operator/observability/boards.ts";
import type { Line } from "../answers.ts";
import { stepColour, type Step } from "../colours.ts";
import { format } from "../units.ts";
import { escape } from "./html.ts";
import type { Tile } from "./values.ts";

type Row = Map<string, string | number>;

interface Organize {
  readonly excludeByName?: Readonly<Record<string, boolean>>;
  readonly indexByName?: Readonly<Record<string, number>>;
  readonly renameByName?: Readonly<Record<string, string>>;
}

/** Grafana's merge: what has the same labels is one row. */
export const merged = (lines: readonly Line[], queries: number): Row[] => {
  const rows = new Map<string, Row>();
  for (const { labels, values, refId } of lines) {
    const key = JSON.stringify(Object.entries(labels).toSorted());
    const row: Row = rows.get(key) ?? new Map(Object.entries(labels));
    const n = values.at(-1);
    if (n !== null && n !== undefined) row.set(queries === 1 ? "Value" : `Value #${refId}`, n);
    rows.set(key, row);
  }
  return [...rows.values()];
};

export const table = (panel: Panel, lines: readonly Line[], at: number): Tile => {
  const { excludeByName = {}, indexByName = {}, renameByName = {} } = (panel.transformations?.find(({ id }) => id === "organize")?.options ?? {}) as Organize;
  const rows = merged(lines, panel.targets?.length ?? 0);
  const fields = [...new Set(rows.flatMap((row) => [...row.keys()]))].filter((f) => !excludeByName[f]).toSorted((a, b) => (indexByName[a] ?? 99) - (indexByName[b] ?? 99));
  const shown = (field: string): string => renameByName[field] ?? field;
  const property = (field: string, id: string): unknown => panel.fieldConfig?.overrides.find(({ matcher }) => matcher.options === shown(field))?.properties.find((p) => p.id === id)?.value;

  const [sortBy] = (panel.options?.["sortBy"] ?? []) as { displayName: string }[];
  const sortField = fields.find((f) => shown(f) === sortBy?.displayName);
  if (sortField) rows.sort((a, b) => Number(b.get(sortField) ?? -Infinity) - Number(a.get(sortField) ?? -Infinity));

  const cell = (row: Row, field: string): string => {
    const content = row.get(field);
    if (typeof content !== "number") return `<td${property(field, "links") ? ' class="link"' : ""}>${escape(content ?? "")}</td>`;
    const steps = (property(field, "thresholds") as { steps: Step[] } | undefined)?.steps;
    return `<td class="right"${steps ? ` style="color:${stepColour(steps, content)}"` : ""}>${format(String(property(field, "unit") ?? "short"), content, at * 1_000)}</td>`;
  };
  const head = fields.map((f) => `<th${typeof rows[0]?.get(f) === "number" ? ' class="right"' : ""}>${escape(shown(f))}</th>`);
  const body = rows.map((row) => `<tr>${fields.map((f) => cell(row, f)).join("")}</tr>`);
  return { html: rows.length === 0 ? '<div class="none">No data</div>' : `<table class="table"><tr>${head.join("")}</tr>${body.join("")}</table>` };
};
