// Computes the whole status once, at the end of a reconcile, from what was seen and done. Steps never set conditions.
import type { Condition, ConditionType, Reason } from "#crds/conditions";
import { servicePort } from "#contract/http";
import { effectiveTenant } from "#crds/kvresponder";
import { appName, childName, label } from "#crds/names";
import type { Status } from "#crds/status";
import type { KubeObject, KVResponder } from "../objects.ts";
import { features, featureVerdict, type FeatureInput } from "./features.ts";
import type { Outcome } from "./outcome.ts";
import { judgePeers, type PeerFinding, type PeerReports } from "./peers.ts";
import type { Tokens } from "./tokens.ts";
import { describe, describeConflict, type Verdict } from "./verdict.ts";
import { wantedReplicas } from "./replicas.ts";
import { workload, type Workload } from "./workload.ts";

export interface StatusInput extends FeatureInput {
  readonly deployment: KubeObject | undefined;
  /** Absent when nothing is applied: then what the status says of tokens stays. */
  readonly tokens?: Pick<Tokens, "secret" | "rotation">;
  /** What the pods say about their peers; absent before they were asked. */
  readonly peers?: PeerReports;
  /** Version of this operator. */
  readonly version: string;
  /** RFC 3339, UTC, whole seconds. */
  readonly now: string;
}

/** The first thing that keeps the resource from being whole, gravest first; undefined when nothing does. */
const obstacle = (outcomes: readonly Outcome[]): Verdict<"Ready"> & { stalled?: Reason<"Stalled"> } | undefined => {
  const first = (result: Outcome["result"]) => outcomes.find((o) => o.result === result);
  const conflict = first("conflict");
  if (conflict) return { status: "False", reason: "Conflict", message: describeConflict(conflict), stalled: "Conflict" };
  const forbidden = first("forbidden");
  if (forbidden) return { status: "False", reason: "ApplyFailed", message: `not permitted: ${describe(forbidden)}`, stalled: "Forbidden" };
  const failed = first("failed") ?? first("deleting");
  if (failed) return { status: "False", reason: "ApplyFailed", message: describe(failed) };
  const pending = first("pending");
  if (pending) return { status: "False", reason: "Paused", message: `${describe(pending)} waits until spec.paused is false` };
  return undefined;
};

/** Pods that wait for a Secret say so in events alone, which nobody reads. */
const explained = (load: Workload, { resource, refusal, missingSecrets = [] }: StatusInput): Workload => {
  const own = refusal ? undefined : resource.spec.auth.secretName;
  return load.settled || own === undefined || !missingSecrets.includes(own) ? load : { ...load, reason: "SecretMissing", message: `${load.message}; there is no Secret ${own} (spec.auth.secretName), and new pods wait for it` };
};

/** What was found at an earlier visit, if it speaks of this generation. */
const peersBefore = ({ metadata, status }: KVResponder): PeerFinding | undefined => {
  const found = status?.conditions?.find((c) => c.type === "PeersConnected" && c.observedGeneration === metadata.generation);
  if (!found) return undefined;
  const { status: value, reason, message } = found;
  return { status: value, reason: reason as Reason<"PeersConnected">, message, ...(status?.peers !== undefined && { peers: status.peers }) };
};

const peersVerdict = ({ resource, refusal, peers: reports }: StatusInput, wanted: number, load: Workload): PeerFinding =>
  refusal ? { status: "Unknown", reason: "Pending", message: refusal.message } : judgePeers({ spec: resource.spec, wanted, load, reports, before: peersBefore(resource) });

export const computeStatus = (input: StatusInput): Status => {
  const { resource, outcomes, deployment, refusal, version, now } = input;
  const { name, namespace = "", generation = 0 } = resource.metadata;
  const wanted = refusal ? 0 : wantedReplicas(resource.spec, deployment);
  const load = explained(workload(deployment, wanted), input);
  const stop = refusal ? undefined : obstacle(outcomes);

  const ready: Verdict<"Ready"> = refusal
    ? { status: "False", ...refusal }
    : (stop ?? {
        status: load.settled ? "True" : "False",
        reason: load.settled ? (wanted === 0 ? "ScaledToZero" : "AllReady") : "WorkloadUnavailable",
        message: load.message,
      });
  const stalledReason: Reason<"Stalled"> | undefined = refusal?.reason ?? stop?.stalled;
  const connected = peersVerdict(input, wanted, load);
  // the old pods serve meanwhile, so this has no part in Ready
  const waiting = outcomes.find((o) => o.result === "waiting");
  const underWay = [...(ready.status === "True" ? [] : [ready.message]), ...(waiting?.detail === undefined ? [] : [waiting.detail])];
  const working = underWay.length > 0 && stalledReason === undefined && ready.reason !== "Paused";

  const previous = new Map(resource.status?.conditions?.map((c) => [c.type, c]));
  const condition = <T extends ConditionType>(type: T, verdict: Verdict<T>): Condition => {
    const before = previous.get(type);
    return {
      type,
      status: verdict.status,
      reason: verdict.reason,
      // bounded as the schema says
      message: verdict.message.slice(0, 1024),
      observedGeneration: generation,
      lastTransitionTime: before?.status === verdict.status ? before.lastTransitionTime : now,
    };
  };

  const conditions = [
    condition("Ready", ready),
    condition("Reconciling", working ? { status: "True", reason: "Progressing", message: underWay.join("; ") } : { status: "False", reason: "Settled", message: "nothing is under way" }),
    condition("Stalled", stalledReason ? { status: "True", reason: stalledReason, message: ready.message } : { status: "False", reason: "NotStalled", message: "nothing needs a person" }),
    condition("WorkloadAvailable", { status: load.settled ? "True" : "False", reason: load.reason, message: load.message }),
    condition("PeersConnected", connected),
    ...features.map((f) => condition(f.type, featureVerdict(f, input))),
  ];
  if (resource.spec.paused) conditions.push(condition("Paused", { status: "True", reason: "PausedBySpec", message: "spec.paused is true: no child is written" }));

  const host = `${childName.workload(name)}.${namespace}.svc`;
  // a spec that is not valid may lack what its schema demands
  const resp = refusal ? undefined : resource.spec.protocols.resp;
  const { secret, rotation } = input.tokens ?? { secret: resource.status?.tokenSecret, rotation: resource.status?.tokenRotation };
  return {
    observedGeneration: generation,
    tenant: effectiveTenant(name, resource.spec),
    conditions,
    replicas: load.replicas,
    readyReplicas: load.readyReplicas,
    ready: `${load.readyReplicas}/${refusal ? resource.spec.replicas : wanted}`,
    ...(connected.peers !== undefined && { peers: connected.peers }),
    selector: `${label.appName}=${appName},${label.name}=${name}`,
    endpoints: { http: `http://${host}`, ...(resp?.enabled && { resp: `redis://${host}:${resp.port}` }), metrics: `${host}:${servicePort.metrics}` },
    ...(secret !== undefined && { tokenSecret: secret }),
    ...(rotation && { tokenRotation: rotation }),
    version,
  };
};

/** Equal as JSON, whatever the order of keys: a status that says the same is not written again. */
export const sameStatus = (a: unknown, b: unknown): boolean => {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  const keys = Object.keys(a);
  return (
    Array.isArray(a) === Array.isArray(b) &&
    keys.length === Object.keys(b).length &&
    keys.every((k) => k in b && sameStatus((a as Record<string, unknown>)[k], (b as Record<string, unknown>)[k]))
  );
};
