// The series that a request moves, found once, so that counting costs lookups in small tables and no label objects.
import { methods, responderMetrics } from "#contract/metrics";
import { closedSeries, type LabelSet } from "#telemetry/catalogue";
import type { CounterHandle, HistogramHandle, Instruments } from "#telemetry/instruments";
import type { Route } from "./target.ts";

type Catalogue = typeof responderMetrics;
export type Operation = LabelSet<Catalogue["kv_operations_total"]>["operation"];
export type Result = LabelSet<Catalogue["kv_operations_total"]>["result"];

export interface RequestSeries {
  /** A method that a route does not have is "other" there, like one that nobody has. */
  requests(route: Route, method: string, status: number): CounterHandle | undefined;
  /** By route. */
  duration(route: Route): HistogramHandle;
  operations(operation: Operation, result: Result): CounterHandle | undefined;
  operationDuration(operation: Operation): HistogramHandle | undefined;
}

export const requestSeries = (metrics: Instruments<Catalogue>): RequestSeries => {
  const requests: Record<string, Record<string, Record<string, CounterHandle>>> = {};
  const durations: Record<string, HistogramHandle> = {};
  const operations: Record<string, Record<string, CounterHandle>> = {};
  const operationDurations: Record<string, HistogramHandle> = {};
  for (const labels of closedSeries(responderMetrics.kv_http_requests_total) ?? []) {
    const byMethod = (requests[labels["route"] ?? ""] ??= {});
    const byCode = (byMethod[labels["method"] ?? ""] ??= {});
    byCode[labels["code"] ?? ""] = metrics.kv_http_requests_total.with(labels as LabelSet<Catalogue["kv_http_requests_total"]>);
  }
  for (const labels of closedSeries(responderMetrics.kv_http_request_duration_seconds) ?? []) {
    durations[labels["route"] ?? ""] = metrics.kv_http_request_duration_seconds.with(labels as LabelSet<Catalogue["kv_http_request_duration_seconds"]>);
  }
  for (const labels of closedSeries(responderMetrics.kv_operations_total) ?? []) {
    const byResult = (operations[labels["operation"] ?? ""] ??= {});
    byResult[labels["result"] ?? ""] = metrics.kv_operations_total.with(labels as LabelSet<Catalogue["kv_operations_total"]>);
  }
  for (const labels of closedSeries(responderMetrics.kv_operation_duration_seconds) ?? []) {
    operationDurations[labels["operation"] ?? ""] = metrics.kv_operation_duration_seconds.with(labels as LabelSet<Catalogue["kv_operation_duration_seconds"]>);
  }
  const others = metrics.kv_http_request_duration_seconds.with({ route: "other" });
  const known: ReadonlySet<string> = new Set(methods);
  const find = (route: Route, method: string, status: number) => {
    const byMethod = requests[route];
    const byCode = (known.has(method) && byMethod?.[method]) || byMethod?.["other"];
    return byCode?.[status] ?? byCode?.["other"];
  };
  // most requests are like the one before
  let last: { readonly route: Route; readonly method: string; readonly status: number; readonly counter: CounterHandle | undefined } | undefined;
  return {
    requests: (route, method, status) => {
      if (last === undefined || last.status !== status || last.method !== method || last.route !== route) last = { route, method, status, counter: find(route, method, status) };
      return last.counter;
    },
    duration: (route) => durations[route] ?? others,
    operations: (operation, result) => operations[operation]?.[result],
    operationDuration: (operation) => operationDurations[operation],
  };
};
