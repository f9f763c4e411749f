// What `kvr status` says of one resource: a pure function of what was seen in the cluster. docs/kvr.md names the fields.
import type { Condition, ConditionType, Reason } from "#crds/conditions";
import { childName, tokenSlots } from "#crds/names";
import { parseResource } from "#crds/parse";
import { apiVersionOf, type Kind } from "../../kinds.ts";
import type { KubeObject, KVResponder } from "../../objects.ts";
import { desired } from "../../reconcile/desired.ts";
import { renderContext } from "../../render/context.ts";
import { hints } from "./hints.ts";

/** Objects of one kind that belong to the resource, or why they are not known. */
export interface SeenKind {
  readonly kind: Kind;
  readonly seen: readonly KubeObject[] | "notServed" | "forbidden";
}

export interface Seen {
  readonly resource: KVResponder;
  readonly children: readonly SeenKind[];
  readonly pods: readonly KubeObject[] | "forbidden";
}

export interface ChildReport {
  readonly kind: string;
  readonly name: string;
  readonly state: "present" | "missing" | "deleting" | "not wanted" | "unknown: not permitted";
}

export interface PodReport {
  readonly name: string;
  readonly ready: boolean;
  /** "Running", or what keeps it from that: "ImagePullBackOff". */
  readonly state: string;
  readonly restarts: number;
  readonly node: string | undefined;
  readonly image: string | undefined;
  readonly created: string | undefined;
}

export interface Report {
  readonly namespace: string;
  readonly name: string;
  readonly tenant: string | undefined;
  /** Ready is True, and of the newest generation. */
  readonly ready: boolean;
  readonly pods: readonly PodReport[] | "forbidden";
  /** "2/3" */
  readonly readyPods: string | undefined;
  readonly peers: string | undefined;
  readonly generation: number;
  /** -1 before the operator's first visit. */
  readonly observedGeneration: number;
  /** Images of the pods; during a rollout two. */
  readonly images: readonly string[];
  /** Of the operator that wrote the status. */
  readonly operatorVersion: string | undefined;
  readonly paused: boolean;
  readonly deleting: boolean;
  readonly endpoints: Readonly<Record<string, string>>;
  /** spec.auth.mode is Token. */
  readonly asksForToken: boolean;
  /** Its name; nothing here has ever looked into it. */
  readonly tokenSecret: string | undefined;
  readonly conditions: readonly Condition[];
  readonly children: readonly ChildReport[];
  readonly next: readonly string[];
}

/** True is as it should be for all but these. */
const amissWhenTrue: ReadonlySet<ConditionType> = new Set(["Stalled", "Paused", "Reconciling"]);

const amiss = ({ type, status, reason }: Condition): boolean => reason !== "Disabled" && (status === "Unknown" || (status === "True") === amissWhenTrue.has(type) || reason === "WarmupTimedOut");

const hintOf = ({ type, reason }: Condition): string | undefined => (hints[type] as { readonly [R in Reason]?: string } | undefined)?.[reason];

/** Ready, alone among many, is of a generation that is over: it would be taken for an answer. */
export const isReady = ({ metadata, status }: KVResponder): boolean => {
  const ready = status?.conditions?.find((c) => c.type === "Ready");
  return ready?.status === "True" && ready.observedGeneration === (metadata.generation ?? 0) && metadata.deletionTimestamp === undefined;
};

const nextSteps = ({ metadata, status }: KVResponder): string[] => {
  const { generation = 0, name } = metadata;
  const observed = status?.observedGeneration ?? -1;
  if (observed < 0) return ["No operator has looked at it yet. See that one runs: kubectl get pods -A -l app.kubernetes.io/name=kv-responder-operator"];
  const stale = observed === generation ? [] : [`The operator has not seen generation ${generation} yet: wait; if it lasts, read its log.`];
  // one line for all conditions that ask for the same thing
  const byHint = new Map<string, ConditionType[]>();
  for (const condition of (status?.conditions ?? []).filter(amiss)) {
    const hint = hintOf(condition)?.replaceAll("NAME", name);
    if (hint !== undefined) byHint.set(hint, [...(byHint.get(hint) ?? []), condition.type]);
  }
  return [...stale, ...[...byHint].map(([hint, types]) => `${types.join(", ")}: ${hint}`)];
};

/** What the operator would make; undefined when this version of kvr does not understand the spec. */
const wantedChildren = (resource: KVResponder): readonly KubeObject[] | undefined => {
  const parsed = parseResource({ ...resource });
  if (!parsed.ok) return undefined;
  const { metadata: { name, uid = "" }, status } = resource;
  const named = new Set([status?.tokenSecret, status?.tokenRotation?.next, status?.tokenRotation?.previous]);
  const slots = tokenSlots.filter((slot) => named.has(childName.token(name, uid, slot)));
  // names do not depend on the operator's flags
  const context = renderContext({ ...parsed.resource, metadata: resource.metadata }, { responderImage: "unknown" });
  return desired({ ...context, ...(slots.length > 0 && { tokenSlots: slots }) });
};

const childReports = ({ resource, children }: Seen): ChildReport[] => {
  const wanted = wantedChildren(resource);
  return children.flatMap(({ kind, seen }): ChildReport[] => {
    if (seen === "notServed") return [];
    const names = wanted?.filter((w) => w.kind === kind.kind && w.apiVersion === apiVersionOf(kind)).map(({ metadata }) => metadata.name);
    if (seen === "forbidden") return (names ?? []).map((name) => ({ kind: kind.kind, name, state: "unknown: not permitted" as const }));
    const present = seen.map(({ metadata }) => ({
      kind: kind.kind,
      name: metadata.name,
      state: metadata.deletionTimestamp !== undefined ? ("deleting" as const) : names === undefined || names.includes(metadata.name) ? ("present" as const) : ("not wanted" as const),
    }));
    const missing = (names ?? []).filter((name) => !seen.some((s) => s.metadata.name === name)).map((name) => ({ kind: kind.kind, name, state: "missing" as const }));
    return [...present, ...missing].sort((a, b) => (a.name < b.name ? -1 : 1));
  });
};

interface Pod extends KubeObject {
  readonly spec?: { readonly nodeName?: string; readonly containers?: readonly { readonly image?: string }[] };
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason?: string }[];
    readonly containerStatuses?: readonly { readonly restartCount?: number; readonly state?: { readonly waiting?: { readonly reason?: string } } }[];
  };
}

const podReport = ({ metadata, spec, status }: Pod): PodReport => {
  const containers = status?.containerStatuses ?? [];
  const waiting = containers.find(({ state }) => state?.waiting?.reason !== undefined)?.state?.waiting?.reason;
  const unscheduled = status?.conditions?.find((c) => c.type === "PodScheduled" && c.status === "False")?.reason;
  return {
    name: metadata.name,
    ready: status?.conditions?.some((c) => c.type === "Ready" && c.status === "True") === true,
    state: metadata.deletionTimestamp !== undefined ? "Terminating" : (waiting ?? unscheduled ?? status?.reason ?? status?.phase ?? "Unknown"),
    restarts: containers.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0),
    node: spec?.nodeName,
    image: spec?.containers?.[0]?.image,
    created: metadata.creationTimestamp,
  };
};

export const reportOf = (seen: Seen): Report => {
  const { resource } = seen;
  const { metadata, spec, status } = resource;
  const pods = seen.pods === "forbidden" ? seen.pods : seen.pods.map(podReport).sort((a, b) => (a.name < b.name ? -1 : 1));
  return {
    namespace: metadata.namespace ?? "",
    name: metadata.name,
    tenant: status?.tenant,
    ready: isReady(resource),
    readyPods: status?.ready,
    peers: status?.peers,
    generation: metadata.generation ?? 0,
    observedGeneration: status?.observedGeneration ?? -1,
    images: pods === "forbidden" ? [] : [...new Set(pods.flatMap(({ image }) => image ?? []))],
    operatorVersion: status?.version,
    paused: spec.paused,
    deleting: metadata.deletionTimestamp !== undefined,
    endpoints: { ...status?.endpoints },
    asksForToken: spec.auth.mode === "Token",
    tokenSecret: status?.tokenSecret,
    conditions: status?.conditions ?? [],
    children: childReports(seen),
    pods,
    next: nextSteps(resource),
  };
};
