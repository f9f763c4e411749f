// Spans of both programs: recorded when they are over, handed to OpenTelemetry's SDK, which is loaded only when there is somewhere to send them.
import type { Clock, Timers } from "#lib/clock";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
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
/** Encoding and sending so many takes about half a millisecond of a turn, most of it the system call. */
const maxBatch = 128;
const batchEveryMs = 1_000;
const exportMs = 5_000;
const warnEveryMs = 60_000;

/** Seconds and nanoseconds. */
const hrTime = (ms: number): [number, number] => {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
};

export const startTracing = async (options: TracingOptions): Promise<Tracing> => {
  const { endpoint, clock, timers, log, onDropped } = options;
  const [{ NodeSDK }, { OTLPTraceExporter }, { BatchSpanProcessor }, { resourceFromAttributes }, { SpanKind, SpanStatusCode, TraceFlags }] = await Promise.all([
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
  let isMeasured = false;
  /** A batch that is full leaves while its last span is recorded: that is one piece of work. */
  const spent = <T>(work: () => T): T => {
    if (isMeasured) return work();
    isMeasured = true;
    const from = clock.monotonic();
    try {
      return work();
    } finally {
      isMeasured = false;
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
  const processor = new BatchSpanProcessor({ exporter, maxQueueSize: maxQueued, maxExportBatchSize: maxBatch, scheduledDelayMillis: batchEveryMs, exportTimeoutMillis: 2 * exportMs });
  const resource = resourceFromAttributes({ ...options.resource });
  const sdk = new NodeSDK({ autoDetectResources: false, resource, spanProcessors: [processor], metricReaders: [], logRecordProcessors: [], textMapPropagator: null });
  sdk.start();

  const scope = { name: "kv-responder", version: options.resource["service.version"] ?? "" };
  const kinds: Record<SpanRecord["kind"], number> = { internal: SpanKind.INTERNAL, server: SpanKind.SERVER, client: SpanKind.CLIENT, producer: SpanKind.PRODUCER, consumer: SpanKind.CONSUMER };
  const contextOf = (context: TraceContext, isRemote = false) => ({ ...context, traceFlags: TraceFlags.SAMPLED, isRemote });
  const none: never[] = [];
  /** Finished, as the SDK's processors take it: a tracer's span, which can be added to while the work goes on, costs five times as much. */
  const finished = ({ name, kind, context, parent, startedAt, endedAt, attributes, error }: SpanRecord): ReadableSpan => {
    const epoch = clock.wall() - clock.monotonic();
    const spanContext = contextOf(context);
    return {
      name,
      kind: kinds[kind],
      spanContext: () => spanContext,
      ...(parent && { parentSpanContext: contextOf(parent, kind === "server" || kind === "consumer") }),
      startTime: hrTime(epoch + startedAt),
      endTime: hrTime(epoch + endedAt),
      duration: hrTime(endedAt - startedAt),
      status: error === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: error },
      attributes: { ...attributes, ...options.attributes },
      links: none,
      events: none,
      ended: true,
      resource,
      instrumentationScope: scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  };

  return {
    isOn: true,
    ...createTraceSampler({ ratio: options.sampleRatio, random: Math.random, now: clock.monotonic, onThrottled: () => onDropped("throttled", 1) }),
    begin: drawContext,
    record: (span) => {
      if (queued >= maxQueued) return onDropped("queue_full", 1);
      queued++;
      spent(() => processor.onEnd(finished(span)));
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
