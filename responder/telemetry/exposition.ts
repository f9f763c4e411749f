// Writes families of series in Prometheus' text format and as OpenMetrics. prom-client's own writer changes its metrics' names when it writes the second of the two.

/** text: 0.0.4. openMetrics: 1.0.0. */
export type Format = "text" | "openMetrics";

export const contentTypes: Readonly<Record<Format, string>> = {
  text: "text/plain; version=0.0.4; charset=utf-8",
  openMetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

export interface Exemplar {
  readonly value: number;
  readonly traceId: string;
  readonly spanId: string;
  readonly atMs: number;
}

/** As prom-client hands samples over; `metricName` where it is not the family's. */
export interface ShownSample {
  readonly labels?: Readonly<Record<string, string | number>>;
  readonly value: number;
  readonly metricName?: string;
  readonly exemplar?: Exemplar | undefined;
}

export interface ShownFamily {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly values: readonly ShownSample[];
}

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\n": "\\n", '"': '\\"' };
const escapeIn = (text: string, these: RegExp): string => text.replace(these, (found) => escapes[found] ?? found);
const quotable = /[\\\n"]/g;
const helpInText = /[\\\n]/g;

const number = (value: number): string => {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
};

/** OpenMetrics wants bounds as floats, so that the same bound has one spelling. */
const float = (value: number): string => (Number.isInteger(value) && Math.abs(value) < 1e21 ? `${value}.0` : number(value));

const label = (name: string, value: string | number, format: Format): string => {
  const text = typeof value === "string" ? value : name === "le" && format === "openMetrics" ? float(value) : number(value);
  return `${name}="${escapeIn(text, quotable)}"`;
};

const exemplarText = ({ traceId, spanId, value, atMs }: Exemplar): string => ` # {trace_id="${traceId}",span_id="${spanId}"} ${number(value)} ${(atMs / 1000).toFixed(3)}`;

const withTotal = (name: string): string => (name.endsWith("_total") ? name : `${name}_total`);
const withoutTotal = (name: string): string => (name.endsWith("_total") ? name.slice(0, -"_total".length) : name);

const writeFamily = ({ name, help, type, values }: ShownFamily, format: Format): string => {
  const open = format === "openMetrics";
  const counts = open && type === "counter";
  const family = counts ? withoutTotal(name) : name;
  let text = `# HELP ${family} ${escapeIn(help, open ? quotable : helpInText)}\n# TYPE ${family} ${type}\n`;
  for (const { labels = {}, value, metricName = name, exemplar } of values) {
    const inner = Object.entries(labels).map(([key, of]) => label(key, of, format));
    text += `${counts ? withTotal(metricName) : metricName}${inner.length > 0 ? `{${inner.join(",")}}` : ""} ${number(value)}`;
    if (open && exemplar) text += exemplarText(exemplar);
    text += "\n";
  }
  return text;
};

/** Some of them: what `endOf` gives comes after the last. */
export const writeFamilies = (families: readonly ShownFamily[], format: Format): string => families.map((family) => writeFamily(family, format)).join("");

export const endOf = (format: Format): string => (format === "openMetrics" ? "# EOF\n" : "");
