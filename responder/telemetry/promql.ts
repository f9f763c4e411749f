// Builds PromQL from catalogues: a wrong metric, a wrong label, or a rate of a gauge does not compile, and no query escapes its scope.
import type { Catalogue, ClosedLabel, LabelsOf, MetricDef } from "./catalogue.ts";

/** Labels that the ServiceMonitor or Prometheus puts on every series of a target. */
export const targetLabels = ["tenant", "namespace", "kvresponder", "pod", "service", "job", "instance"] as const;
export type TargetLabel = (typeof targetLabels)[number];

/** As Prometheus writes one. */
export type Duration = `${number}${"s" | "m" | "h" | "d"}`;
/** A range: a duration; Grafana's interval that always spans two scrapes; or all that its reader looks at. */
export type Window = Duration | "$__rate_interval" | "$__range";

declare const labelsOf: unique symbol;

/** An instant vector whose series carry the labels L. More labels make a subtype, so L stands where a parameter would. */
export interface Vector<L extends string> {
  readonly text: string;
  /** Needs no brackets as an operand. */
  readonly atom: boolean;
  readonly [labelsOf]?: (label: L) => void;
}

/** A plain selector: the only thing that a range can be taken of. */
export interface Series<L extends string, K extends "counter" | "gauge"> extends Vector<L> {
  readonly kind: K;
}

/** One value, any of several, or a regular expression (RE2, anchored; Grafana variables go here). */
export type Match<V extends string> = V | readonly [V, ...V[]] | { readonly regex: string };

type ValueOf<M extends MetricDef, L extends string> = M["labels"] extends Readonly<Record<L, infer V>> ? (V extends ClosedLabel ? V[number] : string) : string;

export type Matches<M extends MetricDef> = { readonly [L in LabelsOf<M>]?: Match<ValueOf<M, L>> } & { readonly [L in TargetLabel]?: Match<string> };

type NamesOf<C extends Catalogue, T extends MetricDef["type"]> = { [N in keyof C & string]: C[N]["type"] extends T ? N : never }[keyof C & string];
type LabelsIn<C extends Catalogue, N extends keyof C> = LabelsOf<C[N]> | TargetLabel;

const atom = (text: string) => ({ text, atom: true });
const compound = (text: string) => ({ text, atom: false });
const operand = (v: { text: string; atom: boolean }): string => (v.atom ? v.text : `(${v.text})`);

/** A string literal of PromQL: Go's rules, so backslash, quote and line ends are escaped. */
const quote = (value: string): string => `"${value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n").replaceAll("\r", "\\r")}"`;

const escapeRegex = (value: string): string => value.replaceAll(/[\\^$.|?*+()[\]{}]/g, String.raw`\$&`);

const matcher = (name: string, match: Match<string>): string => {
  if (typeof match === "string") return `${name}=${quote(match)}`;
  if ("regex" in match) return `${name}=~${quote(match.regex)}`;
  return `${name}=~${quote(match.map(escapeRegex).join("|"))}`;
};

/** Matchers that every selector gets. */
export type Scope = Readonly<Partial<Record<TargetLabel, Match<string>>>>;

/** The selectors of a catalogue, of which only the type is used, within a scope. A match may narrow the scope by another label, never replace what it says. */
export const promql = <const C extends Catalogue>(_catalogue: C, scope: Scope) => {
  const select = <K extends "counter" | "gauge">(kind: K, metric: string, matches: Readonly<Record<string, Match<string> | undefined>> = {}) => {
    const parts = Object.entries({ ...matches, ...scope }).flatMap(([name, match]) => (match === undefined ? [] : [matcher(name, match)]));
    return { ...atom(`${metric}{${parts.sort().join(",")}}`), kind };
  };
  return {
    counter: <N extends NamesOf<C, "counter">>(name: N, matches?: Matches<C[N]>): Series<LabelsIn<C, N>, "counter"> => select("counter", name, matches),
    gauge: <N extends NamesOf<C, "gauge">>(name: N, matches?: Matches<C[N]>): Series<LabelsIn<C, N>, "gauge"> => select("gauge", name, matches),
    /** The cumulative buckets of a histogram, or the one of them with this bound. */
    buckets: <N extends NamesOf<C, "histogram">>(name: N, matches?: Matches<C[N]> & { readonly le?: `${number}` | "+Inf" }): Series<LabelsIn<C, N> | "le", "counter"> => select("counter", `${name}_bucket`, matches),
    /** How many observations a histogram has seen. */
    observations: <N extends NamesOf<C, "histogram">>(name: N, matches?: Matches<C[N]>): Series<LabelsIn<C, N>, "counter"> => select("counter", `${name}_count`, matches),
    /** The sum of what a histogram has seen. */
    total: <N extends NamesOf<C, "histogram">>(name: N, matches?: Matches<C[N]>): Series<LabelsIn<C, N>, "counter"> => select("counter", `${name}_sum`, matches),
  };
};

/** Per second. */
export const rate = <L extends string>(series: Series<L, "counter">, window: Window): Vector<L> => atom(`rate(${series.text}[${window}])`);

/** How much a counter has grown; extrapolated, so seldom a whole number. */
export const increase = <L extends string>(series: Series<L, "counter">, window: Window): Vector<L> => atom(`increase(${series.text}[${window}])`);

/** What the samples of a gauge come to in the window, series by series. */
const overTime =
  (what: "sum" | "avg") =>
  <L extends string>(series: Series<L, "gauge">, window: Window): Vector<L> =>
    atom(`${what}_over_time(${series.text}[${window}])`);

export const sumOverTime = overTime("sum");
export const avgOverTime = overTime("avg");

/** The series as they were so long ago. */
export const offset = <L extends string, K extends "counter" | "gauge">(series: Series<L, K>, ago: Duration): Series<L, K> => ({ ...series, text: `${series.text} offset ${ago}` });

/** How often the value changed. */
export const changes = <L extends string>(series: Series<L, "gauge">, window: Window): Vector<L> => atom(`changes(${series.text}[${window}])`);

const aggregate =
  (operator: "sum" | "max" | "min" | "count") =>
  <L extends string, const K extends L>(vector: Vector<L>, by: readonly K[]): Vector<K> =>
    atom(by.length === 0 ? `${operator}(${vector.text})` : `${operator} by (${by.join(", ")}) (${vector.text})`);

export const sum = aggregate("sum");
export const max = aggregate("max");
export const min = aggregate("min");
export const count = aggregate("count");

/** The k largest; k may be a Grafana variable. */
export const topk = <L extends string>(k: number | `$${string}`, vector: Vector<L>): Vector<L> => atom(`topk(${k}, ${vector.text})`);

/** Of buckets that were summed by `le` and, if wished, more. */
export const quantile = <L extends string>(phi: number, buckets: Vector<L | "le">): Vector<Exclude<L, "le">> => atom(`histogram_quantile(${phi}, ${buckets.text})`);

/** 1 when the vector has no series, else nothing. Its labels are lost, so an alert names its subject in static labels. */
export const absent = (vector: Vector<never>): Vector<never> => atom(`absent(${vector.text})`);

/** Unequal label sets never match, and a query that silently finds nothing is worse than one that does not compile. */
type SameLabels<A, B> = [A, B] extends [B, A] ? unknown : "both sides must carry the same labels";

const binary =
  (operator: string) =>
  <A extends string, B extends string>(left: Vector<A>, right: Vector<B> & SameLabels<A, B>): Vector<A> =>
    compound(`${operand(left)} ${operator} ${operand(right)}`);

export const divide = binary("/");
export const plus = binary("+");
export const minus = binary("-");
/** The left side, where the right side has a series with the same labels. */
export const and = binary("and");

/** The left side, and those of the right side whose labels it has not. */
export const or = binary("or");
/** Series by series: the left ones that are below their partner. */
export const lessThan = binary("<");

const matchOn =
  (operator: "and" | "unless") =>
  <A extends string, B extends string, const K extends A & B>(left: Vector<A>, on: readonly K[], right: Vector<B>): Vector<A> =>
    compound(`${operand(left)} ${operator} on (${on.join(", ")}) ${operand(right)}`);

/** `and`, or the left side where the right has none, by these labels alone: for series with labels of their own beside them. */
export const andOn = matchOn("and");
export const unlessOn = matchOn("unless");

/** Each value, divided by a constant. */
export const per = <L extends string>(vector: Vector<L>, constant: number): Vector<L> => compound(`${operand(vector)} / ${constant}`);
/** Each value, so many times. */
export const times = <L extends string>(vector: Vector<L>, constant: number): Vector<L> => compound(`${operand(vector)} * ${constant}`);
/** A constant less each value. */
export const subtractFrom = <L extends string>(constant: number, vector: Vector<L>): Vector<L> => compound(`${constant} - ${operand(vector)}`);

const compare =
  (operator: "<" | ">" | ">=" | "==") =>
  <L extends string>(vector: Vector<L>, bound: number): Vector<L> =>
    compound(`${operand(vector)} ${operator} ${bound}`);

/** Comparisons keep the series that fulfil them. */
export const below = compare("<");
export const above = compare(">");
export const atLeast = compare(">=");
export const equal = compare("==");
