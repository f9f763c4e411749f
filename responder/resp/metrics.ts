// The series that the Redis protocol moves, found once, so that a command costs plain additions.
import { commandGroups, type responderMetrics } from "#contract/metrics";
import type { CounterHandle, GaugeHandle, Instruments } from "#telemetry/instruments";

type Metrics = Instruments<typeof responderMetrics>;

/** In the order of a turn's counts. */
export const operationNames = ["get", "put", "delete", "expire", "scan"] as const;

type Counter = Pick<CounterHandle, "inc">;

/** One count for each key, in the same series as HTTP's. */
export interface Operations {
  readonly getHit: Counter;
  readonly getMiss: Counter;
  readonly putOk: Counter;
  readonly putConflict: Counter;
  readonly putError: Counter;
  readonly deleteHit: Counter;
  readonly deleteMiss: Counter;
  readonly expireHit: Counter;
  readonly expireMiss: Counter;
  readonly scanOk: Counter;
}

/** `turn`: counts by operation as well, which whoever times the turn takes out of it. */
export const operationsOf = ({ kv_operations_total: operations }: Metrics, turn: Float64Array): Operations => {
  const both = (labels: Parameters<typeof operations.with>[0]): Counter => {
    const total = operations.with(labels);
    const at = operationNames.indexOf(labels.operation);
    return {
      inc: (n = 1) => {
        total.inc(n);
        turn[at]! += n;
      },
    };
  };
  return {
    getHit: both({ operation: "get", result: "hit" }),
    getMiss: both({ operation: "get", result: "miss" }),
    putOk: both({ operation: "put", result: "ok" }),
    putConflict: both({ operation: "put", result: "conflict" }),
    putError: both({ operation: "put", result: "error" }),
    deleteHit: both({ operation: "delete", result: "hit" }),
    deleteMiss: both({ operation: "delete", result: "miss" }),
    expireHit: both({ operation: "expire", result: "hit" }),
    expireMiss: both({ operation: "expire", result: "miss" }),
    scanOk: both({ operation: "scan", result: "ok" }),
  };
};

export interface ConnectionMetrics {
  readonly open: GaugeHandle;
  readonly rejected: CounterHandle;
  readonly slowReaders: CounterHandle;
  readonly protocolErrors: CounterHandle;
}

export const connectionMetricsOf = (metrics: Metrics): ConnectionMetrics => ({
  open: metrics.kv_connections.with({ protocol: "resp" }),
  rejected: metrics.kv_connections_rejected_total.with({ protocol: "resp" }),
  slowReaders: metrics.kv_slow_readers_closed_total.with({ protocol: "resp" }),
  protocolErrors: metrics.kv_protocol_errors_total.with({ protocol: "resp" }),
});

/** Commands by group and result: two cells for each group, ok first. Read when somebody scrapes. */
export const createCommandCounts = ({ kv_resp_commands_total: total }: Metrics): Float64Array => {
  const counts = new Float64Array(commandGroups.length * 2);
  for (const [i, group] of commandGroups.entries()) {
    total.with({ group, result: "ok" }).collect(() => counts[2 * i] ?? 0);
    total.with({ group, result: "error" }).collect(() => counts[2 * i + 1] ?? 0);
  }
  return counts;
};
