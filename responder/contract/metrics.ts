// The responder's metric catalogue: names, labels, closed label values and buckets.
import { defineCatalogue } from "#telemetry/catalogue";

/** "health" is /livez, /readyz and /info. */
export const routes = ["kv", "metrics", "health", "other"] as const;
export const methods = ["GET", "HEAD", "PUT", "DELETE", "other"] as const;

/** 499: the client left before the answer. */
const codes = ["200", "201", "204", "304", "400", "404", "405", "408", "412", "413", "431", "499", "500", "503", "other"] as const;

export const responderMetrics = defineCatalogue({
  kv_info: {
    type: "gauge",
    help: "Identity of this process, always 1. The tenant label of every other series is stamped by the ServiceMonitor.",
    labels: { tenant: { open: true, bound: 1 }, version: { open: true, bound: 1 } },
  },
  kv_http_requests_total: {
    type: "counter",
    help: "HTTP requests answered.",
    labels: { method: methods, route: routes, code: codes },
    // the full product is 320 series of which four in five can never move
    series: [
      { method: ["GET", "HEAD"], route: ["kv"], code: ["200", "304", "400", "404", "412", "499", "500", "503", "other"] },
      { method: ["PUT"], route: ["kv"], code: ["201", "204", "400", "408", "412", "413", "499", "500", "503", "other"] },
      { method: ["DELETE"], route: ["kv"], code: ["204", "400", "404", "412", "499", "500", "503", "other"] },
      { method: ["other"], route: ["kv"], code: ["405", "other"] },
      { method: ["GET", "HEAD"], route: ["metrics", "health"], code: ["200", "499", "500", "503", "other"] },
      { method: ["PUT", "DELETE", "other"], route: ["metrics", "health"], code: ["405", "other"] },
      { method: ["GET", "HEAD", "PUT", "DELETE"], route: ["other"], code: ["404", "other"] },
      // requests that could not be read have no method and no route
      { method: ["other"], route: ["other"], code: ["400", "404", "408", "431", "other"] },
    ],
  },
  kv_http_request_duration_seconds: {
    type: "histogram",
    help: "Time from the end of the request's head to the end of the answer.",
    labels: { route: routes },
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  },
  kv_http_requests_in_flight: { type: "gauge", help: "HTTP requests being answered now." },
  kv_operations_total: {
    type: "counter",
    help: "Cache operations by outcome. conflict: an If-Match or If-None-Match was not met. error: our fault, never the client's.",
    labels: { operation: ["get", "put", "delete"], result: ["hit", "miss", "ok", "conflict", "error"] },
    series: [
      { operation: ["get"], result: ["hit", "miss", "conflict", "error"] },
      { operation: ["put"], result: ["ok", "conflict", "error"] },
      { operation: ["delete"], result: ["hit", "miss", "conflict", "error"] },
    ],
  },
  kv_entries: { type: "gauge", help: "Entries held, those included that are over and not yet swept." },
  kv_memory_used_bytes: { type: "gauge", help: "Bytes accounted to entries, index included." },
  kv_memory_limit_bytes: { type: "gauge", help: "spec.cache.maxMemory in bytes." },
  kv_evictions_total: { type: "counter", help: "Entries removed to make room.", labels: { reason: ["memory"] } },
  kv_expirations_total: { type: "counter", help: "Entries removed because their time was over." },
  kv_rejected_writes_total: {
    type: "counter",
    help: "Writes refused by a limit.",
    labels: { reason: ["key", "too_large", "ttl", "content_type"] },
  },
  kv_connections: { type: "gauge", help: "Open client connections." },
  kv_connections_rejected_total: { type: "counter", help: "Client connections closed at once because the cap was reached." },
  kv_logs_dropped_total: { type: "counter", help: "Log lines dropped because their reader did not keep up." },
  kv_peers_expected: { type: "gauge", help: "Peers that discovery should find. 0 in this version: pods do not replicate yet." },
  kv_peers_connected: { type: "gauge", help: "Peers connected now. 0 in this version: pods do not replicate yet." },
});
