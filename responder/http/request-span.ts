// The span of one request, by OpenTelemetry's conventions for HTTP servers. Never a key: the route stands for the path.
import { path } from "#contract/http";
import type { SpanRecord, TraceContext } from "#telemetry/tracing";
import type { Exchange } from "./exchange.ts";
import { incrSuffix, type Route } from "./target.ts";

/** Scrapes and probes come every few seconds and tell nothing about a tenant's requests. */
const templates: Readonly<Partial<Record<Route, string>>> = {
  kv: `${path.kv}/{key}`,
  keys: path.kv,
  incr: `${path.kv}/{key}${incrSuffix}`,
  batch: path.batch,
};

export const isTraced = (route: Route): boolean => templates[route] !== undefined;

export const requestSpan = ({ method, route, startedAt, caller, operation, result, bytes }: Exchange, context: TraceContext, status: number, endedAt: number): SpanRecord => {
  const template = templates[route] ?? "";
  const failed = status >= 500;
  return {
    name: `${method} ${template}`,
    kind: "server",
    context,
    parent: caller,
    startedAt,
    endedAt,
    attributes: {
      "http.request.method": method,
      "http.route": template,
      "http.response.status_code": status,
      "url.scheme": "http",
      ...(failed && { "error.type": String(status) }),
      ...(operation && { "kv.operation": operation }),
      ...(result && { "kv.result": result }),
      ...(bytes > 0 && { "kv.value.bytes": bytes }),
    },
    error: failed ? `answered ${status}` : undefined,
  };
};
