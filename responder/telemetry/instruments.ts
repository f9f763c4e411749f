// Typed instruments made from a catalogue. Values live in plain cells; prom-client sees them only when somebody scrapes,
// because it costs 13-24 us a request when it is asked on each one (it hashes the labels every time, bound or not).
import { collectDefaultMetrics, Registry, type Metric } from "prom-client";
import { closedSeries, type Catalogue, type LabelSet, type MetricDef } from "./catalogue.ts";

export interface CounterHandle {
  inc(n?: number): void;
  /** From now on the value is read at each scrape, for what is counted elsewhere anyway. */
  collect(read: () => number): void;
}

export interface GaugeHandle extends CounterHandle {
  dec(n?: number): void;
  set(value: number): void;
}

export interface HistogramHandle {
  observe(value: number): void;
}

/** Finds a series once; the handle then costs no label objects. */
interface Family<M extends MetricDef, Handle> {
  with(labels: LabelSet<M>): Handle;
  /** Drops every series that carries these labels; their handles count into nothing. Only where a label is open. */
  remove(labels: Partial<LabelSet<M>>): void;
}

type Labelled<M extends MetricDef> = M extends { readonly labels: object } ? true : false;

export type CounterOf<M extends MetricDef> = Labelled<M> extends true ? Family<M, CounterHandle> & { inc(labels: LabelSet<M>, n?: number): void } : CounterHandle;
export type GaugeOf<M extends MetricDef> =
  Labelled<M> extends true
    ? Family<M, GaugeHandle> & { inc(labels: LabelSet<M>, n?: number): void; dec(labels: LabelSet<M>, n?: number): void; set(labels: LabelSet<M>, value: number): void }
    : GaugeHandle;
export type HistogramOf<M extends MetricDef> =
  Labelled<M> extends true ? Family<M, HistogramHandle> & { observe(labels: LabelSet<M>, value: number): void } : HistogramHandle;

export type InstrumentOf<M extends MetricDef> = M["type"] extends "counter" ? CounterOf<M> : M["type"] extends "gauge" ? GaugeOf<M> : HistogramOf<M>;

export type Instruments<C extends Catalogue> = { readonly [K in keyof C]: InstrumentOf<C[K]> };

export interface Telemetry<C extends Catalogue> {
  readonly metrics: Instruments<C>;
  /** The exposition in the text format. */
  render(): Promise<string>;
  readonly contentType: string;
}

interface Sample {
  readonly labels: Record<string, string | number>;
  readonly value: number;
  readonly metricName?: string;
}

type Labels = Readonly<Record<string, string>>;

/** One series: a handle that also knows how to show itself. */
interface Cell extends GaugeHandle, HistogramHandle {
  readonly labels: Labels;
  samples(name: string): Sample[];
}

const never = (): never => {
  throw new Error("not an operation of this type of metric");
};

const numberCell = (labels: Labels): Cell => {
  let value = 0;
  let read: (() => number) | undefined;
  return {
    labels,
    inc: (n = 1) => void (value += n),
    dec: (n = 1) => void (value -= n),
    set: (n) => void (value = n),
    collect: (from) => void (read = from),
    observe: never,
    samples: () => [{ labels: { ...labels }, value: read ? read() : value }],
  };
};

const histogramCell = (labels: Labels, bounds: readonly number[]): Cell => {
  const counts = new Float64Array(bounds.length + 1);
  const upper = Float64Array.from(bounds);
  let sum = 0;
  return {
    labels,
    inc: never,
    dec: never,
    set: never,
    collect: never,
    observe: (value) => {
      let i = 0;
      while (i < upper.length && value > (upper[i] ?? 0)) i++;
      counts[i] = (counts[i] ?? 0) + 1;
      sum += value;
    },
    samples: (name) => {
      let cumulative = 0;
      const buckets = [...bounds, "+Inf"].map((le, i): Sample => ({ labels: { ...labels, le }, value: (cumulative += counts[i] ?? 0), metricName: `${name}_bucket` }));
      return [...buckets, { labels: { ...labels }, value: sum, metricName: `${name}_sum` }, { labels: { ...labels }, value: cumulative, metricName: `${name}_count` }];
    },
  };
};

interface AnyFamily extends Family<MetricDef, Cell> {
  cells(): Iterable<Cell>;
}

const createFamily = (name: string, def: MetricDef): AnyFamily => {
  const labelNames = Object.keys(def.labels ?? {});
  const cells = new Map<string, Cell>();
  const keyOf = (labels: Labels) => labelNames.map((label) => labels[label]).join("\0");
  const add = (labels: Labels): Cell => {
    const cell = def.type === "histogram" ? histogramCell(labels, def.buckets ?? []) : numberCell(labels);
    cells.set(keyOf(labels), cell);
    return cell;
  };
  const closed = closedSeries(def);
  for (const labels of closed ?? []) add(labels);
  return {
    cells: () => cells.values(),
    with: (labels: Labels) => {
      const found = cells.get(keyOf(labels));
      if (found) return found;
      if (closed) throw new Error(`${name} has no series ${JSON.stringify(labels)}; add it to the catalogue`);
      return add(Object.fromEntries(labelNames.map((label) => [label, labels[label] ?? ""])));
    },
    remove: (match: Labels) => {
      if (closed) throw new Error(`${name} has closed labels only; its series never go`);
      for (const [key, cell] of cells) if (Object.entries(match).every(([label, value]) => cell.labels[label] === value)) cells.delete(key);
    },
  };
};

/** The family with the short forms; a metric without labels is its only cell. */
const createInstrument = (family: AnyFamily, def: MetricDef): object => {
  if (!def.labels) return family.with({});
  return {
    with: family.with,
    remove: family.remove,
    inc: (labels: Labels, n?: number) => family.with(labels).inc(n),
    dec: (labels: Labels, n?: number) => family.with(labels).dec(n),
    set: (labels: Labels, value: number) => family.with(labels).set(value),
    observe: (labels: Labels, value: number) => family.with(labels).observe(value),
  };
};

/** `processMetrics`: also process_* and nodejs_*, of which a process should have one set. */
export const createTelemetry = <const C extends Catalogue>(catalogue: C, { processMetrics = true }: { processMetrics?: boolean } = {}): Telemetry<C> => {
  const registry = new Registry();
  if (processMetrics) collectDefaultMetrics({ register: registry });
  const metrics = Object.fromEntries(
    Object.entries(catalogue).map(([name, def]) => {
      const family = createFamily(name, def);
      // the registry asks nothing more of a metric than its name and get(), whatever its declared type says
      const collected = { name, help: def.help, type: def.type, get: async () => ({ name, help: def.help, type: def.type, values: [...family.cells()].flatMap((cell) => cell.samples(name)) }) };
      registry.registerMetric(collected as unknown as Metric);
      return [name, createInstrument(family, def)];
    }),
  );
  return { metrics: metrics as unknown as Instruments<C>, render: () => registry.metrics(), contentType: registry.contentType };
};
