// Makes Prometheus' alerting rules of one instance out of the catalogue.
import { alertNames, alerts, type Alert, type AlertInput } from "./alerts.ts";
import { runbookUrl } from "./runbooks.ts";
import { identity, seriesOf } from "./subject.ts";

export interface AlertingRule {
  alert: string;
  expr: string;
  for: string;
  keep_firing_for?: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

export interface RuleGroup {
  name: string;
  rules: AlertingRule[];
}

const rule = (name: string, alert: Alert, input: AlertInput): AlertingRule | undefined => {
  const expression = alert.expression(input, seriesOf(input));
  if (!expression) return undefined;
  return {
    alert: name,
    expr: expression.text,
    for: alert.for,
    ...(alert.keepFiringFor !== undefined && { keep_firing_for: alert.keepFiringFor }),
    // static, so that an alert names its tenant even when its expression has no labels left
    labels: { severity: alert.severity, ...identity(input) },
    annotations: { summary: alert.summary(input), description: alert.description(input), runbook_url: runbookUrl(name) },
  };
};

/** Group names are unique across namespaces: Prometheus' own metrics tell groups apart by name. */
export const alertGroup = (input: AlertInput): RuleGroup => ({
  name: `kvresponder/${input.namespace}/${input.name}`,
  rules: alertNames.flatMap((name) => rule(name, alerts[name], input) ?? []),
});
