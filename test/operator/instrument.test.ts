// What the parts report becomes series that mean what controller-runtime's mean.
import { expect, test } from "vitest";
import { createTelemetry } from "#telemetry/instruments";
import { controllerHooks, followPhases, followQueue, followRollouts, queueHooks, requestCounter } from "../../operator/instrument.ts";
import { operatorMetrics } from "../../operator/metrics.ts";
import { createQueue } from "../../operator/runtime/queue.ts";
import type { ReconcileVerdict } from "../../operator/runtime/types.ts";
import { manualTime } from "../support/manual-time.ts";

const setUp = () => {
  const { metrics, render } = createTelemetry(operatorMetrics, { processMetrics: false });
  const value = async (series: string) => Number((await render()).split("\n").find((line) => line.startsWith(`${series} `))?.slice(series.length + 1));
  return { metrics, value };
};

const controller = 'controller="kvresponder"';
const queue = `name="kvresponder",${controller}`;

test.each<[ReconcileVerdict, string, number[]]>([
  // errors, terminal errors, timeouts, panics
  ["success", "success", [0, 0, 0, 0]],
  ["requeue_after", "requeue_after", [0, 0, 0, 0]],
  ["error", "error", [1, 0, 0, 0]],
  ["terminal", "error", [1, 1, 0, 0]],
  ["timeout", "error", [1, 0, 1, 0]],
  ["panic", "error", [1, 0, 0, 1]],
])("a reconcile that ends in %s", async (verdict, result, counts) => {
  const { metrics, value } = setUp();
  controllerHooks(metrics, 4).reconciled?.(verdict, 0.2);
  expect(await value(`controller_runtime_reconcile_total{${controller},result="${result}"}`)).toBe(1);
  const names = ["reconcile_errors", "terminal_reconcile_errors", "reconcile_timeouts", "reconcile_panics"];
  expect(await Promise.all(names.map((name) => value(`controller_runtime_${name}_total{${controller}}`)))).toEqual(counts);
  expect(await value(`controller_runtime_reconcile_time_seconds_sum{${controller}}`)).toBe(0.2);
  expect(await value(`controller_runtime_max_concurrent_reconciles{${controller}}`)).toBe(4);
});

test("keys that are being worked on are seen while they are, and their time is told at the end", async () => {
  const { metrics, value } = setUp();
  const time = manualTime();
  const q = createQueue({ clock: time, timers: time, hooks: queueHooks(metrics) });
  followQueue(metrics, q);
  q.add("n/a");
  await q.get();
  time.advance(3_000);
  q.add("n/b");
  await q.get();
  time.advance(2_000);
  expect(await value(`workqueue_unfinished_work_seconds{${queue}}`)).toBe(7);
  expect(await value(`workqueue_longest_running_processor_seconds{${queue}}`)).toBe(5);
  q.done("n/a");
  expect(await value(`workqueue_work_duration_seconds_sum{${queue}}`)).toBe(5);
  expect(await value(`workqueue_longest_running_processor_seconds{${queue}}`)).toBe(2);
  q.done("n/b");
  expect(await value(`workqueue_unfinished_work_seconds{${queue}}`)).toBe(0);
});

test("requests are timed by verb and host, watches are only counted", async () => {
  const { metrics, value } = setUp();
  const count = requestCounter(metrics, "https://10.96.0.1:6443/prefix");
  const request = { path: "/api/v1/namespaces/n/services", code: 200, seconds: 0.25 };
  count({ ...request, verb: "list", method: "GET" });
  count({ ...request, verb: "watch", method: "GET", seconds: 9 });
  count({ ...request, verb: "apply", method: "PATCH", code: 0, failure: "network" });
  expect(await value('rest_client_requests_total{method="GET",code="2xx"}')).toBe(2);
  expect(await value('rest_client_requests_total{method="PATCH",code="error"}')).toBe(1);
  expect(await value('rest_client_request_duration_seconds_sum{verb="GET",host="10.96.0.1:6443"}')).toBe(0.25);
  expect(await value('rest_client_request_duration_seconds_count{verb="DELETE",host="10.96.0.1:6443"}')).toBe(0);
});

test("phases are counted over what the store holds now", async () => {
  const { metrics, value } = setUp();
  const conditions = (...types: string[]) => ({ observedGeneration: 1, conditions: types.map((type) => ({ type, status: "True" })) });
  const resource = (status?: object, deletionTimestamp?: string) => ({ metadata: { name: "x", ...(deletionTimestamp && { deletionTimestamp }) }, ...(status && { status }) });
  const list = [resource(), resource(conditions("Ready")), resource(conditions("Ready", "Paused")), resource(conditions("Reconciling")), resource(conditions("Stalled", "Paused")), resource(conditions("Ready"), "2026-01-01T00:00:00Z")];
  followPhases(metrics, () => list as never);
  for (const phase of ["pending", "ready", "paused", "progressing", "stalled", "deleting"]) expect(await value(`kvoperator_resources{phase="${phase}"}`), phase).toBe(1);
  list.length = 1;
  expect(await value('kvoperator_resources{phase="ready"}')).toBe(0);
});

test("rollouts are counted by state at each scrape", async () => {
  const { metrics, value } = setUp();
  followRollouts(metrics, 3, () => ({ running: 2, stuck: 1, waiting: 9 }));
  expect(await Promise.all(["running", "stuck", "waiting"].map((state) => value(`kvoperator_rollouts{state="${state}"}`)))).toEqual([2, 1, 9]);
  expect(await value("kvoperator_max_concurrent_rollouts")).toBe(3);
});
