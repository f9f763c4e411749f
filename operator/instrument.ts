// Ties the operator's parts to its metrics: hooks in, series out.
import type { Instruments } from "#telemetry/instruments";
import type { RequestReport } from "./kube/transport.ts";
import { optionalGroups, ownedKinds, type Kind } from "./kinds.ts";
import type { operatorMetrics } from "./metrics.ts";
import type { KVResponder } from "./objects.ts";
import type { Answer } from "./reconcile/peers.ts";
import { phaseOf, phases } from "./reconcile/phase.ts";
import type { Observation } from "./reconcile/reconcile.ts";
import type { Rollouts } from "./reconcile/rollouts.ts";
import type { ControllerHooks, QueueHooks, WorkQueue } from "./runtime/types.ts";

export type OperatorMetrics = Instruments<typeof operatorMetrics>;

const controller = { controller: "kvresponder" } as const;
const queue = { name: "kvresponder", ...controller } as const;

export const queueHooks = (m: OperatorMetrics): QueueHooks => {
  const [depth, adds, retries, waited] = [m.workqueue_depth.with(queue), m.workqueue_adds_total.with(queue), m.workqueue_retries_total.with(queue), m.workqueue_queue_duration_seconds.with(queue)];
  const worked = m.workqueue_work_duration_seconds.with(queue);
  return { added: () => adds.inc(), retried: () => retries.inc(), depth: (n) => depth.set(n), waited: (s) => waited.observe(s), worked: (s) => worked.observe(s) };
};

export const followQueue = (m: OperatorMetrics, { unfinished }: Pick<WorkQueue, "unfinished">): void => {
  m.workqueue_unfinished_work_seconds.with(queue).collect(() => unfinished().seconds);
  m.workqueue_longest_running_processor_seconds.with(queue).collect(() => unfinished().longestSeconds);
};

export const controllerHooks = (m: OperatorMetrics, workers: number): Pick<ControllerHooks, "activeWorkers" | "reconciled"> => {
  m.controller_runtime_max_concurrent_reconciles.set(controller, workers);
  const [time, active] = [m.controller_runtime_reconcile_time_seconds.with(controller), m.controller_runtime_active_workers.with(controller)];
  return {
    activeWorkers: (n) => active.set(n),
    reconciled: (verdict, seconds) => {
      time.observe(seconds);
      const result = verdict === "success" || verdict === "requeue_after" ? verdict : "error";
      m.controller_runtime_reconcile_total.inc({ ...controller, result });
      if (result === "error") m.controller_runtime_reconcile_errors_total.inc(controller);
      if (verdict === "terminal") m.controller_runtime_terminal_reconcile_errors_total.inc(controller);
      if (verdict === "timeout") m.controller_runtime_reconcile_timeouts_total.inc(controller);
      if (verdict === "panic") m.controller_runtime_reconcile_panics_total.inc(controller);
    },
  };
};

const codeClass = (code: number) => (code === 0 ? "error" : code < 300 ? "2xx" : code < 400 ? "3xx" : code < 500 ? "4xx" : "5xx");

const methods = ["GET", "POST", "PATCH", "DELETE"] as const satisfies RequestReport["method"][];

/** `server`: the URL of the API server. Of a watch the time says how long it took to be accepted, which is another thing. */
export const requestCounter = (m: OperatorMetrics, server: string): ((report: RequestReport) => void) => {
  const { host } = new URL(server);
  const took = new Map(methods.map((verb) => [verb, m.rest_client_request_duration_seconds.with({ verb, host })]));
  return ({ verb, method, code, seconds }) => {
    m.rest_client_requests_total.inc({ method, code: codeClass(code) });
    if (verb !== "watch") took.get(method)?.observe(seconds);
  };
};

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

export const followPhases = (m: OperatorMetrics, list: () => readonly Pick<KVResponder, "metadata" | "status">[]): void => {
  for (const phase of phases) m.kvoperator_resources.with({ phase }).collect(() => list().filter((resource) => phaseOf(resource) === phase).length);
};

export const followRollouts = (m: OperatorMetrics, limit: number, count: Rollouts["count"]): void => {
  m.kvoperator_max_concurrent_rollouts.set(limit);
  for (const state of ["running", "stuck", "waiting"] as const) m.kvoperator_rollouts.with({ state }).collect(() => count()[state]);
};

export const followReflector = (m: OperatorMetrics, { kind }: Kind, read: { synced: () => boolean; stalenessMs: () => number }): void => {
  m.kvoperator_cache_synced.with({ kind }).collect(() => (read.synced() ? 1 : 0));
  m.kvoperator_cache_staleness_seconds.with({ kind }).collect(() => (read.synced() ? read.stalenessMs() / 1_000 : 0));
};

export const countPresence = (m: OperatorMetrics, has: (kind: Kind) => boolean): void => {
  for (const group of optionalGroups) {
    const kinds = ownedKinds.filter((k) => k.optional && k.group === group);
    m.kvoperator_api_available.with({ group }).collect(() => (kinds.every(has) ? 1 : 0));
  }
};
