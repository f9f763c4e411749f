// Which lines a panel names, and how: Grafana's renameByRegex, and the override that leaves out what is always 0.
import type { Panel } from "../operator/observability/boards.ts";
import type { Line } from "./answers.ts";

interface Rename {
  readonly regex?: string;
  readonly renamePattern?: string;
}

const isAlwaysZero = ({ values }: Line): boolean => values.every((n) => n === null || n === 0);

export interface Named {
  readonly name: string;
  readonly line: Line;
  readonly isListed: boolean;
}

export const named = ({ transformations = [], fieldConfig }: Panel, lines: readonly Line[]): Named[] => {
  const { regex, renamePattern = "" } = (transformations.find(({ id }) => id === "renameByRegex")?.options ?? {}) as Rename;
  const hidesZeros = JSON.stringify(fieldConfig?.overrides ?? []).includes("allIsZero");
  return lines.map((line) => ({ line, name: regex === undefined ? line.name : line.name.replace(new RegExp(regex), renamePattern), isListed: !(hidesZeros && isAlwaysZero(line)) }));
};
