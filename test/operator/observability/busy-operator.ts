// The metrics page of an operator that has something to do: its own instruments, driven as the operator drives them, behind a real port.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createTelemetry } from "#telemetry/instruments";
import { controllerHooks, countChild, countPresence, countReport, followPhases, followQueue, followReflector, followRollouts, queueHooks, requestCounter } from "../../../operator/instrument.ts";
import { kvResponderKind, ownedKinds } from "../../../operator/kinds.ts";
import { operatorMetrics } from "../../../operator/metrics.ts";
import { createResourceSeries } from "../../../operator/resource-series.ts";
import { specSchema } from "#crds/kvresponder";
import type { KVResponder } from "../../../operator/objects.ts";

export interface BusyOperator extends AsyncDisposable {
  /** host:port of its metrics. */
  readonly address: string;
}

const condition = (type: "Ready" | "Stalled" | "PeersConnected" | "MonitorReady", status: "True" | "False" | "Unknown") =>
  ({ type, status, reason: "Pending", message: "", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z" }) as const;

/** One resource that is ready and has no monitor, one that is stalled and for whose series there is no room, and ten of everything that happens each second. */
export const startBusyOperator = async (): Promise<BusyOperator> => {
  const telemetry = createTelemetry(operatorMetrics);
  const { metrics } = telemetry;
  const queue = queueHooks(metrics);
  const { activeWorkers, reconciled } = controllerHooks(metrics, 4);
  const request = requestCounter(metrics, "https://10.0.0.1:443");
  const report = countReport(metrics);
  const resource: KVResponder = { apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name: "orders", namespace: "team-a" }, spec: specSchema.parse({}) };
  const child = { apiVersion: "apps/v1", kind: "Deployment", metadata: { name: "kv-responder-orders", namespace: "team-a" } };
  const status = { observedGeneration: 1, tenant: "acme", version: "1.0.0", readyReplicas: 2, ready: "2/3", conditions: [condition("Ready", "True"), condition("PeersConnected", "Unknown"), condition("MonitorReady", "False")] };
  metrics.kvoperator_build_info.set({ version: "1.0.0", node: process.versions.node }, 1);
  const stuck = { ...resource, metadata: { name: "billing", namespace: "team-b" } };
  const stalled = { ...status, conditions: [condition("Stalled", "True")] };
  const series = createResourceSeries(metrics, 1);
  series.show(resource, status);
  series.show(stuck, stalled);
  followPhases(metrics, () => [{ ...resource, status }, { ...stuck, status: stalled }]);
  followRollouts(metrics, 5, () => ({ running: 3, stuck: 2, waiting: 1 }));
  followQueue(metrics, { unfinished: () => ({ seconds: 2, longestSeconds: 1 }) });
  metrics.kvoperator_telemetry_seconds_total.with({ signal: "metrics" }).collect(telemetry.renderSeconds);
  countPresence(metrics, () => true);
  for (const kind of [kvResponderKind, ...ownedKinds]) followReflector(metrics, kind, { synced: () => true, stalenessMs: () => 1_000 });

  const work = setInterval(() => {
    queue.added?.();
    queue.retried?.();
    queue.depth?.(1);
    queue.waited?.(0.001);
    activeWorkers?.(1);
    request({ verb: "apply", method: "PATCH", path: "/", code: 200, seconds: 0.004 });
    request({ verb: "get", method: "GET", path: "/", code: 404, seconds: 0.002 });
    countChild(metrics, { resource, child, result: "updated", drift: true });
    report("unreachable");
    metrics.kvoperator_generation_lag_seconds.observe(0.2);
    for (const verdict of ["success", "terminal", "timeout", "panic"] as const) reconciled?.(verdict, 0.02);
    queue.worked?.(0.02);
    metrics.kvoperator_watch_restarts_total.inc({ kind: "Deployment" });
    metrics.kvoperator_lists_total.inc({ kind: "Deployment" });
  }, 100);
  const server = createServer((_, response) => void telemetry.render().then((page) => response.setHeader("content-type", "text/plain; version=0.0.4").end(page)));
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      clearInterval(work);
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
};
