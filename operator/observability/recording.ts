// The recording rules of one instance. Raw series are read over minutes alone; longer windows are made of what was stored, one series in place of dozens.
import { latencyBounds, type LatencyBound } from "#crds/objectives";
import { avgOverTime, divide, minus, rate, sum, sumOverTime, type Vector } from "#telemetry/promql";
import { burnWindows, type recordedSeries } from "./recorded.ts";
import { identity, recordedOf, seriesOf, subjectLabels, type Subject } from "./subject.ts";

export interface RecordingRule {
  record: keyof typeof recordedSeries;
  expr: string;
  labels: Record<string, string>;
}

const longWindows = ["1h", "6h", "1d", "3d"] as const;

/** `threshold`: the latency objective's. Order matters: a rule reads what those before it have just stored. */
export const recordingRules = (subject: Subject, threshold: LatencyBound): RecordingRule[] => {
  const q = seriesOf(subject);
  const rule = (record: RecordingRule["record"], expr: Vector<never>, window?: string): RecordingRule => ({ record, expr: expr.text, labels: { ...(window !== undefined && { window }), ...identity(subject) } });
  const stored = recordedOf(subject);
  const [operations, failed] = [stored("kvresponder:operations:rate5m"), stored("kvresponder:operations_failed:rate5m")];
  const [timed, slow] = [stored("kvresponder:operations_timed:rate5m"), stored("kvresponder:operations_slow:rate5m")];
  const fast = q.buckets("kv_operation_duration_seconds", { le: `${latencyBounds[threshold]}` });
  const lookups = q.counter("kv_operations_total", { operation: "get", result: ["hit", "miss"] });
  return [
    rule("kvresponder:operations:rate5m", sum(rate(q.counter("kv_operations_total"), "5m"), subjectLabels)),
    rule("kvresponder:operations_failed:rate5m", sum(rate(q.counter("kv_operations_total", { result: "error" }), "5m"), subjectLabels)),
    rule("kvresponder:operations_timed:rate5m", sum(rate(q.observations("kv_operation_duration_seconds"), "5m"), subjectLabels)),
    rule("kvresponder:operations_slow:rate5m", minus(timed, sum(rate(fast, "5m"), subjectLabels))),
    rule("kvresponder:lookups_hit:ratio_rate30m", divide(sum(rate(q.counter("kv_operations_total", { operation: "get", result: "hit" }), "30m"), subjectLabels), sum(rate(lookups, "30m"), subjectLabels))),
    ...longWindows.map((window) => rule("kvresponder:operations:avg_rate", avgOverTime(operations, window), window)),
    // a sum over a sum weighs each minute by its traffic, as a ratio of raw counters would
    ...burnWindows.flatMap((window) => [
      rule("kvresponder:operations_failed:ratio", window === "5m" ? divide(failed, operations) : divide(sumOverTime(failed, window), sumOverTime(operations, window)), window),
      rule("kvresponder:operations_slow:ratio", window === "5m" ? divide(slow, timed) : divide(sumOverTime(slow, window), sumOverTime(timed, window)), window),
    ]),
  ];
};
