// One request from its head to its end, and the one place that counts, times, logs and traces it.
import type { responderMetrics } from "#contract/metrics";
import type { RequestLogging } from "#contract/runtime";
import type { Clock } from "#lib/clock";
import type { LabelSet } from "#telemetry/catalogue";
import type { Instruments } from "#telemetry/instruments";
import { createLineSampler } from "#telemetry/line-sampler";
import type { Log } from "#telemetry/logger";
import { parseTraceparent, type CallerContext, type TraceContext } from "#telemetry/trace-context";
import type { Tracing } from "#telemetry/tracing";
import { requestSeries, type Operation, type Result } from "./request-series.ts";
import { isTraced, requestSpan } from "./request-span.ts";
import { routeOf, type Route } from "./target.ts";

export type RejectReason = LabelSet<(typeof responderMetrics)["kv_rejected_writes_total"]>["reason"];

/** What a route learns about its request; read once, by finish(). */
export interface Exchange {
  readonly method: string;
  readonly route: Route;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  /** Whose request it is a part of. */
  readonly caller: CallerContext | undefined;
  /** Its own span, if it was sampled when it began: what it writes belongs to it, at the peers too. */
  readonly span: TraceContext | undefined;
  operation: Operation | undefined;
  result: Result | undefined;
  rejected: RejectReason | undefined;
  /** Bytes of the value or page in the answer. */
  bytes: number;
  /** Of its key, where request lines show it. */
  keyHash: string | undefined;
  /** The answer that went out beside the usual way: of the fast path, or of a timeout that cut the request. */
  status: number | undefined;
  /** For requests with many keys, one for each: what they came to goes to the same counter as `operation` and `result`. */
  count(operation: Operation, result: Result, keys?: number): void;
  /** The same for writes that a limit refused. */
  countRejected(reason: RejectReason): void;
  /** The request is about this key. */
  noteKey(bytes: Uint8Array, from: number, to: number): void;
}

export interface Recorder {
  begin(method: string, path: string, traceparent?: string): Exchange;
  /** The same where method and route are known, and the time has been read for several requests at once. */
  beginAt(method: string, route: Route, startedAt: number, traceparent?: string): Exchange;
  /** Exactly once for each begun exchange. 499 when the client left before the answer. */
  finish(exchange: Exchange, status: number, endedAt?: number): void;
  /** Monotonic milliseconds, as exchanges count them. */
  now(): number;
  /** A request that never became one: its head could not be read. */
  unreadable(status: number): void;
}

export interface RecorderDeps {
  readonly metrics: Instruments<typeof responderMetrics>;
  readonly log: Log;
  readonly tracing: Tracing;
  readonly clock: Clock;
  /** Which requests are logged; asked anew for each. */
  readonly logging: () => RequestLogging;
  /** Salted, so that a guess at a key cannot be tried. */
  readonly hashKey: (bytes: Uint8Array, from: number, to: number) => string;
  /** Seconds of processor time that telemetry has taken. */
  readonly onSpent: (signal: "metrics" | "logs", seconds: number) => void;
}

/** Lines a second of slow and failed requests: an outage at full speed must not take the core that would end it. */
const notablePerSecond = 1_000;

/** What telemetry costs is measured on one request in so many: reading the clock costs a tenth of it. */
const measuredEvery = 256;

const flagsOf = (sampled: boolean) => (sampled ? "01" : "00");
/** Of a line about the request: its own span, or its caller's. */
export const traceFields = ({ span, caller }: { readonly span: TraceContext | undefined; readonly caller: CallerContext | undefined }) => {
  if (span) return { trace_id: span.traceId, span_id: span.spanId, trace_flags: flagsOf(true) };
  return caller && { trace_id: caller.traceId, span_id: caller.spanId, trace_flags: flagsOf(caller.sampled) };
};

export const createRecorder = ({ metrics, log, tracing, clock, logging, hashKey, onSpent }: RecorderDeps): Recorder => {
  const series = requestSeries(metrics);
  const inFlight = metrics.kv_http_requests_in_flight;
  const lines = createLineSampler(clock.monotonic);
  const notableLines = createLineSampler(clock.monotonic, notablePerSecond);
  let finished = 0;

  // a class, because its methods are shared by all requests
  class Recorded implements Exchange {
    operation: Operation | undefined;
    result: Result | undefined;
    rejected: RejectReason | undefined;
    bytes: number;
    keyHash: string | undefined;
    status: number | undefined;
    /** Of requests with many. */
    keys: Map<Operation, number> | undefined;
    readonly method: string;
    readonly route: Route;
    readonly startedAt: number;
    readonly caller: CallerContext | undefined;
    readonly span: TraceContext | undefined;

    constructor(method: string, route: Route, startedAt: number, caller: CallerContext | undefined, span: TraceContext | undefined) {
      this.method = method;
      this.route = route;
      this.startedAt = startedAt;
      this.caller = caller;
      this.span = span;
      this.operation = undefined;
      this.result = undefined;
      this.rejected = undefined;
      this.bytes = 0;
      this.keyHash = undefined;
      this.status = undefined;
      this.keys = undefined;
    }
    count(operation: Operation, result: Result, keys = 1): void {
      series.operations(operation, result)?.inc(keys);
      this.keys ??= new Map();
      this.keys.set(operation, (this.keys.get(operation) ?? 0) + keys);
    }
    countRejected(reason: RejectReason): void {
      metrics.kv_rejected_writes_total.inc({ reason });
    }
    noteKey(bytes: Uint8Array, from: number, to: number): void {
      if (logging().keyHash) this.keyHash = hashKey(bytes, from, to);
    }
  }

  const measure = ({ method, route, startedAt, operation, rejected, result: told, keys }: Recorded, status: number, durationMs: number, span: TraceContext | undefined) => {
    const seconds = durationMs / 1000;
    inFlight.dec();
    series.requests(route, method, status)?.inc();
    const duration = series.duration(route);
    duration.observe(seconds);
    const result = status >= 500 ? "error" : told;
    if (operation && result) {
      series.operations(operation, result)?.inc();
      series.operationDuration(operation)?.observe(seconds);
    }
    // a batch is many operations; all keys of a prefix are one, or a sweep of millions would be all that a percentile sees
    if (keys) for (const [each, n] of keys) series.operationDuration(each)?.observeMany(seconds, operation ? 1 : n);
    if (rejected) metrics.kv_rejected_writes_total.inc({ reason: rejected });
    if (!span) return;
    const at = clock.wall() - clock.monotonic() + startedAt + durationMs;
    duration.exemplify(seconds, span.traceId, span.spanId, at);
    if (operation && result) series.operationDuration(operation)?.exemplify(seconds, span.traceId, span.spanId, at);
  };

  const write = ({ method, route, bytes, keyHash, caller }: Recorded, status: number, durationMs: number, sampleRate: number, span: TraceContext | undefined) => {
    const from = clock.monotonic();
    const fields = { method, route, status, durationMs: Math.round(durationMs * 1000) / 1000, bytes, sampleRate, ...(keyHash && { keyHash }), ...traceFields({ span, caller }) };
    // of the others that failed, a limit or the peers say no, which is no fault of this process
    if (status === 500) log.error(fields, "request");
    else if (status > 500 && isTraced(route)) log.warn(fields, "request");
    else log.info(fields, "request");
    onSpent("logs", (clock.monotonic() - from) / 1000);
  };

  const beginAt = (method: string, route: Route, startedAt: number, traceparent?: string): Recorded => {
    inFlight.inc();
    const caller = traceparent === undefined ? undefined : parseTraceparent(traceparent);
    const span = tracing.isOn && isTraced(route) && tracing.samples(caller) ? tracing.begin(caller) : undefined;
    return new Recorded(method, route, startedAt, caller, span);
  };

  return {
    begin: (method, path, traceparent) => beginAt(method, routeOf(path), clock.monotonic(), traceparent),
    beginAt,
    now: () => clock.monotonic(),
    finish: (given, sent, endedAt = clock.monotonic()) => {
      const exchange = given as Recorded;
      const status = exchange.status ?? sent;
      const durationMs = endedAt - exchange.startedAt;
      const { sample, slowMs } = logging();
      // a pod that is not ready says so to every probe
      const notable = (status >= 500 && (status === 500 || isTraced(exchange.route))) || durationMs > slowMs;
      let { span } = exchange;
      if (!span && notable && tracing.isOn && isTraced(exchange.route) && tracing.samplesLate()) span = tracing.begin(exchange.caller);

      // the first one is slow, because its code is cold
      if (++finished % measuredEvery === 0) {
        const from = clock.monotonic();
        measure(exchange, status, durationMs, span);
        onSpent("metrics", ((clock.monotonic() - from) * measuredEvery) / 1000);
      } else measure(exchange, status, durationMs, span);
      const stands = notable ? notableLines.next(1, true) : lines.next(sample);
      if (stands > 0) write(exchange, status, durationMs, stands, span);
      if (span) tracing.record(requestSpan(exchange, span, status, endedAt));
    },
    unreadable: (status) => series.requests("other", "other", status)?.inc(),
  };
};
