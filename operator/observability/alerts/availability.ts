// Alerts of pods that are missing, do not answer, or do not stay.
import { absent, atLeast, below, changes, count, equal, max, sum } from "#telemetry/promql";
import { subjectLabels } from "../subject.ts";
import { type Alert, podCount, title } from "./alert.ts";

export const availabilityAlerts = {
  KVResponderDown: {
    severity: "critical",
    signal: "availability",
    when: "no pod answers Prometheus, though at least one is wanted",
    summary: (i) => `${title(i)} is down: no pod answers Prometheus`,
    description: (i) => `None of the ${podCount(i)} pods of ${title(i)} answers Prometheus. Its clients most likely get no answer either.`,
    rules: (i, { q }) => {
      if (i.replicas === 0) return [];
      const up = q.gauge("up");
      // no target at all is as bad as none that answers; but without our ServiceMonitor a missing target is no news
      return [{ for: "5m", expression: i.scraped ? absent(equal(up, 1)) : equal(max(up, subjectLabels), 0) }];
    },
  },
  KVResponderReplicasUnavailable: {
    severity: "warning",
    signal: "availability",
    keepFiringFor: "5m",
    when: "fewer pods answer than are wanted, and at least one does",
    summary: (i) => `${title(i)} has fewer than ${i.replicas} pods`,
    description: (i) => `{{ $value }} of ${podCount(i)} pods of ${title(i)} answer Prometheus. They carry the load of all.`,
    // none at all is KVResponderDown's business: then there is nothing to count
    rules: (i, { q }) => (i.replicas < 2 ? [] : [{ for: "15m", expression: below(count(equal(q.gauge("up"), 1), subjectLabels), i.replicas) }]),
  },
  KVResponderRestarting: {
    severity: "warning",
    signal: "availability",
    keepFiringFor: "10m",
    when: "containers of its pods were restarted so often in half an hour",
    summary: (i) => `${title(i)} restarts again and again`,
    description: (i) => `Containers of ${title(i)} were restarted {{ $value }} times in the last 30 minutes. Each restart empties a pod.`,
    // a new pod is a new series: only a container that starts again within its pod changes one
    rules: (_, { q, threshold }) => [{ for: "0s", expression: atLeast(sum(changes(q.gauge("process_start_time_seconds"), "30m"), subjectLabels), threshold) }],
  },
} as const satisfies Record<string, Alert>;
