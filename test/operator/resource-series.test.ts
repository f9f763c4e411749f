// The series of resources: what they say, that they go with their resource, and that there are no more of them than was asked for.
import { expect, test } from "vitest";
import type { Condition, ConditionStatus, ConditionType } from "#crds/conditions";
import type { Status } from "#crds/status";
import { createTelemetry } from "#telemetry/instruments";
import { operatorMetrics } from "../../operator/metrics.ts";
import type { KVResponder } from "../../operator/objects.ts";
import { createResourceSeries } from "../../operator/resource-series.ts";

const resource = (name: string) => ({ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { namespace: "team", name }, spec: {} }) as unknown as KVResponder;

const condition = (type: ConditionType, status: ConditionStatus): Condition => ({ type, status, reason: "AllReady", message: "", observedGeneration: 1, lastTransitionTime: "2026-01-01T00:00:00Z" });

const status = (conditions: Partial<Record<ConditionType, ConditionStatus>>, more: Partial<Status> = {}): Status => ({
  observedGeneration: 1,
  tenant: "acme",
  version: "0.1.0",
  readyReplicas: 2,
  ready: "2/3",
  conditions: Object.entries(conditions).map(([type, value]) => condition(type as ConditionType, value)),
  ...more,
});

const setUp = (most = 1_000) => {
  const { metrics, render } = createTelemetry(operatorMetrics, { processMetrics: false });
  const all = async () => (await render()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return {
    series: createResourceSeries(metrics, most),
    of: async (name: string) => (await all()).filter((line) => line.includes(`kvresponder="${name}"`)).toSorted(),
    without: async () => Number((await all()).find((line) => line.startsWith("kvoperator_resources_without_series "))?.split(" ")[1]),
  };
};

const key = 'resource_namespace="team",kvresponder="a"';

test("a resource shows who it is, its pods, and each condition in its present status", async () => {
  const { series, of } = setUp();
  series.show(resource("a"), status({ Ready: "False", Reconciling: "True", PeersConnected: "Unknown" }));
  expect(await of("a")).toEqual([
    `kvoperator_replicas_desired{${key}} 3`,
    `kvoperator_replicas_ready{${key}} 2`,
    `kvoperator_resource_condition{${key},type="PeersConnected",status="Unknown"} 1`,
    `kvoperator_resource_condition{${key},type="Ready",status="False"} 1`,
    `kvoperator_resource_condition{${key},type="Reconciling",status="True"} 1`,
    `kvoperator_resource_info{${key},tenant="acme",version="0.1.0"} 1`,
    `kvoperator_resource_ready{${key}} 0`,
  ]);
});

test("what changes leaves nothing of what it was", async () => {
  const { series, of } = setUp();
  series.show(resource("a"), status({ Ready: "False", Paused: "True" }));
  series.show(resource("a"), status({ Ready: "True" }, { tenant: "globex", readyReplicas: 5, ready: "5/5" }));
  expect(await of("a")).toEqual([
    `kvoperator_replicas_desired{${key}} 5`,
    `kvoperator_replicas_ready{${key}} 5`,
    `kvoperator_resource_condition{${key},type="Ready",status="True"} 1`,
    `kvoperator_resource_info{${key},tenant="globex",version="0.1.0"} 1`,
    `kvoperator_resource_ready{${key}} 1`,
  ]);
});

test("a deleted resource leaves no series, and its neighbour keeps its own", async () => {
  const { series, of } = setUp();
  for (const name of ["a", "b"]) series.show(resource(name), status({ Ready: "True" }));
  const before = await of("b");
  series.forget({ namespace: "team", name: "a" });
  expect(await of("a")).toEqual([]);
  expect(await of("b")).toEqual(before);
});

test("beyond the bound a resource is only counted, and it gets series when another one goes", async () => {
  const { series, of, without } = setUp(2);
  for (const name of ["a", "b", "c", "d", "c"]) series.show(resource(name), status({ Ready: "True" }));
  expect([await of("c"), await of("d"), await without()]).toEqual([[], [], 2]);
  series.forget({ namespace: "team", name: "d" });
  expect(await without()).toBe(1);
  series.forget({ namespace: "team", name: "a" });
  series.show(resource("c"), status({ Ready: "True" }));
  expect((await of("c")).length).toBeGreaterThan(0);
  expect(await without()).toBe(0);
});

test("whatever a spec that is not valid says, the number of pods is a number", async () => {
  const { series, of } = setUp();
  series.show(resource("a"), status({ Stalled: "True" }, { ready: "0/many" }));
  expect(await of("a")).toContain(`kvoperator_replicas_desired{${key}} 0`);
});
