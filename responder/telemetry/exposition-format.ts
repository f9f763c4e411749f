// Which of the formats a scraper prefers, by its Accept header.
import type { Format } from "./exposition.ts";

interface Range {
  readonly type: string;
  readonly version: string | undefined;
  readonly q: number;
}

const parse = (text: string): Range => {
  const [type = "", ...parameters] = text.split(";").map((part) => part.trim().toLowerCase());
  const named = new Map(parameters.map((parameter) => [parameter.slice(0, parameter.indexOf("=")).trim(), parameter.slice(parameter.indexOf("=") + 1).trim().replaceAll('"', "")]));
  const q = Number(named.get("q") ?? 1);
  // who writes nonsense asks for nothing
  return { type, version: named.get("version"), q: q >= 0 && q <= 1 ? q : 0 };
};

/** The most that is offered for a type; undefined: it is not named. */
const offered = (ranges: readonly Range[], type: string, versions: readonly string[]): number | undefined => {
  const fitting = ranges.filter((range) => range.type === type && (range.version === undefined || versions.includes(range.version)));
  return fitting.length === 0 ? undefined : Math.max(...fitting.map(({ q }) => q));
};

/** OpenMetrics only for those who ask for it by name and want it no less. Whoever can take neither gets text all the same: it can be read. */
export const preferredFormat = (accept: string | undefined): Format => {
  const ranges = (accept ?? "").split(",").map(parse);
  const openMetrics = offered(ranges, "application/openmetrics-text", ["1.0.0"]) ?? 0;
  const text = offered(ranges, "text/plain", ["0.0.4"]) ?? offered(ranges, "text/*", []) ?? offered(ranges, "*/*", []) ?? 0;
  return openMetrics > 0 && openMetrics >= text ? "openMetrics" : "text";
};
