// Metadata that every child carries: labels by which we select and a reference to its owner.
import * as names from "#crds/names";
import type { KubeObject, ObjectMeta } from "../objects.ts";
import type { RenderContext } from "./context.ts";

/** What a child is for. "cache" and "peers" tell the two Services apart: the ServiceMonitor selects the first only. */
export type Component = "cache" | "peers" | "auth" | "monitoring";

/** Selector of the pods. Immutable for ever: a Deployment cannot change its own. */
export const podSelector = ({ name }: RenderContext): Record<string, string> => ({
  [names.label.appName]: names.appName,
  [names.label.name]: name,
});

export const labels = (context: RenderContext, component: Component): Record<string, string> => ({
  [names.label.appName]: names.appName,
  [names.label.managedBy]: names.managedBy,
  [names.label.component]: component,
  [names.label.tenant]: context.tenant,
  [names.label.name]: context.name,
});

interface Extra {
  labels?: Readonly<Record<string, string>> | undefined;
  annotations?: Readonly<Record<string, string>> | undefined;
}

/**
 * Labels and annotations of the resource itself are never copied: Argo CD and Flux track by them and would prune the children.
 * `extra` comes from fields of the spec that exist for the purpose; ours win.
 */
const meta = (context: RenderContext, name: string, component: Component, extra: Extra): ObjectMeta => ({
  name,
  namespace: context.namespace,
  labels: { ...extra.labels, ...labels(context, component) },
  ...(extra.annotations && { annotations: { ...extra.annotations } }),
  // without a UID (kvr render on a file) there is no owner to name, and a made-up one would have the child collected
  ...(context.uid !== "" && {
    ownerReferences: [{ apiVersion: names.apiVersion, kind: names.kind, name: context.name, uid: context.uid, controller: true, blockOwnerDeletion: true }],
  }),
});

interface Identity extends Extra {
  apiVersion: string;
  kind: string;
  name: string;
  component: Component;
}

/** A child: who it is, whose it is, and the fields that its kind gives it. */
export const child = (context: RenderContext, { apiVersion, kind, name, component, ...extra }: Identity, fields: Record<string, unknown>): KubeObject => ({
  apiVersion,
  kind,
  metadata: meta(context, name, component, extra),
  ...fields,
});
