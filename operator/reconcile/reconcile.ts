// The one impure list of steps: read the stores, apply what differs, prune, write the status once. Every decision is made elsewhere.
import { childName } from "#crds/names";
import { effectiveTenant } from "#crds/kvresponder";
import { parseSpec } from "#crds/parse";
import type { Status } from "#crds/status";
import { renderContext, type RenderOptions } from "../render/context.ts";
import { requestOf, type KubeObject, type KVResponder, type Request } from "../objects.ts";
import type { Reconcile, Result } from "../runtime/types.ts";
import { desired } from "./desired.ts";
import { announce, isDrift, type Announcement } from "./announce.ts";
import { asksForSelection } from "./features.ts";
import type { Outcome } from "./outcome.ts";
import type { Looks } from "./looks.ts";
import { unwanted } from "./prune.ts";
import type { Sight } from "./selecting.ts";
import { keyOf, seeToSecrets, type SecretCluster, type SecretResult } from "./secrets.ts";
import { computeStatus, sameStatus } from "./status.ts";
import { hasPeers, type PeerReports } from "./peers.ts";
import { planReplicas, wantedReplicas } from "./replicas.ts";
import { holder } from "./tenancy.ts";
import { planTokens, type Tokens, type TokenTiming } from "./tokens.ts";
import { withoutNewPods } from "./rollout.ts";
import type { Rollouts } from "./rollouts.ts";
import { refuseImage, refuseTenant, type KnownLabels, type Policy } from "./policy.ts";
import type { Refusal } from "./verdict.ts";
import { workload } from "./workload.ts";

/** What reconcile needs of the cluster. Reads come from informer stores and never block. */
export interface Cluster extends SecretCluster {
  resource(request: Request): KVResponder | undefined;
  resources(namespace: string): readonly KVResponder[];
  /** Stored objects of all owned kinds in the resource's namespace. */
  children(resource: KVResponder): readonly KubeObject[];
  /** Applies one child, or with `dryRun` only says whether it would (result "pending"). Never throws for an answer of the API server. */
  apply(child: KubeObject, owner: KVResponder, options: { readonly dryRun: boolean; readonly signal: AbortSignal }): Promise<Outcome>;
  /** Lets the second field manager apply the number of pods that stands, so that ours can let go. */
  lendReplicas(deployment: KubeObject, replicas: number, signal: AbortSignal): Promise<void>;
  /** Deletes with a UID precondition; an object that is gone already is fine. */
  remove(child: KubeObject, signal: AbortSignal): Promise<void>;
  /** Writes the status subresource as a whole. */
  writeStatus(resource: KVResponder, status: Status, signal: AbortSignal): Promise<void>;
}

export interface Observation {
  readonly resource: KVResponder;
  readonly child: KubeObject;
  readonly result: Outcome["result"] | "pruned";
  readonly detail?: string;
  /** True when it repairs what somebody else did, false when the resource or the operator changed. */
  readonly drift: boolean;
}

export interface ReconcileDeps {
  readonly cluster: Cluster;
  readonly options: RenderOptions & TokenTiming & Policy;
  readonly looks: Looks;
  readonly rollouts: Pick<Rollouts, "ask" | "applied" | "leave">;
  /** What the pods say about their peers. They are asked beside the reconciles, which wait for no pod; news wakes this one. */
  readonly survey: { follow(request: Request): PeerReports | undefined; forget(request: Request): void };
  /** Who selects monitors and rules: mostly known already, and asked for a bounded time when not. */
  readonly scout: { look(namespace: string): Promise<Sight>; labelsOf(namespace: string): Promise<KnownLabels> };
  readonly version: string;
  /** RFC 3339, UTC, whole seconds. */
  readonly now: () => string;
  readonly announce: (resource: KVResponder, announcement: Announcement) => void;
  /** Called once per child that was written, refused or removed. */
  readonly observe: (observation: Observation) => void;
  /** The resource is gone: forget what was kept for it. */
  readonly forget: (request: Request) => void;
  /** What the status in the cluster now says; once per reconcile that came to its end. */
  readonly settled: (resource: KVResponder, status: Status) => void;
}

interface Applied {
  readonly outcomes: readonly Outcome[];
  readonly secrets: SecretResult;
}

/** A foreign object carries none of our labels, so no watch tells when it goes: ask again. */
const conflictRetryMs = 30_000;
/** An object on its way out is watched; this is for one that lost our labels. */
const deletingRetryMs = 2_000;
/** It is woken when its turn comes; this is for a turn that comes without an event. */
const waitingRetryMs = 300_000;

const retryMs: Partial<Record<Outcome["result"], number>> = { deleting: deletingRetryMs, conflict: conflictRetryMs, waiting: waitingRetryMs };

/** What a condition tells better than a line of log at each reconcile. */
const noNews = new Set<Outcome["result"]>(["unchanged", "pending", "waiting", "missingKind", "deleting"]);

/** `due`: milliseconds after which something is due without an event. */
const verdict = (outcomes: readonly Outcome[], due: readonly (number | undefined)[]): Result => {
  // forbidden may pass by itself: for some seconds after the CRD is made, admission cannot map our owner references (OwnerReferencesPermissionEnforcement)
  const failed = outcomes.find((o) => o.result === "failed" || o.result === "forbidden");
  const afterMs = Math.max(0, ...outcomes.map((o) => o.retryAfterMs ?? 0));
  if (failed) return { outcome: "retry", reason: `apply ${failed.desired.kind} ${failed.desired.metadata.name}: ${failed.detail ?? "failed"}`, afterMs };
  const waits = [
    ...due.filter((ms) => ms !== undefined),
    ...outcomes.flatMap(({ result }) => retryMs[result] ?? []),
  ];
  return { outcome: "done", ...(waits.length > 0 && { requeueAfterMs: Math.min(...waits) }) };
};

/** The result is "retry" when a child could not be written for a passing reason; an ApiError of a prune or a status write is thrown, and counts the same. */
export const createReconcile = (deps: ReconcileDeps): Reconcile => {
  const { cluster, options, version, now } = deps;

  /** Why nothing may be applied for this resource, if so. "unknown": what decides could not be read. */
  const refuse = async (resource: KVResponder, parsed: ReturnType<typeof parseSpec>): Promise<Refusal | "unknown" | undefined> => {
    if (!parsed.ok) return { reason: "Invalid", message: `the spec is not valid: ${parsed.problems.join("; ")}` };
    const image = refuseImage(resource.spec.image, options, options.responderImage);
    if (image) return image;
    const { name, namespace = "" } = resource.metadata;
    const labels = options.tenantPolicy === "NamespaceLabel" ? await deps.scout.labelsOf(namespace) : undefined;
    if (labels === "failed") return "unknown";
    const tenant = labels && refuseTenant(effectiveTenant(name, resource.spec), namespace, labels);
    if (tenant) return tenant;
    const other = holder(resource, cluster.resources(resource.metadata.namespace ?? ""));
    return other && { reason: "TenantTaken", message: `KVResponder ${other.metadata.name}, which is older, holds this tenant in the namespace` };
  };

  const report = (resource: KVResponder, { desired: child, result, detail, isChange }: Outcome, drift: boolean): void => {
    if (!noNews.has(result)) deps.observe({ resource, child, result, drift: drift && !isChange, ...(detail !== undefined && { detail }) });
  };

  /** New pods wait for their turn when it is the operator that has changed; everything else of the Deployment does not. */
  const applyPods = async (resource: KVResponder, pods: KubeObject, drift: boolean, signal: AbortSignal): Promise<Outcome> => {
    const live = cluster.children(resource).find((child) => child.kind === pods.kind && child.metadata.name === pods.metadata.name);
    const turn = deps.rollouts.ask(resource, pods, live);
    if (turn.wait !== undefined) {
      const rest = await cluster.apply(withoutNewPods(pods, turn.live), resource, { dryRun: false, signal });
      if (rest.result !== "updated" && rest.result !== "unchanged") return { ...rest, desired: pods };
      report(resource, rest, drift);
      return { ...rest, desired: pods, result: "waiting", detail: turn.wait };
    }
    const outcome = await cluster.apply(pods, resource, { dryRun: false, signal });
    deps.rollouts.applied(requestOf(resource), outcome.result);
    return { ...outcome, ...(turn.isChange && { isChange: true }) };
  };

  const applyOne = async (resource: KVResponder, child: KubeObject, drift: boolean, signal: AbortSignal): Promise<Outcome> =>
    child.kind === "Deployment" && !resource.spec.paused ? applyPods(resource, child, drift, signal) : cluster.apply(child, resource, { dryRun: resource.spec.paused, signal });

  const applyAll = async (resource: KVResponder, wanted: readonly KubeObject[], drift: boolean, signal: AbortSignal): Promise<Outcome[]> => {
    const outcomes: Outcome[] = [];
    for (const child of wanted) {
      const outcome = await applyOne(resource, child, drift, signal);
      report(resource, outcome, drift);
      outcomes.push(outcome);
    }
    return outcomes;
  };

  /** All children and Secrets; the Secrets before the pods that mount them, and after their owners. */
  const applyWhole = async (resource: KVResponder, tokens: Tokens, drift: boolean, signal: AbortSignal): Promise<Applied> => {
    const live = cluster.children(resource).find((child) => child.kind === "Deployment" && child.metadata.name === childName.workload(resource.metadata.name));
    const replicas = planReplicas(resource.spec, live);
    const context = renderContext(resource, options, { tokenSlots: tokens.slots, replicas: replicas.applied });
    const wanted = desired(context);
    const pods = wanted.findIndex((child) => child.kind === "Deployment");
    const before = await applyAll(resource, wanted.slice(0, pods), drift, signal);
    if (live && replicas.lent !== undefined && !resource.spec.paused) await cluster.lendReplicas(live, replicas.lent, signal);
    const urgent = !workload(live, wantedReplicas(resource.spec, live)).settled || tokens.rotation?.next !== undefined;
    const secrets = await seeToSecrets(cluster, deps.looks, { resource, context, outcomes: before, urgent, signal });
    if (secrets.fresh) for (const outcome of secrets.outcomes) report(resource, outcome, drift);
    const outcomes = [...before, ...secrets.outcomes, ...(await applyAll(resource, wanted.slice(pods), drift, signal))];
    if (!resource.spec.paused) await prune(resource, wanted, signal);
    return { outcomes, secrets };
  };

  const prune = async (resource: KVResponder, wanted: readonly KubeObject[], signal: AbortSignal): Promise<void> => {
    for (const child of unwanted(cluster.children(resource), wanted, resource.metadata.uid ?? "")) {
      await cluster.remove(child, signal);
      deps.observe({ resource, child, result: "pruned", drift: false });
    }
  };

  return async (request, signal) => {
    const stored = cluster.resource(request);
    if (!stored) {
      deps.forget(request);
      deps.looks.forget(keyOf(request));
      deps.survey.forget(request);
      deps.rollouts.leave(request);
      return { outcome: "done" };
    }
    // the garbage collector removes the children by their owner references
    if (stored.metadata.deletionTimestamp !== undefined) {
      deps.rollouts.leave(request);
      return { outcome: "done" };
    }

    // stored amounts may be numbers; parsed, they are text, and the defaults of a newer schema are there
    const parsed = parseSpec(stored.spec);
    const resource = parsed.ok ? { ...stored, spec: parsed.spec } : stored;
    const refusal = await refuse(resource, parsed);
    // a tenant that runs is not stopped because the API server did not answer
    if (refusal === "unknown") return { outcome: "retry", reason: "the labels of the namespace could not be read" };
    if (refusal || resource.spec.paused) deps.rollouts.leave(request);
    const time = now();
    const tokens = refusal ? undefined : planTokens(resource, Date.parse(time), options);
    // a step of a rotation changes children too, and repairs nothing
    const drift = !tokens?.news && isDrift(resource.status, resource.metadata.generation ?? 0, version);
    const { outcomes, secrets } = tokens ? await applyWhole(resource, tokens, drift, signal) : { outcomes: [], secrets: undefined };

    const isSurveyed = !refusal && hasPeers(resource.spec);
    if (!isSurveyed) deps.survey.forget(request);
    const peers = isSurveyed ? deps.survey.follow(request) : undefined;

    const sight = asksForSelection(outcomes) ? await deps.scout.look(request.namespace) : undefined;
    const deployment = outcomes.find((o) => o.desired.kind === "Deployment")?.live;
    const status = computeStatus({
      resource,
      outcomes,
      deployment,
      version,
      now: time,
      ...(refusal && { refusal }),
      ...(tokens && { tokens }),
      ...(peers && { peers }),
      ...(sight && { sight }),
      ...(secrets && { missingSecrets: secrets.missing }),
    });
    if (!sameStatus(status, resource.status)) await cluster.writeStatus(resource, status, signal);
    deps.settled(resource, status);
    for (const announcement of announce(resource.status, status, drift ? outcomes : [])) deps.announce(resource, announcement);
    if (tokens?.news) deps.announce(resource, { type: "Normal", ...tokens.news });

    return verdict(outcomes, [tokens?.dueMs, secrets?.nextMs]);
  };
};
