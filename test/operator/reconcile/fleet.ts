// A fleet whose Deployments go through their rollouts by hand: what the decisions about rollouts are tried on.
import { fieldManager } from "#crds/names";
import { specSchema } from "#crds/kvresponder";
import type { KubeObject, KVResponder } from "../../../operator/objects.ts";
import { createRollouts, type Turn } from "../../../operator/reconcile/rollouts.ts";
import type { Outcome } from "../../../operator/reconcile/outcome.ts";
import { manualTime } from "../../support/manual-time.ts";

interface Tenant {
  /** Of the live template, and of the pods. */
  image: string;
  phase: "settled" | "applied" | "rolling" | "stuck";
  generation: number;
  observed: number;
}

const spec = specSchema.parse({});

export const fleet = (limit: number, size: number) => {
  const time = manualTime();
  const tenants = new Map<string, Tenant>(Array.from({ length: size }, (_, i) => [`t${i}`, { image: "r:1", phase: "settled", generation: 1, observed: 1 }]));
  const woken: string[] = [];
  /** What the operator now wants of everyone. */
  let release = "r:2";

  const get = (name: string): Tenant => {
    const found = tenants.get(name);
    if (!found) throw new Error(name);
    return found;
  };
  const template = (image: string) => ({ spec: { containers: [{ name: "responder", image }] } });
  const fieldsV1 = { "f:spec": { "f:template": { "f:spec": { "f:containers": { 'k:{"name":"responder"}': { ".": {}, "f:name": {}, "f:image": {} } } } } } };
  const deployment = (name: string): KubeObject => {
    const { image, phase } = get(name);
    const condition = { type: "Progressing", ...(phase === "settled" ? { status: "True", reason: "NewReplicaSetAvailable" } : phase === "stuck" ? { status: "False", reason: "ProgressDeadlineExceeded" } : { status: "True", reason: "ReplicaSetUpdated" }) };
    return {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: {
        name,
        namespace: "team",
        generation: 2,
        annotations: { "deployment.kubernetes.io/revision": "2" },
        ownerReferences: [{ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", name, uid: name, controller: true }],
        managedFields: [{ manager: fieldManager, operation: "Apply", fieldsV1 }],
      },
      spec: { template: template(image) },
      status: { observedGeneration: phase === "applied" ? 1 : 2, replicas: phase === "settled" ? 3 : 4, updatedReplicas: phase === "settled" ? 3 : 1, conditions: [condition] },
    };
  };
  const resource = (name: string): KVResponder => ({
    apiVersion: "kvresponder.io/v1alpha1",
    kind: "KVResponder",
    metadata: { name, namespace: "team", uid: name, generation: get(name).generation },
    spec,
    status: { observedGeneration: get(name).observed },
  });
  const make = () => createRollouts({ limit, deployments: () => [...tenants.keys()].map(deployment), wake: ({ name }) => void woken.push(name), monotonic: time.monotonic });
  let rollouts = make();

  return {
    time,
    woken,
    tenants,
    deployment,
    /** A change of the spec that no status answers yet. */
    change: (name: string) => void get(name).generation++,
    restartOperator: () => void (rollouts = make()),
    upgrade: (image: string) => void (release = image),
    ask: (name: string, live: KubeObject | "none" = deployment(name)): Turn => rollouts.ask(resource(name), { ...deployment(name), spec: { template: template(release) } }, live === "none" ? undefined : live),
    /** The answer to an apply that was let go, and the status after it. */
    answer(name: string, result: Outcome["result"]) {
      const tenant = get(name);
      if (result === "updated") Object.assign(tenant, { image: release, phase: "applied" });
      tenant.observed = tenant.generation;
      rollouts.applied({ namespace: "team", name }, result);
    },
    /** The Deployment's controller goes on. */
    become(name: string, phase: Tenant["phase"]) {
      get(name).phase = phase;
      rollouts.moved();
    },
    leave: (name: string) => rollouts.leave({ namespace: "team", name }),
    count: () => rollouts.count(),
    rolling: () => [...tenants].flatMap(([name, { phase }]) => (phase === "settled" ? [] : [name])),
  };
};

export type Fleet = ReturnType<typeof fleet>;
