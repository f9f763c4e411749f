// The series that the Redis protocol moves, found once, so that a command costs plain additions.
import { commandGroups, type responderMetrics } from "#contract/metrics";
import type { CounterHandle, GaugeHandle, Instruments } from "#telemetry/instruments";

type Metrics = Instruments<typeof responderMetrics>;

type Counter = Pick<CounterHandle, "inc"> & {
  /** So many keys that one operation took at once: its duration is observed once. */
  incAtOnce(n: number): void;
};

const labels = {
  getHit: { operation: "get", result: "hit" },
  getMiss: { operation: "get", result: "miss" },
  putOk: { operation: "put", result: "ok" },
  putConflict: { operation: "put", result: "conflict" },
  putError: { operation: "put", result: "error" },
  deleteHit: { operation: "delete", result: "hit" },
  deleteMiss: { operation: "delete", result: "miss" },
  expireHit: { operation: "expire", result: "hit" },
  expireMiss: { operation: "expire", result: "miss" },
  scanOk: { operation: "scan", result: "ok" },
} as const;

/** One count for each key. */
export type Operations = Readonly<Record<keyof typeof labels, Counter>>;

export interface OperationCounts {
  readonly operations: Operations;
  /** The turn that they were counted in is over: they go to the same series as HTTP's, each timed as long as the turn, those of one sweep as one. */
  endTurn(seconds: number): void;
}

export const countOperations = ({ kv_operations_total: totals, kv_operation_duration_seconds: durations }: Metrics): OperationCounts => {
  const all = Object.entries(labels).map(([name, of]) => ({ name, total: totals.with(of), duration: durations.with({ operation: of.operation }) }));
  const cells = new Float64Array(all.length);
  /** Those of the keys that are counted and not timed. */
  const untimed = new Float64Array(all.length);
  const operations = Object.fromEntries(
    all.map(({ name }, i) => {
      const inc = (n = 1) => void (cells[i]! += n);
      const incAtOnce = (n: number) => {
        if (n === 0) return;
        inc(n);
        untimed[i]! += n - 1;
      };
      return [name, { inc, incAtOnce }];
    }),
  );
  return {
    operations: operations as unknown as Operations,
    endTurn: (seconds) => {
      for (let i = 0; i < cells.length; i++) {
        const keys = cells[i]!;
        if (keys === 0) continue;
        const { total, duration } = all[i]!;
        total.inc(keys);
        duration.observeMany(seconds, keys - untimed[i]!);
        cells[i] = 0;
        untimed[i] = 0;
      }
    },
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
