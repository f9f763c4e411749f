// The rows about the resources and their children: in which phase they are, what is not as it should be, what was put right.
import type { ConditionType } from "#crds/conditions";
import { max, rate, sum } from "#telemetry/promql";
import { timeseries } from "../../grafana/charts.ts";
import { table } from "../../grafana/lists.ts";
import { query, type Row } from "../../grafana/panel.ts";
import type { OperatorSeries } from "../../operator-series.ts";
import { window } from "../shares.ts";

/** True is good. Of the others (Reconciling, Stalled, Paused) False is. */
const good = ["Ready", "WorkloadAvailable", "PeersConnected", "MonitorReady", "RulesReady", "DashboardReady"] as const satisfies ConditionType[];

const resource = { kvresponder: "Instance", resource_namespace: "Namespace" } as const;
const by = ["resource_namespace", "kvresponder"] as const;

export const resourcesRow = (q: OperatorSeries): Row => ({
  title: "Resources",
  panels: [
    table({
      title: "By phase",
      description: "KVResponders by what their status says. pending: the operator has not written a status yet. deleting or progressing for long: see the table of conditions.",
      width: 6,
      height: 8,
      labels: { phase: "Phase" },
      columns: [{ name: "Resources", unit: "none", expr: sum(q.gauge("kvoperator_resources"), ["phase"]) }],
      sortBy: "Resources",
    }),
    timeseries({ title: "Phases over time", description: "KVResponders by phase. A rollout of many is a wave of progressing that ebbs.", unit: "none", width: 6, stacked: true, queries: [query(sum(q.gauge("kvoperator_resources"), ["phase"]), "{{phase}}")] }),
    timeseries({
      title: "Rollouts",
      description: "KVResponders whose pods are being replaced, and those that wait for their turn after an upgrade of the operator. waiting that falls: it goes on. As many stuck as may roll at once: it has stopped.",
      unit: "none",
      width: 6,
      queries: [query(max(q.gauge("kvoperator_rollouts"), ["state"]), "{{state}}"), query(max(q.gauge("kvoperator_max_concurrent_rollouts"), []), "at once, at most")],
    }),
    timeseries({
      title: "Without series of their own",
      description: "KVResponders beyond --resource-series, which the tables below do not show. 0 is good.",
      unit: "none",
      width: 6,
      queries: [query(max(q.gauge("kvoperator_resources_without_series"), []), "without series")],
    }),
    table({
      title: "Conditions that are not True",
      description: "Of those conditions for which True is good. False with the reason Disabled is what the resource asks for; the reason is in its status (kubectl describe).",
      width: 12,
      labels: { ...resource, type: "Condition", status: "Status" },
      columns: [{ name: "always 1", unit: "none", expr: max(q.gauge("kvoperator_resource_condition", { type: good, status: ["False", "Unknown"] }), [...by, "type", "status"]) }],
      without: ["always 1"],
    }),
    table({
      title: "Pods asked for and ready",
      description: "As the resource says and as the Deployment has them.",
      width: 12,
      labels: { ...resource },
      columns: [
        { name: "Asked for", unit: "none", expr: max(q.gauge("kvoperator_replicas_desired"), by) },
        { name: "Ready", unit: "none", expr: max(q.gauge("kvoperator_replicas_ready"), by) },
        { name: "Resource is ready", unit: "none", expr: max(q.gauge("kvoperator_resource_ready"), by), thresholds: [{ color: "red" }, { color: "green", from: 1 }] },
      ],
    }),
  ],
});

export const childrenRow = (q: OperatorSeries): Row => ({
  title: "Children",
  panels: [
    timeseries({ title: "Changes by kind", description: "Children that were created, updated or pruned per second, by kind. Quiet but for changes of resources and of the operator.", unit: "ops", queries: [query(sum(rate(q.counter("kvoperator_child_apply_total"), window), ["kind"]), "{{kind}}")] }),
    timeseries({ title: "Changes by result", description: "What became of children, per second. conflict: somebody else owns the object. forbidden: the operator's role. failed: the log says why.", unit: "ops", queries: [query(sum(rate(q.counter("kvoperator_child_apply_total"), window), ["result"]), "{{result}}")] }),
    timeseries({ title: "Drift put right", description: "Children per second that somebody else had changed or deleted. Again and again: two controllers fight, find the other one in managedFields.", unit: "ops", queries: [query(sum(rate(q.counter("kvoperator_drift_corrected_total"), window), ["kind"]), "{{kind}}")] }),
  ],
});

export const watchesRow = (q: OperatorSeries): Row => ({
  title: "Watches",
  panels: [
    timeseries({ title: "Age of what is known", description: "Time since the API server last confirmed what the operator knows of a kind. A saw below a minute is good; a line that only rises is a watch that is dead.", unit: "s", width: 12, queries: [query(max(q.gauge("kvoperator_cache_staleness_seconds"), ["kind"]), "{{kind}}")] }),
    timeseries({ title: "Watches opened again", description: "Per second, by kind. The API server ends each after some minutes; much more often: the way to it breaks.", unit: "ops", width: 12, queries: [query(sum(rate(q.counter("kvoperator_watch_restarts_total"), window), ["kind"]), "{{kind}}")] }),
    timeseries({ title: "Full lists", description: "Per second, by kind. More than one at the start: a watch had expired, or the kind had been away.", unit: "ops", width: 12, queries: [query(sum(rate(q.counter("kvoperator_lists_total"), window), ["kind"]), "{{kind}}")] }),
    timeseries({
      title: "Optional kinds",
      description: "1 for each kind of which a full list is held, and for each optional API group that the cluster serves. 0 for monitoring kinds: the Prometheus Operator is not installed.",
      unit: "none",
      width: 12,
      queries: [query(max(q.gauge("kvoperator_cache_synced"), ["kind"]), "{{kind}}"), query(max(q.gauge("kvoperator_api_available"), ["group"]), "{{group}}")],
    }),
  ],
});
