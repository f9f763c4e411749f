// The series that the Redis protocol moves, found once, so that a command costs plain additions.
import { commandGroups, type responderMetrics } from "#contract/metrics";
import type { CounterHandle, GaugeHandle, Instruments } from "#telemetry/instruments";

type Metrics = Instruments<typeof responderMetrics>;

/** One count for each key, in the same series as HTTP's. */
export interface Operations {
  readonly getHit: CounterHandle;
  readonly getMiss: CounterHandle;
  readonly putOk: CounterHandle;
  readonly putConflict: CounterHandle;
  readonly putError: CounterHandle;
  readonly deleteHit: CounterHandle;
  readonly deleteMiss: CounterHandle;
  readonly expireHit: CounterHandle;
  readonly expireMiss: CounterHandle;
  readonly scanOk: CounterHandle;
}

export const operationsOf = ({ kv_operations_total: operations }: Metrics): Operations => ({
  getHit: operations.with({ operation: "get", result: "hit" }),
  getMiss: operations.with({ operation: "get", result: "miss" }),
  putOk: operations.with({ operation: "put", result: "ok" }),
  putConflict: operations.with({ operation: "put", result: "conflict" }),
  putError: operations.with({ operation: "put", result: "error" }),
  deleteHit: operations.with({ operation: "delete", result: "hit" }),
  deleteMiss: operations.with({ operation: "delete", result: "miss" }),
  expireHit: operations.with({ operation: "expire", result: "hit" }),
  expireMiss: operations.with({ operation: "expire", result: "miss" }),
  scanOk: operations.with({ operation: "scan", result: "ok" }),
});

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
