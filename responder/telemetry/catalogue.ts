// The shape of a metric catalogue: one typed entry per metric, from which instruments, PromQL, docs and the cardinality budget are made.

/** A label whose values are known in advance: every series exists, at 0, from the start. */
export type ClosedLabel = readonly [string, ...string[]];

/** A label that names Kubernetes objects; its series come and go with them, so it needs a bound. */
export interface OpenLabel {
  readonly open: true;
  /** How many values are expected at most; used by the cardinality budget. */
  readonly bound: number;
}

export type LabelValues = ClosedLabel | OpenLabel;

/** A product of label values: one series for each way to choose one value per label. */
export type LabelProduct = Readonly<Record<string, readonly [string, ...string[]]>>;

export interface MetricDef {
  readonly type: "counter" | "gauge" | "histogram";
  readonly help: string;
  readonly labels?: Readonly<Record<string, LabelValues>>;
  /** Only these combinations of closed labels can happen (the union of the products); absent: all of them. */
  readonly series?: readonly [LabelProduct, ...LabelProduct[]];
  /** Upper bounds of a histogram's buckets in its base unit, ascending, without +Inf. */
  readonly buckets?: readonly number[];
}

/** Keyed by the full metric name, base unit and `_total` included. */
export type Catalogue = Readonly<Record<string, MetricDef>>;

/** Keeps the literal types, so that a renamed metric or label fails the type check at each use. */
export const defineCatalogue = <const C extends Catalogue>(catalogue: C): C => catalogue;

export type LabelsOf<M extends MetricDef> = M["labels"] extends Readonly<Record<string, LabelValues>> ? keyof M["labels"] & string : never;

type ValueOf<L> = L extends ClosedLabel ? L[number] : string;

/** Distributes over the union, so that a combination that cannot happen is a type error. */
type OneOf<P> = P extends LabelProduct ? { readonly [K in keyof P & string]: P[K][number] } : never;

/** The label object of one series of metric M: closed labels accept only their own values, in combinations that can happen. */
export type LabelSet<M extends MetricDef> = M["series"] extends readonly LabelProduct[]
  ? OneOf<M["series"][number]>
  : M["labels"] extends Readonly<Record<string, LabelValues>>
    ? { readonly [K in keyof M["labels"] & string]: ValueOf<M["labels"][K]> }
    : Record<never, string>;

const isClosed = (values: LabelValues): values is ClosedLabel => Array.isArray(values);

const product = (labels: readonly (readonly [string, readonly string[]])[]): Record<string, string>[] =>
  labels.reduce<Record<string, string>[]>((sets, [name, values]) => sets.flatMap((set) => values.map((value) => ({ ...set, [name]: value }))), [{}]);

/** Every series of a metric whose labels are all closed (one empty set when it has none); undefined when a label is open. */
export const closedSeries = (def: MetricDef): Record<string, string>[] | undefined => {
  const labels = Object.entries(def.labels ?? {});
  const closed: [string, ClosedLabel][] = [];
  for (const [name, values] of labels) {
    if (!isClosed(values)) return undefined;
    closed.push([name, values]);
  }
  return def.series ? def.series.flatMap((p) => product(Object.entries(p))) : product(closed);
};

/** Samples that a metric may come to: series times lines per series, open labels at their bound. */
export const sampleBound = (def: MetricDef): number => {
  const lines = def.type === "histogram" ? (def.buckets?.length ?? 0) + 3 : 1;
  const closed = closedSeries(def);
  if (closed) return closed.length * lines;
  return Object.values(def.labels ?? {}).reduce((n, values) => n * (isClosed(values) ? values.length : values.bound), lines);
};
