// Who says how many pods there are, step by step, against what server-side apply does with ownership.
import fc from "fast-check";
import { expect, test } from "vitest";
import type { KubeObject } from "../../../operator/objects.ts";
import { planReplicas, wantedReplicas } from "../../../operator/reconcile/replicas.ts";

const autoscaling = { minReplicas: 2, maxReplicas: 5 };
const deployment = (replicas: number, owner?: string): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "d", managedFields: [{ manager: "kv-responder-operator", operation: "Apply", fieldsV1: { "f:spec": { "f:template": {}, ...(owner === "ours" && { "f:replicas": {} }) } } }] },
  spec: { replicas },
});

test.each<[string, Parameters<typeof planReplicas>, object]>([
  ["the resource's number", [{ replicas: 3 }, deployment(7)], { applied: 3 }],
  ["a new Deployment begins with the fewest", [{ replicas: 9, autoscaling }, undefined], { applied: 2 }],
  ["what stands is lent before ours lets go", [{ replicas: 9, autoscaling }, deployment(3, "ours")], { applied: undefined, lent: 3 }],
  ["too few are raised first: an autoscaler leaves zero alone", [{ replicas: 0, autoscaling }, deployment(0, "ours")], { applied: 2 }],
  ["too many are lowered first", [{ replicas: 9, autoscaling }, deployment(9, "ours")], { applied: 5 }],
  ["then it is not ours to say", [{ replicas: 9, autoscaling }, deployment(4)], { applied: undefined }],
  ["nor when somebody has set it to zero", [{ replicas: 9, autoscaling }, deployment(0)], { applied: undefined }],
  ["back to the resource's number", [{ replicas: 9 }, deployment(4)], { applied: 9 }],
])("%s", (_, [spec, live], plan) => expect(planReplicas(spec, live)).toEqual(plan));

test("whatever the numbers are, they are handed over in two steps at most and never fall below what stands or is bounded", () => {
  const bounds = fc.tuple(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 16 })).map(([a, b]) => ({ minReplicas: Math.min(a, b), maxReplicas: Math.max(a, b) }));
  fc.assert(
    fc.property(bounds, fc.integer({ min: 0, max: 16 }), fc.integer({ min: 0, max: 16 }), (autoscaled, replicas, stands) => {
      const spec = { replicas, autoscaling: autoscaled };
      const first = planReplicas(spec, deployment(stands, "ours"));
      const then = first.applied === undefined ? first : planReplicas(spec, deployment(first.applied, "ours"));
      expect(then.applied).toBeUndefined();
      expect(then.lent).toBeGreaterThanOrEqual(Math.min(stands, autoscaled.maxReplicas));
      expect(then.lent).toBeGreaterThanOrEqual(autoscaled.minReplicas);
    }),
  );
});

test("pods that are wanted: the resource's number, or what the autoscaler has come to", () => {
  expect([wantedReplicas({ replicas: 3 }, deployment(7)), wantedReplicas({ replicas: 3, autoscaling }, deployment(4)), wantedReplicas({ replicas: 3, autoscaling }, undefined)]).toEqual([3, 4, 2]);
});
