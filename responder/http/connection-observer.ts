// What is counted about HTTP connections, apart from the requests on them.
import type { responderMetrics } from "#contract/metrics";
import type { Instruments } from "#telemetry/instruments";
import { followTraffic, type CountedSocket } from "#telemetry/traffic";
import type { Verdict } from "../auth/auth.ts";

export interface ConnectionObserver {
  opened(socket: CountedSocket): void;
  closed(): void;
  rejected(): void;
  handedOver(): void;
  slowReaderClosed(): void;
  protocolError(): void;
  authFailed(result: Exclude<Verdict, "ok">): void;
}

export const observeConnections = (metrics: Instruments<typeof responderMetrics>): ConnectionObserver => {
  const protocol = "http";
  const open = metrics.kv_connections.with({ protocol });
  const rejected = metrics.kv_connections_rejected_total.with({ protocol });
  const slow = metrics.kv_slow_readers_closed_total.with({ protocol });
  const follow = followTraffic(metrics, protocol);
  const errors = metrics.kv_protocol_errors_total.with({ protocol });
  const failures = {
    denied: metrics.kv_auth_failures_total.with({ protocol, result: "denied" }),
    throttled: metrics.kv_auth_failures_total.with({ protocol, result: "throttled" }),
  };
  return {
    opened: (socket) => {
      open.inc();
      follow(socket);
    },
    closed: () => open.dec(),
    rejected: () => rejected.inc(),
    handedOver: () => metrics.kv_http_handed_over_total.inc(),
    slowReaderClosed: () => slow.inc(),
    protocolError: () => errors.inc(),
    authFailed: (result) => failures[result].inc(),
  };
};

const nothing = (): void => {};

/** For a port that no tenant uses. */
export const noObserver: ConnectionObserver = {
  opened: nothing,
  closed: nothing,
  rejected: nothing,
  handedOver: nothing,
  slowReaderClosed: nothing,
  protocolError: nothing,
  authFailed: nothing,
};
