// A chart's values as a JSON schema with descriptions and defaults: what values.yaml, values.schema.json and the README's table are made of.
import { stringify } from "yaml";

/** As far as the charts use it. */
export interface ValueSchema {
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly default?: unknown;
  /** What holds where nothing is set, though no default stands in values.yaml: the program's own. */
  readonly $comment?: string;
  readonly properties?: Readonly<Record<string, ValueSchema>>;
  readonly [keyword: string]: unknown;
}

const leaf = (name: string, node: ValueSchema): string[] => {
  if (node.default === undefined) return [`# ${name}:${node.$comment === undefined ? "" : ` ${node.$comment}`}`];
  return stringify({ [name]: node.default }, { lineWidth: 0 }).trimEnd().split("\n");
};

const lines = (name: string, node: ValueSchema): string[] => {
  const about = `## ${node.description ?? ""}`;
  if (!node.properties) return [about, ...leaf(name, node)];
  const inner = Object.entries(node.properties).flatMap(([child, schema]) => lines(child, schema));
  // a map of comments alone would be null
  const isEmpty = inner.every((line) => line.startsWith("#"));
  return [about, isEmpty ? `${name}: {}` : `${name}:`, ...inner.map((line) => `  ${line}`)];
};

/** values.yaml: each value under its description; what has no default stands behind a "#". */
export const valuesText = (values: Readonly<Record<string, ValueSchema>>): string =>
  Object.entries(values)
    .map(([name, node]) => `${lines(name, node).join("\n")}\n`)
    .join("\n");

const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll("\n", " ");

const typeOf = ({ type, enum: choices }: ValueSchema): string => (Array.isArray(choices) ? choices.join(", ") : typeof type === "string" ? type : (type ?? []).join(" or "));

const defaultOf = ({ default: value, $comment }: ValueSchema): string => {
  const shown = value === undefined ? $comment : JSON.stringify(value);
  return shown === undefined ? "" : `\`${shown}\``;
};

const rows = (name: string, node: ValueSchema): string[] => {
  const inner = Object.entries(node.properties ?? {});
  const own = `| \`${name}\` | ${typeOf(node)} | ${inner.length > 0 ? "" : cell(defaultOf(node))} | ${cell(node.description ?? "")} |`;
  return [own, ...inner.flatMap(([child, schema]) => rows(`${name}.${child}`, schema))];
};

/** A row for each value, those of maps after their map. */
export const valuesTable = (values: Readonly<Record<string, ValueSchema>>): string =>
  ["| value | type | default | what it is |", "|---|---|---|---|", ...Object.entries(values).flatMap(([name, node]) => rows(name, node))].join("\n");
