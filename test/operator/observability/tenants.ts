// Tenants that are easily mistaken for each other, their AlertmanagerConfigs, and every alert of theirs as Prometheus would send it.
import { evictionPolicies, specSchema } from "#crds/kvresponder";
import { expect } from "vitest";
import { desired } from "../../../operator/reconcile/desired.ts";
import { renderContext } from "../../../operator/render/context.ts";
import type { Alert, Labels } from "../../support/alertmanager.ts";

export interface Who {
  readonly namespace: string;
  readonly name: string;
  readonly tenant: string;
}

/** Alertmanager lives in the namespace of the last one. */
export const alertmanagerNamespace = "monitoring";
export const orders: Who = { namespace: "team", name: "orders", tenant: "acme" };
export const neighbour: Who = { namespace: "team", name: "carts", tenant: "zeta" };
export const namesake: Who = { namespace: "other", name: "orders", tenant: "acme" };
export const inside: Who = { namespace: alertmanagerNamespace, name: "orders", tenant: "acme" };
export const tenants = [orders, neighbour, namesake, inside];

export const path = ({ namespace, name }: Who): string => `/${namespace}/${name}`;
export const receiver = ({ namespace, name }: Who, kind: string): string => `${namespace}/kv-responder-${name}/${kind}`;

const childrenOf = ({ namespace, name, tenant }: Who, spec: object) =>
  desired(renderContext({ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name, namespace }, spec: specSchema.parse({ tenant, ...spec }) }, { responderImage: "localhost/kvr/responder:test" }));

export const configOf = (who: Who, routing: object): object => childrenOf(who, { monitoring: { routing } }).find((o) => o.kind === "AlertmanagerConfig") ?? expect.fail();

interface RuleGroups {
  groups: { rules: { alert?: string; labels: Labels; annotations?: Labels }[] }[];
}

/** Every alert of the catalogue, as Prometheus would send it. Some are for one eviction policy only, and a name may have several rules. */
export const alertsOf = (who: Who): Alert[] => {
  const rules = evictionPolicies.flatMap((evictionPolicy) => {
    const rule = childrenOf(who, { cache: { evictionPolicy } }).find((o) => o.kind === "PrometheusRule") ?? expect.fail();
    return (rule["spec"] as RuleGroups).groups.flatMap((group) => group.rules);
  });
  const alerts = rules.flatMap(({ alert, labels, annotations }): Alert[] => (alert === undefined ? [] : [{ labels: { alertname: alert, ...labels }, ...(annotations && { annotations }) }]));
  return [...new Map(alerts.map((a) => [a.labels["alertname"], a])).values()];
};

export const named = (who: Who, alertname: string): Alert => alertsOf(who).find((a) => a.labels["alertname"] === alertname) ?? expect.fail(alertname);
export const severityOf = ({ labels }: Alert): string => labels["severity"] ?? "";
export const down = "KVResponderDown";

export const fast = { groupWait: "0s", groupInterval: "1s", repeatInterval: "1h" };

/** A platform that sees what is critical, whosever it is. */
export const base = `
route:
  receiver: default
  routes:
    - receiver: platform
      matchers: ['severity="critical"']
receivers:
  - name: default
  - name: platform
`;
