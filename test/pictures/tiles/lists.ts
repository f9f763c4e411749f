// Panels that are lists of text: alerts, and lines of log.
import type { Panel } from "../../operator/observability/boards.ts";
import type { Answers, Labels } from "../answers.ts";
import { colour } from "../colours.ts";
import { escape } from "./html.ts";
import type { Tile } from "./values.ts";

type Alerts = Awaited<ReturnType<Answers["alerts"]>>;

/** `{a="b", c=~"d"}` with every variable at All. */
export const selects = (filter: string, labels: Labels): boolean =>
  [...filter.matchAll(/(\w+)(=~?)"([^"]*)"/g)].every(([, name = "", operator, value = ""]) => {
    const pattern = value.replaceAll(/\$\{\w+:regex\}/g, ".*");
    return operator === "=" ? labels[name] === value : new RegExp(`^(?:${pattern})$`).test(labels[name] ?? "");
  });

export const alertList = (panel: Panel, alerts: Alerts, at: number): Tile => {
  const groupBy = (panel.options?.["groupBy"] ?? []) as string[];
  const mine = alerts.filter(({ labels }) => selects(String(panel.options?.["alertInstanceLabelFilter"] ?? ""), labels));
  const groups = Map.groupBy(mine, ({ labels }) => (groupBy.length > 0 ? groupBy.map((l) => `${l}=${labels[l] ?? ""}`).join("  ") : (labels["alertname"] ?? "")));
  const rank = ({ state }: Alerts[number]): number => (state === "firing" ? 0 : 1);
  const items = [...groups].toSorted(([, a], [, b]) => Math.min(...a.map(rank)) - Math.min(...b.map(rank))).map(([title, of]) => {
    const inside = of.map(({ labels, annotations, state, activeAt }) => {
      const minutes = Math.max(0, (at - Date.parse(activeAt) / 1_000) / 60);
      const color = colour(state === "firing" ? "red" : "orange");
      const name = groupBy.length > 0 ? `<b>${escape(labels["alertname"] ?? "")}</b> ` : "";
      return `<li><span style="color:${color}">${state === "firing" ? "Firing" : "Pending"}</span> ${name}${escape(annotations["summary"] ?? "")} <i>for ${minutes.toFixed(1)} min, ${escape(labels["severity"] ?? "")}</i></li>`;
    });
    return `<div class="group"><b>${escape(title)}</b><ul>${inside.join("")}</ul></div>`;
  });
  return { html: items.length === 0 ? '<div class="none">No alerts matching filters</div>' : `<div class="list">${items.join("")}</div>` };
};

export type LogLine = Readonly<Record<string, unknown>>;

/** What the panel's query lets through, newest first: this stands in for Loki, whose language it does not read. */
export const unusual = ({ level, durationMs, status, msg, route }: LogLine): boolean =>
  route !== "metrics" &&
  (["warn", "error", "fatal"].includes(String(level)) || Number(durationMs) > 100 || Number(status) >= 500 || msg === "slow commands");

/** As its line_format has it. */
const inWords = ({ time, pod, msg, method, route, command, status, durationMs }: LogLine): string =>
  [String(time).replace("T", " ").slice(0, 23), " ", pod, msg, method, route, command, status, ...(durationMs === undefined ? [] : [durationMs, "ms"])].filter((part) => part !== undefined).join(" ");

export const logs = (lines: readonly LogLine[]): Tile => {
  const shown = lines.filter(unusual).toSorted((a, b) => String(b["time"]).localeCompare(String(a["time"]))).slice(0, 40);
  const color = (level: unknown): string => colour(level === "warn" ? "yellow" : level === "info" ? "green" : "red");
  return { html: `<div class="logs">${shown.map((line) => `<div style="border-left:3px solid ${color(line["level"])}">${escape(inWords(line))}</div>`).join("")}</div>` };
};
