// The operator's metric catalogue. Names are controller-runtime's where the meaning is the same, so that its dashboards work.
import { defineCatalogue } from "#telemetry/catalogue";
import { endpointSliceKind, kvResponderKind, ownedKinds } from "./kinds.ts";

const controller = ["kvresponder"] as const;
/** Resources are created by users; beyond this many the budget test asks for a decision. */
const resource = { open: true, bound: 1000 } as const;
const kindNames = ownedKinds.map((k) => k.kind) as [string, ...string[]];
/** Secrets are made, and neither watched nor listed. */
const childKinds = [...kindNames, "Secret"] as const;
const watchedKinds = [kvResponderKind.kind, ...kindNames, endpointSliceKind.kind] as const;

export const operatorMetrics = defineCatalogue({
  controller_runtime_reconcile_total: { type: "counter", help: "Reconciles by result.", labels: { controller, result: ["success", "error", "requeue_after"] } },
  controller_runtime_reconcile_errors_total: { type: "counter", help: "Reconciles that failed and are tried again.", labels: { controller } },
  controller_runtime_reconcile_panics_total: { type: "counter", help: "Reconciles that threw something unexpected.", labels: { controller } },
  controller_runtime_reconcile_time_seconds: {
    type: "histogram",
    help: "Time of one reconcile.",
    labels: { controller },
    buckets: [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
  },
  controller_runtime_active_workers: { type: "gauge", help: "Reconciles under way.", labels: { controller } },
  workqueue_depth: { type: "gauge", help: "Keys waiting.", labels: { name: controller } },
  workqueue_adds_total: { type: "counter", help: "Keys added; one that waits already is not counted again.", labels: { name: controller } },
  workqueue_retries_total: { type: "counter", help: "Keys added again after a failure.", labels: { name: controller } },
  workqueue_queue_duration_seconds: {
    type: "histogram",
    help: "How long a key waited.",
    labels: { name: controller },
    buckets: [0.0001, 0.001, 0.01, 0.1, 1, 10, 100],
  },
  rest_client_requests_total: { type: "counter", help: "Requests to the API server.", labels: { method: ["GET", "POST", "PATCH", "DELETE"], code: ["2xx", "3xx", "4xx", "5xx", "error"] } },
  kvoperator_child_apply_total: {
    type: "counter",
    help: "What became of children, by kind.",
    labels: { kind: childKinds, result: ["created", "updated", "pruned", "conflict", "forbidden", "failed"] },
  },
  kvoperator_drift_corrected_total: { type: "counter", help: "Children that somebody else had changed or deleted and that were put right.", labels: { kind: childKinds } },
  kvoperator_resource_ready: { type: "gauge", help: "1 when the resource's Ready condition is True.", labels: { resource_namespace: resource, kvresponder: resource } },
  kvoperator_pod_reports_total: {
    type: "counter",
    help: "What pods answered when they were asked about their peers. silent: too old to say. unreachable: twice, if the pod was ready.",
    labels: { result: ["answered", "silent", "unreachable"] },
  },
  kvoperator_api_available: { type: "gauge", help: "1 when the cluster serves this optional group.", labels: { group: ["monitoring.coreos.com"] } },
  kvoperator_cache_synced: { type: "gauge", help: "1 when the store of this kind holds a full list.", labels: { kind: watchedKinds } },
  kvoperator_cache_staleness_seconds: { type: "gauge", help: "Time since the API server last confirmed the store of this kind.", labels: { kind: watchedKinds } },
  kvoperator_lists_total: { type: "counter", help: "Full lists taken in. More than one: a watch had expired (410), or the kind had been away.", labels: { kind: watchedKinds } },
  kvoperator_watch_restarts_total: { type: "counter", help: "Watches opened again.", labels: { kind: watchedKinds } },
});
