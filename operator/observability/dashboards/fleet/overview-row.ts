// The rows about all tenants at once: what there is, what is wrong, and one line for each instance.
import { latencyBounds, objectives } from "#crds/objectives";
import { count, divide, increase, max, min, minus, per, quantile, rate, subtractFrom, sum, times } from "#telemetry/promql";
import { stat } from "../../grafana/charts.ts";
import { alertList, table } from "../../grafana/lists.ts";
import { query, type DataLink, type Row } from "../../grafana/panel.ts";
import { subjectLabels, type SubjectSeries } from "../../subject.ts";
import { failedShare, hitRatio, share, window } from "../shares.ts";

/** What a resource gets that says nothing else. Each may have its own; its own dashboard knows. */
const usual = objectives.parse({});
const allowed = Number(((100 - usual.availability) / 100).toPrecision(6));

export const overviewRow = (q: SubjectSeries): Row => ({
  title: "All tenants",
  panels: [
    stat({ title: "Tenants", description: "Tenants with at least one pod that Prometheus knows.", unit: "none", queries: [query(count(max(q.gauge("up"), ["tenant"]), []), "tenants")] }),
    stat({ title: "Instances", description: "KVResponders with at least one pod that Prometheus knows.", unit: "none", queries: [query(count(max(q.gauge("up"), subjectLabels), []), "instances")] }),
    stat({
      title: "Pods down",
      description: "Pods that Prometheus knows and that did not answer the last scrape. 0 is good; some are seen for a moment in each rollout.",
      unit: "none",
      thresholds: [{ color: "green" }, { color: "red", from: 1 }],
      queries: [query(sum(subtractFrom(1, q.gauge("up")), []), "down")],
    }),
    stat({ title: "Operations", description: "Cache operations per second of all tenants, over both protocols.", unit: "ops", queries: [query(sum(rate(q.counter("kv_operations_total"), window), []), "operations")] }),
    stat({
      title: "Failed",
      description: "Share of all operations that failed by the cache's fault.",
      unit: "percentunit",
      noValue: "no traffic",
      thresholds: [{ color: "green" }, { color: "orange", from: 0.001 }, { color: "red", from: 0.01 }],
      queries: [query(failedShare(q, window), "failed")],
    }),
    stat({ title: "Memory", description: "Bytes accounted to entries, in all pods.", unit: "bytes", queries: [query(sum(q.gauge("kv_memory_used_bytes"), []), "used")] }),
  ],
});

export const alertsRow: Row = {
  title: "Alerts",
  panels: [
    alertList({
      title: "Alerts by instance",
      description: "What Prometheus' rules say now of the chosen tenants: pending and firing, grouped by instance. Empty is good.",
      labels: '{tenant=~"${tenant:regex}", namespace=~"${namespace:regex}", kvresponder=~".+"}',
      groupBy: subjectLabels,
    }),
  ],
};

export const tenantsRow = (q: SubjectSeries, drillDown: DataLink): Row => {
  const slow = subtractFrom(
    1,
    share(
      sum(increase(q.buckets("kv_operation_duration_seconds", { le: `${latencyBounds[usual.latency.threshold]}` }), "1h"), subjectLabels),
      sum(increase(q.observations("kv_operation_duration_seconds"), "1h"), subjectLabels),
    ),
  );
  return {
    title: "Instances",
    panels: [
      table({
        title: "Instances",
        description: `One line for each KVResponder. Burn: how many times faster than allowed operations failed in the last hour, if ${usual.availability}% are promised; what each was promised, and how much of its budget is left, is on its own dashboard, to which the name leads.`,
        height: 12,
        labels: { kvresponder: "Instance", namespace: "Namespace", tenant: "Tenant" },
        links: [drillDown],
        sortBy: "Burn (1 h)",
        columns: [
          { name: "Pods up", unit: "none", expr: sum(q.gauge("up"), subjectLabels) },
          { name: "Pods down", unit: "none", expr: sum(subtractFrom(1, q.gauge("up")), subjectLabels), thresholds: [{ color: "green" }, { color: "red", from: 1 }] },
          { name: "Peers missing", unit: "none", expr: max(minus(q.gauge("kv_peers_expected"), q.gauge("kv_peers_connected")), subjectLabels), thresholds: [{ color: "green" }, { color: "red", from: 1 }] },
          { name: "Operations", unit: "ops", expr: sum(rate(q.counter("kv_operations_total"), window), subjectLabels) },
          { name: "Burn (1 h)", unit: "none", expr: per(failedShare(q, "1h", subjectLabels), allowed), thresholds: [{ color: "green" }, { color: "orange", from: 1 }, { color: "red", from: 14.4 }] },
          { name: "Available (visible time)", unit: "percentunit", expr: subtractFrom(1, failedShare(q, "$__range", subjectLabels)) },
          { name: `Slower than ${usual.latency.threshold} (1 h)`, unit: "percentunit", expr: slow },
          { name: "p99", unit: "s", expr: quantile(0.99, sum(rate(q.buckets("kv_operation_duration_seconds"), window), ["le", ...subjectLabels])) },
          { name: "Hit ratio", unit: "percentunit", expr: hitRatio(q, window, subjectLabels) },
          { name: "Memory used", unit: "percentunit", expr: divide(sum(q.gauge("kv_memory_used_bytes"), subjectLabels), sum(q.gauge("kv_memory_limit_bytes"), subjectLabels)) },
          { name: "Entries", unit: "short", expr: sum(q.gauge("kv_entries"), subjectLabels) },
          { name: "Youngest pod", unit: "dateTimeFromNow", expr: times(max(q.gauge("process_start_time_seconds"), subjectLabels), 1000) },
          { name: "Oldest pod", unit: "dateTimeFromNow", expr: times(min(q.gauge("process_start_time_seconds"), subjectLabels), 1000) },
        ],
      }),
    ],
  };
};
