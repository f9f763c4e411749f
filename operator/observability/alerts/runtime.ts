// Alerts of the process itself and of what it tells.
import { above, max, per, plus, rate, sum } from "#telemetry/promql";
import { subjectLabels } from "../subject.ts";
import { type Alert, title } from "./alert.ts";

export const runtimeAlerts = {
  KVResponderEventLoopSaturated: {
    severity: "warning",
    signal: "runtime",
    keepFiringFor: "5m",
    when: "the event loop of a pod is this late",
    summary: (i) => `A pod of ${title(i)} cannot keep up`,
    description: (i, t) => `The event loop of a pod of ${title(i)} is late by {{ $value | humanizeDuration }} in one turn of a hundred; ${t} s is the limit. Every request waits as long.`,
    rules: (_, { q, threshold }) => [{ for: "10m", expression: above(max(q.gauge("nodejs_eventloop_lag_p99_seconds"), subjectLabels), threshold) }],
  },
  KVResponderTelemetryDropping: {
    severity: "info",
    signal: "telemetry",
    keepFiringFor: "15m",
    when: "log lines or spans are dropped, because their reader or the collector does not keep up",
    summary: (i) => `${title(i)} loses log lines or spans`,
    description: (i) => `${title(i)} drops {{ printf "%.2g" $value }} log lines and spans a second. What happens there cannot be seen in full.`,
    rules: (_, { q }) => {
      const lines = sum(rate(q.counter("kv_logs_dropped_total"), "5m"), subjectLabels);
      // what is throttled is dropped on purpose
      const spans = sum(rate(q.counter("kv_spans_dropped_total", { reason: ["queue_full", "export_failed"] }), "5m"), subjectLabels);
      return [{ for: "15m", expression: above(plus(lines, spans), 0) }];
    },
  },
  KVResponderScrapeTruncated: {
    severity: "warning",
    signal: "telemetry",
    when: "a pod's scrape has this share of the samples that it may have",
    summary: (i) => `Scrapes of ${title(i)} near their limit`,
    description: (i) => `A pod of ${title(i)} tells {{ $value | humanizePercentage }} of the ${i.sampleLimit} samples that a scrape may have. With more the whole scrape is refused and every alert is blind.`,
    rules: (i, { q, threshold }) => (i.scraped ? [{ for: "15m", expression: above(per(max(q.gauge("scrape_samples_post_metric_relabeling"), subjectLabels), i.sampleLimit), threshold) }] : []),
  },
} as const satisfies Record<string, Alert>;
