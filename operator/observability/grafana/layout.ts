// Places rows from top to bottom and their panels from left to right.
import type { Panel, Row } from "./panel.ts";

const columns = 24;

interface Place {
  readonly x: number;
  readonly y: number;
  readonly w: number;
  readonly h: number;
}

/** The places of a row's panels below `top`, and where they end. */
const flow = (panels: readonly Panel[], top: number): { places: Place[]; end: number } => {
  const places: Place[] = [];
  let [x, y, lineHeight] = [0, top, 0];
  for (const { width, height } of panels) {
    if (x + width > columns) [x, y, lineHeight] = [0, y + lineHeight, 0];
    places.push({ x, y, w: width, h: height });
    x += width;
    lineHeight = Math.max(lineHeight, height);
  }
  return { places, end: y + lineHeight };
};

/** Ids stay the same as long as nothing is moved. The panels of a collapsed row are inside it and take no room: Grafana places them below it when it is opened. */
export const layOut = (rows: readonly Row[]): object[] => {
  const placed: object[] = [];
  let [y, id] = [0, 0];
  for (const { title, collapsed = false, panels } of rows) {
    const { places, end } = flow(panels, y + 1);
    const row = { id: (id += 1), type: "row", title, collapsed, gridPos: { x: 0, y, w: columns, h: 1 } };
    const inside = panels.map(({ json }, i) => ({ id: (id += 1), ...json, gridPos: places[i] }));
    placed.push({ ...row, panels: collapsed ? inside : [] }, ...(collapsed ? [] : inside));
    y = collapsed ? y + 1 : end;
  }
  return placed;
};
