// The responder's metric catalogue: names, labels, closed label values and buckets.
import { latencyBounds } from "#crds/objectives";
import { defineCatalogue } from "#telemetry/catalogue";

/** "kv" is one entry, "keys" the collection (list, delete by prefix), "health" is /livez, /readyz and /info, "other" includes /openapi.json. */
export const routes = ["kv", "keys", "incr", "batch", "metrics", "health", "other"] as const;
export const methods = ["GET", "HEAD", "PUT", "POST", "DELETE", "other"] as const;
export const protocols = ["http", "resp"] as const;
/** Scrapes and probes share a histogram with what is no route: sixteen samples each would be paid for by every pod. */
const timedRoutes = ["kv", "keys", "incr", "batch", "other"] as const;
const operations = ["get", "put", "delete", "expire", "scan"] as const;
/** "other": what is not in the table of commands. */
export const commandGroups = ["string", "generic", "server", "connection", "transactions", "other"] as const;

/** 499: the client left before the answer. */
const codes = ["200", "201", "204", "304", "400", "401", "404", "405", "408", "409", "412", "413", "415", "429", "431", "499", "500", "503", "504", "507", "other"] as const;

export const responderMetrics = defineCatalogue({
  kv_info: {
    type: "gauge",
    help: "Whose this process says it is, always 1. The tenant label of every other series is stamped by the ServiceMonitor.",
    labels: { tenant: { open: true, bound: 1 } },
  },
  kv_build_info: {
    type: "gauge",
    help: "What runs, always 1: the product's version and Node's.",
    labels: { version: { open: true, bound: 1 }, node: { open: true, bound: 1 } },
  },
  kv_http_requests_total: {
    type: "counter",
    help: "HTTP requests answered.",
    labels: { method: methods, route: routes, code: codes },
    // the full product is 320 series of which four in five can never move
    series: [
      { method: ["GET", "HEAD"], route: ["kv"], code: ["200", "304", "400", "401", "404", "412", "429", "499", "500", "503", "504", "other"] },
      { method: ["PUT"], route: ["kv"], code: ["201", "204", "400", "401", "408", "412", "413", "429", "499", "500", "503", "504", "507", "other"] },
      { method: ["DELETE"], route: ["kv"], code: ["204", "400", "401", "404", "412", "429", "499", "500", "503", "504", "other"] },
      { method: ["GET"], route: ["keys"], code: ["200", "400", "401", "429", "499", "500", "503", "other"] },
      { method: ["DELETE"], route: ["keys"], code: ["200", "400", "401", "429", "499", "500", "503", "504", "other"] },
      { method: ["POST"], route: ["incr"], code: ["200", "400", "401", "409", "412", "413", "429", "499", "500", "503", "504", "507", "other"] },
      { method: ["POST"], route: ["batch"], code: ["200", "400", "401", "408", "413", "415", "429", "499", "500", "503", "504", "other"] },
      { method: ["other"], route: ["kv", "keys", "incr", "batch"], code: ["405", "other"] },
      { method: ["GET", "HEAD"], route: ["metrics", "health"], code: ["200", "499", "500", "503", "other"] },
      { method: ["other"], route: ["metrics", "health"], code: ["405", "other"] },
      { method: ["GET", "HEAD", "PUT", "POST", "DELETE"], route: ["other"], code: ["200", "404", "other"] },
      // requests that could not be read have no method and no route
      { method: ["other"], route: ["other"], code: ["400", "404", "408", "431", "other"] },
    ],
  },
  kv_http_request_duration_seconds: {
    type: "histogram",
    help: "Time from the end of the request's head to the end of the answer. Metrics and health are other.",
    labels: { route: timedRoutes },
    buckets: [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1],
  },
  kv_http_requests_in_flight: { type: "gauge", help: "HTTP requests being answered now." },
  kv_operations_total: {
    type: "counter",
    help: "Cache operations of both protocols by outcome, one for each key. conflict: an If-Match or If-None-Match was not met. error: our fault, never the client's.",
    labels: { operation: operations, result: ["hit", "miss", "ok", "conflict", "error"] },
    series: [
      { operation: ["get"], result: ["hit", "miss", "conflict", "error"] },
      { operation: ["put"], result: ["ok", "conflict", "error"] },
      { operation: ["delete"], result: ["hit", "miss", "conflict", "error"] },
      { operation: ["expire"], result: ["hit", "miss", "error"] },
      { operation: ["scan"], result: ["ok", "error"] },
    ],
  },
  kv_operation_duration_seconds: {
    type: "histogram",
    help: "Time that one cache operation of either protocol took its client. HTTP: from the end of the request's head to the end of the answer. Redis: the turn of commands that it came in.",
    labels: { operation: operations },
    // an objective's threshold is one of these bounds
    buckets: Object.values(latencyBounds),
  },
  kv_entries_expiring: { type: "gauge", help: "Entries that have an expiry." },
  kv_entries: { type: "gauge", help: "Entries held, those included that are over and not yet swept." },
  kv_memory_used_bytes: { type: "gauge", help: "Bytes accounted to entries, index included." },
  kv_memory_limit_bytes: { type: "gauge", help: "spec.cache.maxMemory in bytes." },
  kv_evictions_total: { type: "counter", help: "Entries removed to make room.", labels: { reason: ["memory", "entries"] } },
  kv_evicted_unfetched_total: { type: "counter", help: "Entries removed to make room that nobody had read at this pod since they were written: wasted writes." },
  kv_evicted_age_seconds: {
    type: "histogram",
    help: "Age of entries, since their last write, when they were removed to make room. Young ones: the cache is too small.",
    buckets: [1, 10, 60, 600, 3_600, 21_600, 86_400, 604_800],
  },
  kv_expirations_total: { type: "counter", help: "Entries removed because their time was over." },
  kv_rejected_writes_total: {
    type: "counter",
    help: "Writes refused by a limit.",
    labels: { reason: ["key", "too_large", "no_memory", "ttl", "content_type"] },
  },
  kv_connections: { type: "gauge", help: "Open client connections.", labels: { protocol: protocols } },
  kv_connections_accepted_total: { type: "counter", help: "Client connections taken in.", labels: { protocol: protocols } },
  kv_connections_rejected_total: { type: "counter", help: "Client connections closed at once because the cap was reached.", labels: { protocol: protocols } },
  kv_network_receive_bytes_total: { type: "counter", help: "Bytes read from clients, those of open connections included.", labels: { protocol: protocols } },
  kv_network_transmit_bytes_total: { type: "counter", help: "Bytes written to clients, those of open connections included.", labels: { protocol: protocols } },
  kv_slow_readers_closed_total: { type: "counter", help: "Connections closed because their client did not read its answers.", labels: { protocol: protocols } },
  kv_protocol_errors_total: { type: "counter", help: "Connections closed because what arrived was not the protocol.", labels: { protocol: protocols } },
  kv_auth_failures_total: {
    type: "counter",
    help: "Requests or connections without a valid token. throttled: not even looked at, after too many from one address.",
    labels: { protocol: protocols, result: ["denied", "throttled"] },
  },
  kv_http_handed_over_total: { type: "counter", help: "Connections that left the fast path for the general HTTP server." },
  kv_resp_commands_total: {
    type: "counter",
    help: "Redis-protocol commands answered. error: the reply was an error, whosever fault.",
    labels: { group: commandGroups, result: ["ok", "error"] },
  },
  kv_drain_in_progress: { type: "gauge", help: "1 from the signal to stop until the end." },
  kv_drain_duration_seconds: { type: "gauge", help: "How long the drain has taken so far; 0 before it." },
  kv_telemetry_seconds_total: {
    type: "counter",
    help: "Time spent on telemetry itself. metrics: rendering them, and counting HTTP requests, of which one in 256 is timed. logs: writing lines of requests and commands. traces: making and exporting spans.",
    labels: { signal: ["metrics", "logs", "traces"] },
  },
  kv_spans_dropped_total: {
    type: "counter",
    help: "Spans that reached no collector. queue_full: more than could be exported. export_failed: the collector did not take them. throttled: of requests whose caller asked, that were slow or that failed, those beyond a hundred a second.",
    labels: { reason: ["queue_full", "export_failed", "throttled"] },
  },
  kv_logs_dropped_total: { type: "counter", help: "Log lines dropped because their reader did not keep up." },
  kv_peers_expected: { type: "gauge", help: "Peers that there should be: the replicas of the resource less this pod." },
  kv_peers_discovered: { type: "gauge", help: "Addresses of peers that discovery knows now." },
  kv_peers_connected: { type: "gauge", help: "Peers that can be heard now." },
  kv_peer_discovery_total: { type: "counter", help: "Times that peers were looked up.", labels: { result: ["ok", "empty", "failed"] } },
  kv_peer_discovery_duration_seconds: { type: "histogram", help: "Time that looking up the peers took.", buckets: [0.01, 0.1, 1] },
  kv_peer_discovery_last_success_timestamp_seconds: { type: "gauge", help: "When peers were last looked up without a failure, seconds since the epoch; 0: never." },
  kv_discovery_messages_total: {
    type: "counter",
    help: "Messages by which peers find and keep each other. announce: the first one of a connection. reply: to a heartbeat.",
    labels: { kind: ["announce", "heartbeat", "reply", "leave"], direction: ["in", "out"] },
  },
  kv_replication_operations_total: {
    type: "counter",
    help: "Records that went to peers or came from them. stale: a later version was here. refused: it may have been deleted, or made room once. ahead: its version is too far ahead of our clock.",
    labels: { direction: ["in", "out"], result: ["sent", "applied", "stale", "refused", "no_memory", "ahead"] },
    series: [
      { direction: ["out"], result: ["sent"] },
      { direction: ["in"], result: ["applied", "stale", "refused", "no_memory", "ahead"] },
    ],
  },
  kv_replication_lag_seconds: {
    type: "histogram",
    help: "From the write at a peer to its application here, by the two pods' clocks.",
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5, 30],
  },
  kv_replication_queue_items: { type: "gauge", help: "Records that peers have not acknowledged, one for each peer and key." },
  kv_replication_conflicts_total: {
    type: "counter",
    help: "A peer's record met a write of this pod that the peer had not acknowledged. winner: the later version, which is kept by both.",
    labels: { winner: ["local", "remote"] },
  },
  kv_replication_refusals_total: {
    type: "counter",
    help: "Connections of peers that were not let in, or that broke the protocol.",
    labels: { reason: ["version", "tenant", "cluster", "proof", "node", "left", "protocol"] },
  },
  kv_replication_divergence_items: { type: "gauge", help: "Of 4096 parts of the keys, those that differed from a peer's at the last comparison; 0 when none did." },
  kv_tombstones: { type: "gauge", help: "Deletions that are remembered for peers." },
  kv_warmup_state: { type: "gauge", help: "1 for how this pod was filled. timedOut: it became ready before all was copied.", labels: { state: ["warming", "copied", "alone", "timedOut"] } },
  kv_clock_ahead: { type: "gauge", help: "1 while most peers find this pod's clock too far ahead to take its writes; it is not ready then." },
});
