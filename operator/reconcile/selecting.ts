// What a Prometheus, PrometheusAgent or ThanosRuler selects, in the fields where the Prometheus Operator reads it.
import { selectingKinds, type SelectingKind } from "../kinds.ts";
import type { KubeObject } from "../objects.ts";
import { selectsAll, type Labels, type LabelSelector } from "./label-selector.ts";

export type SelectableKind = SelectingKind["selects"][number];

/** The fields in which a Prometheus says what it selects. null or absent: no object, and no namespace but its own. */
export const selectorFields = {
  ServiceMonitor: { objects: "serviceMonitorSelector", namespaces: "serviceMonitorNamespaceSelector" },
  PrometheusRule: { objects: "ruleSelector", namespaces: "ruleNamespaceSelector" },
} as const satisfies Record<SelectableKind, object>;

interface Choice {
  readonly objects?: LabelSelector;
  readonly namespaces?: LabelSelector;
}

/** A Prometheus, PrometheusAgent or ThanosRuler, by what it selects. */
export interface Selecting {
  /** "Prometheus monitoring/main" */
  readonly who: string;
  readonly namespace: string;
  readonly choices: Partial<Record<SelectableKind, Choice>>;
  /** Its configuration is written by hand: the Prometheus Operator leaves a Prometheus alone that has none of four selectors. */
  readonly unmanaged: boolean;
}

/** What is known in the cluster about who selects objects of one namespace. */
export interface Sight {
  readonly selecting: readonly Selecting[];
  /** Kinds that could not be looked at, in the order of the table, and why. */
  readonly hidden: readonly { readonly kind: SelectingKind; readonly why: string }[];
  /** Absent: not known, or nobody asks for them. */
  readonly namespaceLabels?: Labels;
}

/** Before anybody has looked. */
export const unseen: Sight = { selecting: [], hidden: selectingKinds.map((kind) => ({ kind, why: `nobody has looked for ${kind.plural} yet` })) };

export const whoOf = (kind: string, namespace: string, name: string): string => `${kind} ${namespace}/${name}`;

/** Kinds that are of no use until somebody selects them. */
export const selectableKind = ({ kind }: KubeObject): SelectableKind | undefined => (Object.keys(selectorFields) as SelectableKind[]).find((k) => k === kind);

type Spec = Readonly<Record<string, LabelSelector | null | undefined>>;

/** As unmanagedPrometheusConfiguration of the Prometheus Operator has it. */
const unmanagedWithout = ["serviceMonitorSelector", "podMonitorSelector", "probeSelector", "scrapeConfigSelector"];

export const selectingOf = (kind: SelectingKind, object: KubeObject): Selecting => {
  const spec = (object["spec"] ?? {}) as Spec;
  const choiceOf = (selectable: SelectableKind): Choice => {
    const fields = selectorFields[selectable];
    const [objects, namespaces] = [spec[fields.objects], spec[fields.namespaces]];
    return { ...(objects && { objects }), ...(namespaces && { namespaces }) };
  };
  const { namespace = "", name } = object.metadata;
  return {
    who: whoOf(kind.kind, namespace, name),
    namespace,
    choices: Object.fromEntries(kind.selects.map((selectable) => [selectable, choiceOf(selectable)])),
    unmanaged: kind.kind === "Prometheus" && unmanagedWithout.every((field) => !spec[field]),
  };
};

/** Somebody selects by labels of namespaces, so they must be known. */
export const asksForNamespaces = (selecting: readonly Selecting[]): boolean =>
  selecting.some(({ choices }) => Object.values(choices).some(({ namespaces }) => namespaces && !selectsAll(namespaces)));
