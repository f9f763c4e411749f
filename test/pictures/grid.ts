// Where Grafana puts panels: 24 columns, 30 pixels a line, 8 between two.
import type { Board, Panel } from "../operator/observability/boards.ts";

const [columns, line, gap] = [24, 30, 8];

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** In a page of that width. */
export const boxOf = ({ x, y, w, h }: Panel["gridPos"], pageWidth: number): Box => {
  const column = (pageWidth - gap * (columns - 1)) / columns;
  return { left: Math.round(x * (column + gap)), top: y * (line + gap), width: Math.round(w * column + (w - 1) * gap), height: h * line + (h - 1) * gap };
};

export interface Placed {
  readonly panel: Panel;
  readonly box: Box;
}

/** The chosen rows, closed ones opened, one below the other. Throws when a title is no row. */
export const place = ({ panels }: Pick<Board, "panels">, titles: readonly string[], pageWidth: number): { readonly placed: readonly Placed[]; readonly height: number } => {
  const placed: Placed[] = [];
  let end = 0;
  for (const title of titles) {
    const at = panels.findIndex(({ type, title: named }) => type === "row" && named === title);
    const row = panels[at];
    if (!row) throw new Error(`no row ${title}`);
    const next = panels.findIndex(({ type }, i) => i > at && type === "row");
    const inside = row.collapsed ? (row.panels ?? []) : panels.slice(at + 1, next < 0 ? undefined : next);
    const from = end;
    const down = ({ gridPos }: Panel): Box => boxOf({ ...gridPos, y: gridPos.y - row.gridPos.y + from }, pageWidth);
    for (const panel of [row, ...inside]) {
      placed.push({ panel, box: down(panel) });
      end = Math.max(end, from + panel.gridPos.y - row.gridPos.y + panel.gridPos.h);
    }
  }
  return { placed, height: end * (line + gap) };
};
