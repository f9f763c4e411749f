// Decides the conditions of the optional features: each has one child of its own, which the spec can switch off and whose kind may be missing.
import { childName } from "#crds/names";
import type { KubeObject, KVResponder } from "../objects.ts";
import { absentRouting, awaitedSecrets } from "./routing.ts";
import type { Outcome } from "./outcome.ts";
import { selectableKind, unseen, type Sight } from "./selecting.ts";
import { selectionVerdict } from "./selection.ts";
import { describe, describeConflict, type Refusal, type Verdict } from "./verdict.ts";

export interface FeatureInput {
  readonly resource: KVResponder;
  readonly outcomes: readonly Outcome[];
  readonly refusal?: Refusal;
  /** Who selects monitors and rules in this namespace. Absent when there is none of ours to be selected. */
  readonly sight?: Sight;
  /** Names of Secrets that the spec refers to and that do not exist. */
  readonly missingSecrets?: readonly string[];
}

/** The condition, the part of spec.monitoring that switches the feature off, and which child is its own. */
export const features = [
  { type: "MonitorReady", spec: "serviceMonitor", owns: (o: KubeObject) => o.kind === "ServiceMonitor", what: "ServiceMonitor" },
  { type: "RulesReady", spec: "rules", owns: (o: KubeObject) => o.kind === "PrometheusRule", what: "PrometheusRule" },
  { type: "DashboardReady", spec: "dashboard", owns: (o: KubeObject, name: string) => (o.kind === "ConfigMap" || o.kind === "GrafanaDashboard") && o.metadata.name === childName.dashboard(name), what: "dashboard" },
  { type: "RoutingReady", spec: "routing", owns: (o: KubeObject) => o.kind === "AlertmanagerConfig", what: "AlertmanagerConfig" },
] as const;

type Feature = (typeof features)[number];

/** It exists, or would if the resource were not paused. */
const isApplied = ({ result }: Outcome): boolean => result === "created" || result === "updated" || result === "unchanged" || result === "pending";

/** Something of ours waits to be selected: worth a look at who is there. */
export const asksForSelection = (outcomes: readonly Outcome[]): boolean => outcomes.some((o) => isApplied(o) && selectableKind(o.desired));

const applied = ({ desired, live = desired }: Outcome, sight: Sight): Verdict<Feature["type"]> => {
  const kind = selectableKind(desired);
  return kind ? selectionVerdict(kind, live, sight) : { status: "True", reason: "Applied", message: `${desired.kind} ${desired.metadata.name}` };
};

/** Whose CRDs are missing. A ConfigMap's kind cannot be. */
const maker = ({ kind }: KubeObject): string => (kind === "GrafanaDashboard" ? "Grafana Operator" : "Prometheus Operator");

export const featureVerdict = (f: Feature, { resource, outcomes, refusal, sight = unseen, missingSecrets = [] }: FeatureInput): Verdict<Feature["type"]> => {
  const name = resource.metadata.name;
  if (refusal) return { status: "False", reason: "ApplyFailed", message: refusal.message };
  if (resource.spec.monitoring[f.spec].mode === "Disabled") return { status: "False", reason: "Disabled", message: `spec.monitoring.${f.spec}.mode is Disabled` };
  const nowhere = f.spec === "routing" ? absentRouting(resource.spec.monitoring.routing) : undefined;
  if (nowhere) return nowhere;
  const outcome = outcomes.find((o) => f.owns(o.desired, name));
  if (!outcome) return { status: "False", reason: "ApplyFailed", message: `the ${f.what} was not rendered` };
  const awaited = f.spec === "routing" && isApplied(outcome) ? awaitedSecrets(resource.spec.monitoring.routing, missingSecrets) : undefined;
  if (awaited) return awaited;
  switch (outcome.result) {
    case "missingKind":
      return { status: "False", reason: "CRDMissing", message: `the cluster has no kind ${outcome.desired.kind}; install the ${maker(outcome.desired)}'s CRDs and it appears within a minute` };
    case "conflict":
      return { status: "False", reason: "Conflict", message: describeConflict(outcome) };
    case "forbidden":
      return { status: "False", reason: "Forbidden", message: describe(outcome) };
    case "failed":
    case "deleting":
      return { status: "False", reason: "ApplyFailed", message: describe(outcome) };
    default:
      return applied(outcome, sight);
  }
};
