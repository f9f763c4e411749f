// The operator's metric catalogue. Names are controller-runtime's where the meaning is the same, so that its dashboards work.
import { conditionReasons, type ConditionType } from "#crds/conditions";
import { defineCatalogue } from "#telemetry/catalogue";
import { endpointSliceKind, kvResponderKind, optionalGroups, ownedKinds } from "./kinds.ts";
import { phases } from "./reconcile/phase.ts";

const controller = ["kvresponder"] as const;
/** One value at a time: for each resource, or in all. */
const one = { open: true, bound: 1 } as const;
/** A resource, as --resource-series bounds them. Its namespace adds no series: the two labels go together. */
const resource = { resource_namespace: one, kvresponder: { open: true, bound: 1_000 } } as const;
const conditionTypes = Object.keys(conditionReasons) as [ConditionType, ...ConditionType[]];
const kindNames = ownedKinds.map((k) => k.kind) as [string, ...string[]];
/** Secrets are made, and neither watched nor listed. */
const childKinds = [...kindNames, "Secret"] as const;
const watchedKinds = [kvResponderKind.kind, ...kindNames, endpointSliceKind.kind] as const;

export const operatorMetrics = defineCatalogue({
  controller_runtime_reconcile_total: { type: "counter", help: "Reconciles by result.", labels: { controller, result: ["success", "error", "requeue_after"] } },
  controller_runtime_reconcile_errors_total: { type: "counter", help: "Reconciles that failed, for whatever reason.", labels: { controller } },
  controller_runtime_terminal_reconcile_errors_total: { type: "counter", help: "Reconciles that failed and are not tried again until something changes.", labels: { controller } },
  controller_runtime_reconcile_timeouts_total: { type: "counter", help: "Reconciles that took longer than they may and were told to stop.", labels: { controller } },
  controller_runtime_reconcile_panics_total: { type: "counter", help: "Reconciles that threw something unexpected.", labels: { controller } },
  controller_runtime_reconcile_time_seconds: {
    type: "histogram",
    help: "Time of one reconcile.",
    labels: { controller },
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  controller_runtime_active_workers: { type: "gauge", help: "Reconciles under way.", labels: { controller } },
  controller_runtime_max_concurrent_reconciles: { type: "gauge", help: "Reconciles that may be under way at once.", labels: { controller } },
  workqueue_depth: { type: "gauge", help: "Keys waiting.", labels: { name: controller, controller } },
  workqueue_adds_total: { type: "counter", help: "Keys added; one that waits already is not counted again.", labels: { name: controller, controller } },
  workqueue_retries_total: { type: "counter", help: "Keys added again after a failure.", labels: { name: controller, controller } },
  workqueue_queue_duration_seconds: {
    type: "histogram",
    help: "How long a key waited.",
    labels: { name: controller, controller },
    buckets: [0.0001, 0.001, 0.01, 0.1, 1, 10, 100],
  },
  workqueue_work_duration_seconds: {
    type: "histogram",
    help: "How long a key was worked on.",
    labels: { name: controller, controller },
    buckets: [0.0001, 0.001, 0.01, 0.1, 1, 10, 100],
  },
  workqueue_unfinished_work_seconds: { type: "gauge", help: "Time spent so far on the keys that are being worked on, all together.", labels: { name: controller, controller } },
  workqueue_longest_running_processor_seconds: { type: "gauge", help: "Time spent so far on the key that has been worked on for longest.", labels: { name: controller, controller } },
  rest_client_requests_total: { type: "counter", help: "Requests to the API server.", labels: { method: ["GET", "POST", "PATCH", "DELETE"], code: ["2xx", "3xx", "4xx", "5xx", "error"] } },
  rest_client_request_duration_seconds: {
    type: "histogram",
    help: "Time until the whole answer of the API server was read. Watches are left out.",
    labels: { verb: ["GET", "POST", "PATCH", "DELETE"], host: one },
    buckets: [0.005, 0.01, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
  },
  kvoperator_build_info: { type: "gauge", help: "This program and its Node, always 1.", labels: { version: one, node: one } },
  kvoperator_resources: { type: "gauge", help: "Resources by what their status says. pending: nothing yet.", labels: { phase: phases } },
  kvoperator_resource_info: { type: "gauge", help: "A resource, its tenant and the version of the operator that wrote its status, always 1.", labels: { ...resource, tenant: one, version: one } },
  kvoperator_resource_condition: {
    type: "gauge",
    help: "The present status of each condition of a resource, always 1: the other statuses have no series.",
    labels: { ...resource, type: conditionTypes, status: ["True", "False", "Unknown"] },
  },
  kvoperator_rollouts: {
    type: "gauge",
    help: "Resources whose pods are being replaced, for whatever reason, and those whose new pods wait for --max-concurrent-rollouts. stuck: no progress within the deadline; it keeps its place.",
    labels: { state: ["running", "stuck", "waiting"] },
  },
  kvoperator_max_concurrent_rollouts: { type: "gauge", help: "Resources whose pods may be replaced at once for the sake of the operator's release (--max-concurrent-rollouts)." },
  kvoperator_replicas_desired: { type: "gauge", help: "Pods that a resource asks for.", labels: resource },
  kvoperator_replicas_ready: { type: "gauge", help: "Pods of a resource that are ready.", labels: resource },
  kvoperator_resources_without_series: { type: "gauge", help: "Resources that have no series of their own, because there are more than --resource-series." },
  kvoperator_generation_lag_seconds: {
    type: "histogram",
    help: "From seeing a new generation of a resource until the status that answers it was written.",
    buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300],
  },
  kvoperator_child_apply_total: {
    type: "counter",
    help: "What became of children, by kind.",
    labels: { kind: childKinds, result: ["created", "updated", "pruned", "conflict", "forbidden", "failed"] },
  },
  kvoperator_drift_corrected_total: { type: "counter", help: "Children that somebody else had changed or deleted and that were put right.", labels: { kind: childKinds } },
  kvoperator_resource_ready: { type: "gauge", help: "1 when the resource's Ready condition is True.", labels: resource },
  kvoperator_pod_reports_total: {
    type: "counter",
    help: "What pods answered when they were asked about their peers. silent: too old to say. unreachable: twice, if the pod was ready.",
    labels: { result: ["answered", "silent", "unreachable"] },
  },
  kvoperator_api_available: { type: "gauge", help: "1 when the cluster serves this optional group.", labels: { group: optionalGroups } },
  kvoperator_cache_synced: { type: "gauge", help: "1 when the store of this kind holds a full list.", labels: { kind: watchedKinds } },
  kvoperator_cache_staleness_seconds: { type: "gauge", help: "Time since the API server last confirmed the store of this kind.", labels: { kind: watchedKinds } },
  kvoperator_lists_total: { type: "counter", help: "Full lists taken in. More than one, or one for each of --namespaces: a watch had expired (410), or the kind had been away.", labels: { kind: watchedKinds } },
  kvoperator_watch_restarts_total: { type: "counter", help: "Watches opened again.", labels: { kind: watchedKinds } },
  kvoperator_telemetry_seconds_total: { type: "counter", help: "Time of the event loop that rendering this page, and encoding spans, have taken.", labels: { signal: ["metrics", "traces"] } },
  kvoperator_logs_dropped_total: { type: "counter", help: "Lines of log dropped because whoever reads them did not keep up." },
  kvoperator_spans_dropped_total: { type: "counter", help: "Spans that did not reach the collector. throttled: of reconciles that failed, those beyond a hundred a second.", labels: { reason: ["queue_full", "export_failed", "throttled"] } },
});
