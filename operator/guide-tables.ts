// The generated tables of docs/MONITORING.md, between their marks: what is measured and what alerts, in short. docs/metrics.md and docs/alerts.md have all of it.
import { responderMetrics } from "#contract/metrics";
import { alertNames } from "#crds/alerts";
import { alerts } from "./observability/alerts/catalogue.ts";

const metricsTable = (): string =>
  ["| metric | what it tells |", "|---|---|", ...Object.entries(responderMetrics).map(([name, { help }]) => `| \`${name}\` | ${help} |`)].join("\n");

const alertsTable = (): string =>
  ["| alert | severity | fires when |", "|---|---|---|", ...alertNames.map((name) => `| [${name}](runbooks/${name}.md) | ${alerts[name].severity} | ${alerts[name].when} |`)].join("\n");

const tables: Readonly<Record<string, () => string>> = { metrics: metricsTable, alerts: alertsTable };

/** The page with its tables written anew. Throws where a mark is missing. */
export const withTables = (page: string): string =>
  Object.entries(tables).reduce((text, [name, table]) => {
    const [open, close] = [`<!-- table:${name} -->\n`, `\n<!-- /table:${name} -->`];
    const [from, to] = [text.indexOf(open), text.indexOf(close)];
    if (from < 0 || to < from) throw new Error(`docs/MONITORING.md has no marks for the table of ${name}`);
    return `${text.slice(0, from + open.length)}${table()}${text.slice(to)}`;
  }, page);
