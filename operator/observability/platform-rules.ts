// Makes the PrometheusRule of whoever runs the operator, config/prometheus/prometheus_rule.yaml.
import { fleetRules, type FleetRule } from "./fleet.ts";
import { platformAlertNames, platformAlerts, type PlatformAlert, type PlatformAlertName } from "./platform-alerts.ts";
import { fleetDashboardUid, operatorDashboardUid, operatorNamespace } from "./platform-links.ts";
import type { AlertingRule } from "./rules.ts";
import { runbookUrl } from "./runbooks.ts";

const alertingRules = (name: PlatformAlertName): AlertingRule[] => {
  const alert: PlatformAlert = platformAlerts[name];
  return alert.rules.map((rule) => ({
    alert: name,
    expr: rule.expression.text,
    for: rule.for,
    ...(alert.keepFiringFor !== undefined && { keep_firing_for: alert.keepFiringFor }),
    // static, as for tenants: what is routed by namespace finds the platform's receivers, whatever the expression has left
    labels: { severity: alert.severity, signal: alert.signal, ...(rule.window !== undefined && { window: rule.window }), namespace: operatorNamespace },
    annotations: {
      summary: alert.summary,
      description: typeof alert.description === "string" ? alert.description : alert.description(rule.window ?? rule.for),
      runbook_url: runbookUrl(name),
      // a path: where Grafana is, only its users know
      dashboard_url: `/d/${alert.ofFleet ? fleetDashboardUid : operatorDashboardUid}`,
    },
  }));
};

interface PlatformGroup {
  name: string;
  rules: (AlertingRule | FleetRule)[];
}

/** One group: its alerts read what was recorded just before them. */
export const platformGroups = (): PlatformGroup[] => [{ name: "kv-responder/platform", rules: [...fleetRules, ...platformAlertNames.flatMap(alertingRules)] }];

export const platformRule = (): object => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "PrometheusRule",
  metadata: {
    name: "kv-responder-operator",
    namespace: operatorNamespace,
    labels: { "app.kubernetes.io/name": "kv-responder-operator", "app.kubernetes.io/component": "metrics" },
  },
  spec: { groups: platformGroups() },
});
