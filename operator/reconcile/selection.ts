// Decides whether anybody selects a monitor or a rule of ours: an object that nobody selects is ignored in silence.
import { selectingKinds } from "../kinds.ts";
import type { KubeObject } from "../objects.ts";
import { selectsAll, unmet, type Labels } from "./label-selector.ts";
import { selectorFields, whoOf, type SelectableKind, type Selecting, type Sight } from "./selecting.ts";
import type { Verdict } from "./verdict.ts";

/** What one of them makes of an object: `why` is for a person. */
type View = { readonly view: "selects" } | { readonly view: "rejects" | "passes" | "unclear"; readonly why: string };

const viewOf = (who: Selecting, kind: SelectableKind, object: KubeObject, namespaceLabels: Labels | undefined): View => {
  const { objects, namespaces } = who.choices[kind] ?? {};
  const fields = selectorFields[kind];
  if (who.unmanaged && kind === "ServiceMonitor") return { view: "unclear", why: "has no selectors at all, so its configuration is written by hand" };
  if (!objects) return { view: "passes", why: `has no ${fields.objects}, so it selects none` };

  const lacking = unmet(objects, object.metadata.labels ?? {});
  if (lacking === "invalid") return { view: "passes", why: `has a ${fields.objects} that is not valid` };
  const wants = lacking.length === 0 ? [] : [`wants labels ${lacking.join(",")}`];
  const { namespace = "" } = object.metadata;
  if (!namespaces) {
    if (who.namespace !== namespace) wants.push(`has no ${fields.namespaces}, so it looks in its own namespace alone`);
  } else if (!selectsAll(namespaces)) {
    if (!namespaceLabels) return wants.length > 0 ? { view: "passes", why: wants.join(" and ") } : { view: "unclear", why: "selects by labels of namespaces, which the operator cannot get" };
    const outside = unmet(namespaces, namespaceLabels);
    if (outside === "invalid") return { view: "passes", why: `has a ${fields.namespaces} that is not valid` };
    if (outside.length > 0) wants.push(`wants labels ${outside.join(",")} on namespace ${namespace}`);
  }
  if (wants.length > 0) return { view: "passes", why: wants.join(" and ") };
  return who.unmanaged ? { view: "unclear", why: "selects it, but its configuration is written by hand" } : { view: "selects" };
};

interface Binding {
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string; readonly observedGeneration?: number }[];
}

/** What the Prometheus Operator itself says in the object's status (a feature gate since 0.85): it also knows what it refuses. */
const boundViews = ({ metadata, status }: KubeObject): Map<string, View> => {
  const { bindings = [] } = (status ?? {}) as { bindings?: readonly Binding[] };
  const views = new Map<string, View>();
  for (const { resource, namespace, name, conditions = [] } of bindings) {
    const kind = selectingKinds.find(({ plural }) => plural === resource)?.kind;
    const accepted = conditions.find(({ type, observedGeneration = metadata.generation }) => type === "Accepted" && observedGeneration === metadata.generation);
    if (kind === undefined || !accepted) continue;
    const who = whoOf(kind, namespace, name);
    if (accepted.status === "True") views.set(who, { view: "selects" });
    if (accepted.status === "False") views.set(who, { view: "rejects", why: `rejects it: ${accepted.message ?? "no reason is given"}` });
  }
  return views;
};

/** A person reads the first few; a cluster may have hundreds. */
const most = 3;
const some = (parts: readonly string[], joint: string): string => {
  const rest = parts.length - most;
  return [...parts.slice(0, most), ...(rest > 0 ? [`${rest} more`] : [])].join(joint);
};

/** Where the resource gives labels to its objects. */
const labelsIn = { ServiceMonitor: "spec.monitoring.serviceMonitor.labels", PrometheusRule: "spec.monitoring.rules.labels" } as const satisfies Record<SelectableKind, string>;

/**
 * `object` as it is in the cluster, with the labels that others gave it. The message is the same for the same facts.
 * Who refuses the object comes first, because it will not do so in silence; then who selects it; a doubt is no "nobody".
 */
export const selectionVerdict = (kind: SelectableKind, object: KubeObject, sight: Sight): Verdict<"MonitorReady" | "RulesReady"> => {
  const { selecting, namespaceLabels } = sight;
  const hidden = sight.hidden.flatMap((h) => (h.kind.selects.includes(kind) ? [h.why] : []));
  const views = new Map(selecting.flatMap((s): [string, View][] => (s.choices[kind] ? [[s.who, viewOf(s, kind, object, namespaceLabels)]] : [])));
  for (const [who, view] of boundViews(object)) {
    const seen = views.get(who)?.view;
    // a binding stays behind when its Prometheus goes, or the feature gate: against what is seen it counts for nothing
    if (seen === undefined ? hidden.length > 0 : seen !== "passes") views.set(who, view);
  }
  const sorted = [...views].sort(([a], [b]) => (a < b ? -1 : 1));
  const told = (view: View["view"]): string[] => sorted.flatMap(([who, v]) => (v.view === view ? [v.view === "selects" ? who : `${who} ${v.why}`] : []));
  const [rejects, selects, unclear, passes] = [told("rejects"), told("selects"), told("unclear"), told("passes")];

  const name = `${kind} ${object.metadata.name}`;
  if (rejects.length > 0) return { status: "False", reason: "Rejected", message: `${name}: ${some(rejects, "; ")}` };
  if (selects.length > 0) return { status: "True", reason: "Applied", message: `${name} is selected by ${some(selects, ", ")}` };
  const doubts = [...hidden, ...unclear];
  if (doubts.length === 0 && passes.length > 0) {
    return { status: "False", reason: "NotSelected", message: `nobody selects ${name}: ${some(passes, "; ")}. ${labelsIn[kind]} gives it labels` };
  }
  const why = doubts.length > 0 ? some([...doubts, ...passes], "; ") : "the cluster has no Prometheus resource";
  return { status: "Unknown", reason: "SelectionUnknown", message: `it is not known whether anybody selects ${name}: ${why}` };
};
