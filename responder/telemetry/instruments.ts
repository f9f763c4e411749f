// Typed instruments made from a catalogue. Values live in plain cells; prom-client sees them only when somebody scrapes,
// because it costs 13-24 us a request when it is asked on each one (it hashes the labels every time, bound or not).
import { setImmediate } from "node:timers/promises";
import { systemClock, type Clock } from "#lib/clock";
import { collectDefaultMetrics, Registry, type Metric } from "prom-client";
import { closedSeries, type Catalogue, type LabelSet, type MetricDef } from "./catalogue.ts";
import { HistogramCell, NumberCell, type Cell, type CounterHandle, type GaugeHandle, type HistogramHandle, type Labels } from "./cells.ts";
import { endOf, writeFamilies, type Format, type ShownFamily } from "./exposition.ts";
import { createExpositionPage, type ExpositionPage } from "./exposition-page.ts";
import { eventLoopEveryMs, gcBuckets, omittedProcessSeries } from "./platform-series.ts";

export type { CounterHandle, GaugeHandle, HistogramHandle } from "./cells.ts";

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
  /** What is true now; in the text format when no other is named. */
  render(format?: Format): Promise<string>;
  /** The same for scrapers, by their Accept header: many of them share a text. */
  page(accept: string | undefined): Promise<ExpositionPage>;
  /** Time that renderings have taken so far. */
  renderSeconds(): number;
}

interface AnyFamily extends Family<MetricDef, Cell> {
  cells(): Iterable<Cell>;
}

const createFamily = (name: string, def: MetricDef): AnyFamily => {
  const labelNames = Object.keys(def.labels ?? {});
  const cells = new Map<string, Cell>();
  const bounds = Float64Array.from(def.buckets ?? []);
  const keyOf = (labels: Labels) => labelNames.map((label) => labels[label]).join("\0");
  const add = (labels: Labels): Cell => {
    const cell = def.type === "histogram" ? new HistogramCell(labels, bounds) : new NumberCell(labels);
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
      // one series, named in full, is found at once: there may be thousands
      if (labelNames.every((label) => label in match)) return void cells.delete(keyOf(match));
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

/** What prom-client's metrics and ours have in common. */
interface Collected {
  get(): Promise<ShownFamily>;
}

/** A quarter of a millisecond. */
const familiesPerTurn = 12;

export interface TelemetryOptions {
  /** Also process_* and nodejs_*, of which a process should have one set. */
  readonly processMetrics?: boolean;
  readonly clock?: Pick<Clock, "monotonic">;
}

const collectProcess = (registry: Registry): void => {
  collectDefaultMetrics({ register: registry, gcDurationBuckets: [...gcBuckets], eventLoopMonitoringPrecision: eventLoopEveryMs });
  for (const name of omittedProcessSeries) registry.removeSingleMetric(name);
};

export const createTelemetry = <const C extends Catalogue>(catalogue: C, { processMetrics = true, clock = systemClock }: TelemetryOptions = {}): Telemetry<C> => {
  const registry = new Registry();
  if (processMetrics) collectProcess(registry);
  const metrics = Object.fromEntries(
    Object.entries(catalogue).map(([name, def]) => {
      const family = createFamily(name, def);
      // the registry asks nothing more of a metric than its name and get(), whatever its declared type says
      const collected = { name, help: def.help, type: def.type, get: async () => ({ name, help: def.help, type: def.type, values: [...family.cells()].flatMap((cell) => cell.samples(name)) }) };
      registry.registerMetric(collected as unknown as Metric);
      return [name, createInstrument(family, def)];
    }),
  );
  let renderMs = 0;
  const render = async (format: Format = "text"): Promise<string> => {
    const families = registry.getMetricsAsArray() as unknown as readonly Collected[];
    let text = "";
    for (let i = 0; i < families.length; i += familiesPerTurn) {
      // requests are answered in between
      if (i > 0) await setImmediate();
      const startedAt = clock.monotonic();
      const shown = await Promise.all(families.slice(i, i + familiesPerTurn).map((family) => family.get()));
      text += writeFamilies(shown, format);
      renderMs += clock.monotonic() - startedAt;
    }
    return text + endOf(format);
  };
  return { metrics: metrics as unknown as Instruments<C>, render, page: createExpositionPage({ render, clock }), renderSeconds: () => renderMs / 1000 };
};
