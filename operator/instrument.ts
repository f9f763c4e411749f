// Ties the operator's parts to its metrics: hooks in, series out.
import type { Instruments } from "#telemetry/instruments";
import type { RequestReport } from "./kube/transport.ts";
import { ownedKinds, type Kind } from "./kinds.ts";
import type { operatorMetrics } from "./metrics.ts";
import type { Request } from "./objects.ts";
import type { Answer } from "./reconcile/peers.ts";
import type { Observation } from "./reconcile/reconcile.ts";
import type { ControllerHooks, QueueHooks } from "./runtime/types.ts";

export type OperatorMetrics = Instruments<typeof operatorMetrics>;

const controller = { controller: "kvresponder" } as const;
const queue = { name: "kvresponder" } as const;

export const queueHooks = (m: OperatorMetrics): QueueHooks => {
  const [depth, adds, retries, waited] = [m.workqueue_depth.with(queue), m.workqueue_adds_total.with(queue), m.workqueue_retries_total.with(queue), m.workqueue_queue_duration_seconds.with(queue)];
  return { added: () => adds.inc(), retried: () => retries.inc(), depth: (n) => depth.set(n), waited: (s) => waited.observe(s) };
};

export const controllerHooks = (m: OperatorMetrics): ControllerHooks => {
  const [time, active] = [m.controller_runtime_reconcile_time_seconds.with(controller), m.controller_runtime_active_workers.with(controller)];
  return {
    activeWorkers: (n) => active.set(n),
    reconciled: (verdict, seconds) => {
      time.observe(seconds);
      const result = verdict === "success" || verdict === "requeue_after" ? verdict : "error";
      m.controller_runtime_reconcile_total.inc({ ...controller, result });
      if (result === "error") m.controller_runtime_reconcile_errors_total.inc(controller);
      if (verdict === "panic") m.controller_runtime_reconcile_panics_total.inc(controller);
    },
  };
};

const codeClass = (code: number) => (code === 0 ? "error" : code < 300 ? "2xx" : code < 400 ? "3xx" : code < 500 ? "4xx" : "5xx");

export const countRequest =
  (m: OperatorMetrics) =>
  ({ method, code }: RequestReport): void =>
    m.rest_client_requests_total.inc({ method, code: codeClass(code) });

/** Results that are news; a child that waits or whose kind is missing is told by its condition. */
const counted = new Set(["created", "updated", "pruned", "conflict", "forbidden", "failed"] as const);
type Counted = typeof counted extends Set<infer R> ? R : never;

export const countChild = (m: OperatorMetrics, { child: { kind }, result, drift }: Observation): void => {
  if (counted.has(result as Counted)) m.kvoperator_child_apply_total.inc({ kind, result: result as Counted });
  if (drift && (result === "created" || result === "updated")) m.kvoperator_drift_corrected_total.inc({ kind });
};

export const countReport =
  (m: OperatorMetrics) =>
  (answer: Answer): void =>
    m.kvoperator_pod_reports_total.inc({ result: typeof answer === "string" ? answer : "answered" });

export const resourceSeries = (m: OperatorMetrics) => ({
  ready: ({ namespace, name }: Request, isReady: boolean) => m.kvoperator_resource_ready.set({ resource_namespace: namespace, kvresponder: name }, isReady ? 1 : 0),
  forget: ({ namespace, name }: Request) => m.kvoperator_resource_ready.remove({ resource_namespace: namespace, kvresponder: name }),
});

export const followReflector = (m: OperatorMetrics, { kind }: Kind, read: { synced: () => boolean; stalenessMs: () => number }): void => {
  m.kvoperator_cache_synced.with({ kind }).collect(() => (read.synced() ? 1 : 0));
  m.kvoperator_cache_staleness_seconds.with({ kind }).collect(() => (read.synced() ? read.stalenessMs() / 1_000 : 0));
};

/** All optional kinds are of one group today; a second one adds a value to the catalogue's label. */
export const countPresence = (m: OperatorMetrics, has: (kind: Kind) => boolean): void => {
  const optional = ownedKinds.filter((k) => k.optional);
  m.kvoperator_api_available.with({ group: "monitoring.coreos.com" }).collect(() => (optional.every(has) ? 1 : 0));
};
