// One request from its head to its end, and the one place that counts, times and logs it.
import { methods, responderMetrics } from "#contract/metrics";
import type { Clock } from "#lib/clock";
import type { LabelSet } from "#telemetry/catalogue";
import { closedSeries } from "#telemetry/catalogue";
import type { CounterHandle, HistogramHandle, Instruments } from "#telemetry/instruments";
import type { Log } from "#telemetry/logger";
import { routeOf, type Route } from "./target.ts";

type Catalogue = typeof responderMetrics;
type Operation = LabelSet<Catalogue["kv_operations_total"]>;
export type RejectReason = LabelSet<Catalogue["kv_rejected_writes_total"]>["reason"];

type CountOperations = (operation: Operation["operation"], result: Operation["result"], keys?: number) => void;

/** What a route learns about its request; read once, by finish(). */
export interface Exchange {
  readonly method: string;
  readonly route: Route;
  /** Monotonic milliseconds. */
  readonly startedAt: number;
  operation: Operation["operation"] | undefined;
  result: Operation["result"] | undefined;
  rejected: RejectReason | undefined;
  /** Bytes of the value or page in the answer. */
  bytes: number;
  /** For requests with many keys, one for each: what they came to goes to the same counter as `operation` and `result`. */
  readonly count: CountOperations;
  /** The same for writes that a limit refused. */
  readonly countRejected: (reason: RejectReason) => void;
  /** The answer that went out beside the usual way: of the fast path, or of a timeout that cut the request. */
  status: number | undefined;
}

export interface Recorder {
  begin(method: string, path: string): Exchange;
  /** The same where method and route are known, and the time has been read for several requests at once. */
  beginAt(method: string, route: Route, startedAt: number): Exchange;
  /** Exactly once for each begun exchange. 499 when the client left before the answer. */
  finish(exchange: Exchange, status: number, endedAt?: number): void;
  /** Monotonic milliseconds, as exchanges count them. */
  now(): number;
  /** A request that never became one: its head could not be read. */
  unreadable(status: number): void;
}

/** Fast and fine requests are logged one in so many. */
const sampleEvery = 100;
const slowMs = 100;

export interface RecorderDeps {
  readonly metrics: Instruments<Catalogue>;
  readonly log: Log;
  readonly clock: Pick<Clock, "monotonic">;
}

export const createRecorder = ({ metrics, log, clock }: RecorderDeps): Recorder => {
  // every series is bound here, so that a request costs lookups in small tables and no label objects
  const requests: Record<string, Record<string, Record<string, CounterHandle>>> = {};
  const durations: Record<string, HistogramHandle> = {};
  for (const labels of closedSeries(responderMetrics.kv_http_requests_total) ?? []) {
    const byMethod = (requests[labels["route"] ?? ""] ??= {});
    const byCode = (byMethod[labels["method"] ?? ""] ??= {});
    byCode[labels["code"] ?? ""] = metrics.kv_http_requests_total.with(labels as LabelSet<Catalogue["kv_http_requests_total"]>);
  }
  for (const labels of closedSeries(responderMetrics.kv_http_request_duration_seconds) ?? []) {
    durations[labels["route"] ?? ""] = metrics.kv_http_request_duration_seconds.with(labels as LabelSet<Catalogue["kv_http_request_duration_seconds"]>);
  }
  const operations: Record<string, Record<string, CounterHandle>> = {};
  for (const labels of closedSeries(responderMetrics.kv_operations_total) ?? []) {
    const byResult = (operations[labels["operation"] ?? ""] ??= {});
    byResult[labels["result"] ?? ""] = metrics.kv_operations_total.with(labels as Operation);
  }
  const inFlight = metrics.kv_http_requests_in_flight;
  const known: ReadonlySet<string> = new Set(methods);
  let fine = 0;

  const countOperations: CountOperations = (operation, result, keys = 1) => operations[operation]?.[result]?.inc(keys);
  const countRejected = (reason: RejectReason) => metrics.kv_rejected_writes_total.inc({ reason });
  const count = (route: Route, method: string, status: number) => {
    // a method that a route does not have is "other" there, like one that nobody has
    const byMethod = requests[route];
    const byCode = (known.has(method) && byMethod?.[method]) || byMethod?.["other"];
    (byCode?.[status] ?? byCode?.["other"])?.inc();
  };

  const beginAt = (method: string, route: Route, startedAt: number): Exchange => {
    inFlight.inc();
    return { method, route, startedAt, operation: undefined, result: undefined, rejected: undefined, bytes: 0, count: countOperations, countRejected, status: undefined };
  };

  return {
    begin: (method, path) => beginAt(method, routeOf(path), clock.monotonic()),
    beginAt,
    now: () => clock.monotonic(),
    finish: (exchange, sent, endedAt = clock.monotonic()) => {
      const { method, route, startedAt, operation, rejected, bytes } = exchange;
      const status = exchange.status ?? sent;
      const durationMs = endedAt - startedAt;
      inFlight.dec();
      count(route, method, status);
      durations[route]?.observe(durationMs / 1000);
      const result = status >= 500 ? "error" : exchange.result;
      if (operation && result) countOperations(operation, result);
      if (rejected) countRejected(rejected);

      const failed = status >= 500;
      if (!failed && durationMs <= slowMs && fine++ % sampleEvery !== 0) return;
      const fields = { method, route, status, durationMs: Math.round(durationMs * 1000) / 1000, bytes };
      if (failed) log.error(fields, "request");
      else log.info(fields, "request");
    },
    unreadable: (status) => count("other", "other", status),
  };
};
