// Spans of both programs: recorded when they are over, handed to OpenTelemetry's SDK, which is loaded only when there is somewhere to send them.
import type { Clock, Timers } from "#lib/clock";
import type { Log } from "./logger.ts";
import { drawContext, type TraceContext } from "./trace-context.ts";
import { createTraceSampler, type TraceSampler } from "./trace-sampler.ts";

export type { TraceContext } from "./trace-context.ts";

/** A piece of work that is over. Never a key, a value or a token in it. */
export interface SpanRecord {
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer";
  /** From `begin`, before the work: what it caused elsewhere refers to it. */
  readonly context: TraceContext;
  readonly parent?: TraceContext | undefined;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  readonly endedAt: number;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  /** What went wrong, in a word or a short sentence. */
  readonly error?: string | undefined;
}

export interface Tracing extends TraceSampler {
  readonly isOn: boolean;
  /** The ids of a span whose work begins now. Costs nothing until it is recorded. */
  begin(parent?: TraceContext): TraceContext;
  record(span: SpanRecord): void;
  /** Sends what is left, for at most so long. */
  shutdown(limitMs: number): Promise<void>;
}

/** No endpoint, no spans. */
export const noTracing: Tracing = {
  isOn: false,
  samples: () => false,
  samplesLate: () => false,
  setRatio: () => {},
  begin: drawContext,
  record: () => {},
  shutdown: () => Promise.resolve(),
};

export interface TracingOptions {
  /** Base URL of an OTLP/HTTP receiver. */
  readonly endpoint: string;
  readonly sampleRatio: number;
  /** Who we are: service.name, k8s.pod.name and the like. */
  readonly resource: Readonly<Record<string, string>>;
  /** On every span. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly log: Pick<Log, "info" | "warn">;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly onDropped: (reason: "queue_full" | "export_failed" | "throttled", spans: number) => void;
  /** Our own processor time, in milliseconds. */
  readonly onSpent?: (ms: number) => void;
}

/** Spans that wait or are on their way; more are dropped and counted. */
const maxQueued = 2_048;
/** Encoding so many takes about a millisecond of a turn. */
const maxBatch = 128;
const batchEveryMs = 1_000;
const exportMs = 5_000;
const warnEveryMs = 60_000;

export const startTracing = async (options: TracingOptions): Promise<Tracing> => {
  const { endpoint, clock, timers, log, onDropped } = options;
  const [{ NodeSDK }, { OTLPTraceExporter }, { AlwaysOnSampler, BatchSpanProcessor }, { resourceFromAttributes }, { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags }] = await Promise.all([
    import("@opentelemetry/sdk-node"),
    import("@opentelemetry/exporter-trace-otlp-proto"),
    import("@opentelemetry/sdk-trace"),
    import("@opentelemetry/resources"),
    import("@opentelemetry/api"),
  ]);

  let queued = 0;
  let unsent = 0;
  let warnedAt = -Infinity;
  const failed = (spans: number, err: Error | undefined) => {
    onDropped("export_failed", spans);
    unsent += spans;
    const now = clock.monotonic();
    if (now - warnedAt < warnEveryMs) return;
    log.warn({ err, endpoint, spans: unsent }, "spans not exported");
    warnedAt = now;
    unsent = 0;
  };
  const spent = <T>(work: () => T): T => {
    const from = clock.monotonic();
    try {
      return work();
    } finally {
      options.onSpent?.(clock.monotonic() - from);
    }
  };

  const otlp = new OTLPTraceExporter({ url: `${endpoint.replace(/\/$/, "")}/v1/traces`, timeoutMillis: exportMs });
  type Export = typeof otlp.export;
  const exporter = {
    export: (spans: Parameters<Export>[0], done: Parameters<Export>[1]) =>
      spent(() =>
        otlp.export(spans, (result) => {
          queued -= spans.length;
          if (result.code !== 0) failed(spans.length, result.error);
          // told above; the SDK's own error handler would only repeat it
          done({ code: 0 });
        }),
      ),
    shutdown: () => otlp.shutdown(),
  };
  /** What `begin` drew is what the span is called. */
  let drawn: TraceContext = { traceId: "", spanId: "" };
  const sdk = new NodeSDK({
    autoDetectResources: false,
    resource: resourceFromAttributes({ ...options.resource }),
    idGenerator: { generateTraceId: () => drawn.traceId, generateSpanId: () => drawn.spanId },
    // what gets here has been chosen
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new BatchSpanProcessor({ exporter, maxQueueSize: maxQueued, maxExportBatchSize: maxBatch, scheduledDelayMillis: batchEveryMs, exportTimeoutMillis: 2 * exportMs })],
    metricReaders: [],
    logRecordProcessors: [],
    textMapPropagator: null,
  });
  sdk.start();
  const tracer = trace.getTracer("kv-responder", options.resource["service.version"]);
  const kinds: Record<SpanRecord["kind"], number> = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER };
  const spanContext = (context: TraceContext) => ({ ...context, traceFlags: TraceFlags.SAMPLED });

  return {
    isOn: true,
    ...createTraceSampler({ ratio: options.sampleRatio, random: Math.random, now: clock.monotonic, onThrottled: () => onDropped("throttled", 1) }),
    begin: drawContext,
    record: ({ name, kind, context, parent, startedAt, endedAt, attributes, error }) => {
      if (queued >= maxQueued) return onDropped("queue_full", 1);
      queued++;
      spent(() => {
        drawn = context;
        const epoch = clock.wall() - clock.monotonic();
        const above = parent ? trace.setSpanContext(ROOT_CONTEXT, spanContext(parent)) : ROOT_CONTEXT;
        const span = tracer.startSpan(name, { kind: kinds[kind], startTime: epoch + startedAt, attributes: { ...attributes, ...options.attributes } }, above);
        if (error !== undefined) span.setStatus({ code: SpanStatusCode.ERROR, message: error });
        span.end(epoch + endedAt);
      });
    },
    shutdown: async (limitMs) => {
      let cancel = () => {};
      const late = new Promise<"late">((resolve) => void (cancel = timers.after(limitMs, () => resolve("late"))));
      const end = await Promise.race([sdk.shutdown().catch(() => {}), late]);
      cancel();
      if (end === "late") log.warn({ spans: queued, limitMs }, "spans not sent before the end");
    },
  };
};
