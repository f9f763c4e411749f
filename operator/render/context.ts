// What every renderer is given, and the shape of a renderer.
import { effectiveTenant, type Spec } from "#crds/kvresponder";
import type { TokenSlot } from "#crds/names";
import type { KubeObject, KVResponder } from "../objects.ts";

/** Operator-wide settings that shape children. */
export interface RenderOptions {
  /** Image of the responder when spec.image is absent. */
  readonly responderImage: string;
  /** On every object that a Prometheus or an Alertmanager selects; the resource's own win. */
  readonly monitoringLabels?: Readonly<Record<string, string>>;
  /** Where people reach Grafana, for the links of alerts. Absent: the links are paths. */
  readonly grafanaUrl?: string;
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
}

/** Pure. Returns undefined when the object should not exist. */
export type Renderer = (context: RenderContext) => KubeObject | undefined;

/** The operator makes the tokens. */
export const makesTokens = ({ auth }: Spec): boolean => auth.mode === "Token" && auth.secretName === undefined;

/** Without `tokenSlots` as for a resource that is new. */
export const renderContext = (resource: KVResponder, options: RenderOptions, tokenSlots: readonly TokenSlot[] = makesTokens(resource.spec) ? ["a"] : []): RenderContext => {
  const { name, namespace = "default", uid = "" } = resource.metadata;
  return { name, namespace, uid, tenant: effectiveTenant(name, resource.spec), spec: resource.spec, options, tokenSlots };
};
