// What a Deployment says of its rollout at each stage, and when an apply would begin one.
import { describe, expect, test } from "vitest";
import { annotation, fieldManager } from "#crds/names";
import { specSchema } from "#crds/kvresponder";
import type { KubeObject, KVResponder } from "../../../operator/objects.ts";
import { changesPods, isAsked, rolloutOf, withoutNewPods } from "../../../operator/reconcile/rollout.ts";

const progress = (reason: string, status = "True") => ({ conditions: [{ type: "Progressing", status, reason }] });
const deployment = (status: object, { revision = "2", generation = 2 }: { revision?: string; generation?: number } = {}): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "kv-responder-a", namespace: "team", generation, ...(revision !== "" && { annotations: { "deployment.kubernetes.io/revision": revision } }) },
  status: { observedGeneration: 2, replicas: 3, updatedReplicas: 3, ...progress("NewReplicaSetAvailable"), ...status },
});

test.each<[string, KubeObject, "running" | "stuck" | undefined]>([
  ["settled", deployment({}), undefined],
  ["a template that the controller has not seen", deployment({}, { generation: 3 }), "running"],
  ["the controller has seen it, and its condition is still the last one's", deployment({ updatedReplicas: 0 }), "running"],
  ["a pod of three is new", deployment({ replicas: 4, updatedReplicas: 1, ...progress("ReplicaSetUpdated") }), "running"],
  ["all are new and the last is not available yet", deployment({ ...progress("ReplicaSetUpdated") }), "running"],
  ["old pods were lost, and the new ones do not start", deployment({ replicas: 1, updatedReplicas: 1, ...progress("ReplicaSetUpdated") }), "running"],
  ["no progress", deployment({ replicas: 4, updatedReplicas: 1, ...progress("ProgressDeadlineExceeded", "False") }), "stuck"],
  ["stuck, and another template has just come", deployment({ replicas: 4, updatedReplicas: 1, ...progress("ProgressDeadlineExceeded", "False") }, { generation: 3 }), "running"],
  ["more pods of the same template", deployment({ replicas: 5, updatedReplicas: 5, readyReplicas: 3 }), undefined],
  ["scaled to zero", deployment({ replicas: undefined, updatedReplicas: undefined }), undefined],
  ["first pods, on their way", deployment({ ...progress("ReplicaSetUpdated") }, { revision: "1" }), undefined],
  ["first pods that never start", deployment({ ...progress("ProgressDeadlineExceeded", "False") }, { revision: "1" }), undefined],
  ["just made", deployment({ observedGeneration: undefined, replicas: undefined, updatedReplicas: undefined, conditions: undefined }, { revision: "" }), undefined],
  ["held by kubectl rollout pause, with nothing to roll", deployment({ ...progress("DeploymentPaused", "Unknown") }), undefined],
  ["no deadline, so no such condition", deployment({ conditions: [] }), undefined],
])("%s", (_, object, expected) => expect(rolloutOf(object)).toBe(expected));

const wanted = (image = "r:1", extra: object = {}, annotations?: object): KubeObject => ({
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "kv-responder-a", namespace: "team", labels: { a: "1" } },
  spec: { replicas: 3, template: { metadata: { labels: { a: "1" }, ...annotations }, spec: { containers: [{ name: "responder", image }] } }, ...extra },
});
const ownedFields = {
  "f:metadata": { "f:labels": { "f:a": {} } },
  "f:spec": {
    "f:replicas": {},
    "f:template": { "f:metadata": { "f:labels": { "f:a": {} } }, "f:spec": { "f:containers": { 'k:{"name":"responder"}': { ".": {}, "f:name": {}, "f:image": {} } } } },
  },
};
const live = (object: KubeObject = wanted(), fieldsV1: Record<string, unknown> = ownedFields): KubeObject => ({ ...object, metadata: { ...object.metadata, uid: "d1", managedFields: [{ manager: fieldManager, operation: "Apply", fieldsV1 }] } });

describe("an apply changes the pods", () => {
  test("when the template differs", () => expect(changesPods(wanted("r:2"), live())).toBe(true));
  test("when a field of the template is no longer wanted", () => {
    const { "f:metadata": metadata, "f:spec": { "f:template": template } } = ownedFields;
    const more = { "f:metadata": metadata, "f:spec": { "f:template": { ...template, "f:spec": { ...template["f:spec"], "f:hostname": {} } } } };
    expect(changesPods(wanted(), live(wanted(), more))).toBe(true);
  });
  test("and not when everything is as it should be, or differs elsewhere", () => {
    expect(changesPods(wanted(), live())).toBe(false);
    expect(changesPods(wanted("r:1", { replicas: 5, progressDeadlineSeconds: 900 }), live())).toBe(false);
    expect(changesPods({ ...wanted(), metadata: { ...wanted().metadata, labels: { a: "2" } } }, live())).toBe(false);
  });
  test("one that is not ours is not judged", () => expect(changesPods(wanted("r:2"), wanted())).toBe(false));
});

test("while new pods wait, the rest of the Deployment is as wanted and the pods are as they were applied, without what others or the server added", () => {
  const applied = live();
  const template = applied["spec"] as { template: { spec: object } };
  const found = { ...applied, spec: { ...template, replicas: 1, template: { ...template.template, spec: { ...template.template.spec, restartPolicy: "Always" } } } };
  const held = withoutNewPods(wanted("r:2", { progressDeadlineSeconds: 900 }), found);
  expect(held).toEqual(wanted("r:1", { progressDeadlineSeconds: 900 }));
  expect(changesPods(held, found)).toBe(false);
});

describe("the author asks for it", () => {
  const resource = (generation: number, observedGeneration?: number): KVResponder => ({
    apiVersion: "kvresponder.io/v1alpha1",
    kind: "KVResponder",
    metadata: { name: "a", namespace: "team", generation },
    spec: specSchema.parse({}),
    ...(observedGeneration !== undefined && { status: { observedGeneration } }),
  });
  const restart = (value: string) => wanted("r:1", {}, { annotations: { [annotation.restart]: value } });

  test.each<[string, boolean, boolean]>([
    ["a spec that no status answers yet", isAsked(resource(2, 1), wanted("r:2"), live()), true],
    ["no status at all", isAsked(resource(1), wanted("r:2"), live()), true],
    ["a restart", isAsked(resource(2, 2), restart("1"), live()), true],
    ["another restart", isAsked(resource(2, 2), restart("2"), live(restart("1"))), true],
    ["the restart of then", isAsked(resource(2, 2), restart("1"), live(restart("1"))), false],
    ["the operator alone has changed", isAsked(resource(2, 2), wanted("r:2"), live()), false],
  ])("%s", (_, asked, expected) => expect(asked).toBe(expected));
});
