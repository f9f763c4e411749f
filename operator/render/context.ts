// What every renderer is given, and the shape of a renderer.
import { effectiveTenant, type Spec } from "#crds/kvresponder";
import { annotation, type TokenSlot } from "#crds/names";
import type { KubeObject, KVResponder } from "../objects.ts";

/** Operator-wide settings that shape children. */
export interface RenderOptions {
  /** Image of the responder when spec.image is absent. */
  readonly responderImage: string;
  /** On every object that a Prometheus or an Alertmanager selects; the resource's own win. */
  readonly monitoringLabels?: Readonly<Record<string, string>>;
  /** Where people reach Grafana, for the links of alerts. Absent: the links are paths. */
  readonly grafanaUrl?: string;
  /** Namespaces whose pods may read metrics, where a resource names none. Absent: everybody may. */
  readonly monitoringNamespaces?: readonly string[];
  /** Where the operator runs, which asks the pods about their peers. Absent: kv-responder-system. */
  readonly operatorNamespace?: string;
}

export interface RenderContext {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly tenant: string;
  readonly spec: Spec;
  readonly options: RenderOptions;
  /** Places that hold a token now; none when the operator makes no token. */
  readonly tokenSlots: readonly TokenSlot[];
  /** What the Deployment is told. Absent: an autoscaler says it. */
  readonly replicas: number | undefined;
  /** Value of the annotation that restarts the pods. */
  readonly restart?: string;
}

/** Pure. Returns undefined when the object should not exist. */
export type Renderer = (context: RenderContext) => KubeObject | undefined;

/** The operator makes the tokens. */
export const makesTokens = ({ auth }: Spec): boolean => auth.mode === "Token" && auth.secretName === undefined;

/** What is not in the resource. */
export interface Observed {
  readonly tokenSlots: readonly TokenSlot[];
  readonly replicas: number | undefined;
}

const unobserved = ({ spec }: KVResponder): Observed => ({ tokenSlots: makesTokens(spec) ? ["a"] : [], replicas: spec.autoscaling ? undefined : spec.replicas });

/** A bound of ours; the API server's is 256 KiB for all annotations. */
const longestRestart = 256;

/** Without `observed` as for a file: a resource that is new, whose autoscaler is at work. */
export const renderContext = (resource: KVResponder, options: RenderOptions, observed: Observed = unobserved(resource)): RenderContext => {
  const { name, namespace = "default", uid = "", annotations = {} } = resource.metadata;
  const restart = annotations[annotation.restart]?.slice(0, longestRestart);
  return { name, namespace, uid, tenant: effectiveTenant(name, resource.spec), spec: resource.spec, options, ...observed, ...(restart && { restart }) };
};
