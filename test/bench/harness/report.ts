// Writes results as Markdown, each section between markers of its own, so that one bench can be run again without the others.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { met, passes, type Goal } from "./goal.ts";
import { root } from "./process.ts";
import type { Figure, Result } from "./rounds.ts";

export interface Section {
  /** The bench's name, as `make bench` takes it; a slash makes it one of a group. */
  readonly name: string;
  readonly title: string;
  /** The result in a sentence or two, which docs/MONITORING.md shows too. */
  readonly headline?: string;
  /** What was run, in a sentence or two. */
  readonly setting: string;
  readonly goals: readonly Goal[];
  readonly body: string;
}

const report = join(root, "docs/performance.md");
const guide = join(root, "docs/MONITORING.md");

export const table = (header: readonly string[], rows: readonly (readonly string[])[]): string =>
  [header, header.map((_, i) => (i === 0 ? "---" : "---:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");

const digits: Record<Figure, number> = { cpu: 2, perSecond: 0, p50: 3, p99: 2, busy: 2 };

/** Medians against the first row, and every round of the two primary figures. */
export const roundsTable = (results: readonly Result[], base: Result | undefined = results[0]): string =>
  table(
    ["server", "req/s", "ratio", "CPU us/req", "ratio", "p50 ms", "p99 ms", "core used", "CPU us/req, all rounds", "thousand req/s, all rounds"],
    results.map((result) => {
      const show = (figure: Figure) => result.median(figure).toFixed(digits[figure]);
      const ratio = (figure: Figure) => (result.median(figure) / (base?.median(figure) ?? Number.NaN)).toFixed(2);
      return [
        result.target.name,
        show("perSecond"),
        ratio("perSecond"),
        show("cpu"),
        ratio("cpu"),
        show("p50"),
        show("p99"),
        show("busy"),
        result.rounds.map((r) => r.cpu.toFixed(1)).join(" "),
        result.rounds.map((r) => (r.perSecond / 1000).toFixed(1)).join(" "),
      ];
    }),
  );

const verdict = (goal: Goal): string => (met(goal) ? "met" : passes(goal) ? "missed, within 15 %" : "**missed**");

const goalsTable = (goals: readonly Goal[]): string =>
  table(
    ["goal", "asked", "measured", "verdict"],
    goals.map((goal) => [goal.what, `${goal.better === "higher" ? ">=" : "<="} ${goal.goal} ${goal.unit}`, `${goal.measured.toFixed(2)} ${goal.unit}`, verdict(goal)]),
  );

export const markdown = ({ title, headline, setting, goals, body }: Section, machine: string): string =>
  [`## ${title}`, ...(headline ? [headline] : []), `${setting} ${machine}`, ...(goals.length > 0 ? [goalsTable(goals)] : []), body].join("\n\n");

/** Replaces what stands between the section's markers; a new section goes to the end. */
export const withSection = (page: string, name: string, text: string): string => {
  const [begin, end] = [`<!-- bench:${name} -->`, `<!-- /bench:${name} -->`];
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  const section = `${begin}\n${text}\n${end}`;
  if (from >= 0 && to > from) return page.slice(0, from) + section + page.slice(to + end.length);
  return `${page.trimEnd()}\n\n${section}\n`;
};

/** What stands between the markers of a section, or nothing. */
export const sectionOf = (page: string, name: string): string | undefined => page.split(`<!-- bench:${name} -->\n`)[1]?.split(`\n<!-- /bench:${name} -->`)[0];

export const writeSection = (section: Section, machine: string): void => {
  writeFileSync(report, withSection(readFileSync(report, "utf8"), section.name, markdown(section, machine)));
  if (section.headline) writeFileSync(guide, withSection(readFileSync(guide, "utf8"), section.name, section.headline));
};
