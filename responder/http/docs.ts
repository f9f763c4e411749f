// The parts of docs/http-api.md that are made from the tables: routes and errors, between markers.
import { errors, type ErrorCode } from "./errors.ts";
import { commonErrors, operations, type Operation } from "./operations.ts";

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll("\n", " ");
const row = (...cells: readonly string[]) => `| ${cells.map(cell).join(" | ")} |`;
const table = (head: readonly string[], rows: readonly string[]) => [row(...head), row(...head.map(() => "---")), ...rows].join("\n");
const code = (text: string) => `\`${text}\``;

const target = ({ path, query = {} }: Operation) => `${path}${Object.keys(query).length > 0 ? `?${Object.keys(query).map((name) => `${name}=`).join("&")}` : ""}`;

const routesTable = (): string =>
  table(
    ["request", "what", "answers", "errors of its own"],
    operations.map((operation) => {
      const { method, summary, answers, errors: own } = operation;
      return row(code(`${method.toUpperCase()} ${target(operation)}`), summary, Object.keys(answers).join(", "), own.map(code).join(" "));
    }),
  );

const where = (name: ErrorCode): string => {
  if (commonErrors.includes(name)) return "any request";
  if (name === "not_found" || name === "method_not_allowed") return "any other path or method";
  if (name === "batch_full") return "results of a batch";
  const byPath = new Map<string, string[]>();
  for (const { path, method, errors: own } of operations) if (own.includes(name)) byPath.set(path, [...(byPath.get(path) ?? []), method.toUpperCase()]);
  return [...byPath].map(([path, methods]) => code(`${methods.join(", ")} ${path}`)).join(", ");
};

const errorsTable = (): string =>
  table(
    ["status", "code", "meaning", "where"],
    Object.entries(errors)
      .toSorted(([, a], [, b]) => a.status - b.status)
      .map(([name, { status, title }]) => row(String(status), code(name), title, where(name as ErrorCode))),
  );

const sections: Readonly<Record<string, () => string>> = { routes: routesTable, errors: errorsTable };

/** The page with every generated part made anew. Throws when a part has no place. */
export const withGenerated = (page: string): string =>
  Object.entries(sections).reduce((text, [name, make]) => {
    const [start, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
    const [from, to] = [text.indexOf(start), text.indexOf(end)];
    if (from < 0 || to < from) throw new Error(`docs/http-api.md has no "${start}" followed by "${end}"; put them back`);
    return `${text.slice(0, from + start.length)}\n${make()}\n${text.slice(to)}`;
  }, page);
