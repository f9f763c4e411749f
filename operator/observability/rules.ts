// Makes Prometheus' rules of one instance: what is recorded, and the alerts of the catalogue as the resource wants them.
import { alertNames, type AlertName, type Severity } from "#crds/alerts";
import type { AlertInput } from "./alerts/alert.ts";
import { alerts, ownThreshold } from "./alerts/catalogue.ts";
import { dashboardUrl } from "./dashboard-link.ts";
import { recordingRules, type RecordingRule } from "./recording.ts";
import { runbookUrl } from "./runbooks.ts";
import { identity, recordedOf, seriesOf } from "./subject.ts";

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
  rules: (AlertingRule | RecordingRule)[];
}

/** spec.monitoring.rules.overrides, for one alert. */
export interface Override {
  readonly enabled?: boolean | undefined;
  readonly severity?: Severity | undefined;
  readonly for?: string | undefined;
  readonly threshold?: number | undefined;
}

export interface RulesInput extends AlertInput {
  readonly extraLabels?: Readonly<Record<string, string>>;
  readonly overrides?: Readonly<Record<string, Override>>;
  /** Where people reach Grafana; absent: dashboard_url is a path. */
  readonly grafanaUrl?: string;
}

const alertingRules = (name: AlertName, input: RulesInput): AlertingRule[] => {
  const alert = alerts[name];
  const { enabled = true, severity = alert.severity, for: held, threshold = ownThreshold(name, input) }: Override = input.overrides?.[name] ?? {};
  if (!enabled) return [];
  return alert.rules(input, { q: seriesOf(input), stored: recordedOf(input), threshold }).map((rule) => ({
    alert: name,
    expr: rule.expression.text,
    for: held ?? rule.for,
    ...(alert.keepFiringFor !== undefined && { keep_firing_for: alert.keepFiringFor }),
    // static, so that an alert names its tenant even when its expression has no labels left
    labels: { ...input.extraLabels, severity, signal: alert.signal, ...(rule.window !== undefined && { window: rule.window }), ...identity(input) },
    annotations: {
      summary: alert.summary(input, threshold),
      description: alert.description(input, threshold),
      runbook_url: runbookUrl(name),
      dashboard_url: dashboardUrl(input, input.grafanaUrl),
    },
  }));
};

/**
 * One group, whose rules are evaluated one after the other: an alert reads what has just been recorded.
 * Its name is unique across namespaces: Prometheus' own metrics tell groups apart by name.
 */
export const ruleGroup = (input: RulesInput): RuleGroup => ({
  name: `kvresponder/${input.namespace}/${input.name}`,
  rules: [...recordingRules(input, input.objectives.latency.threshold), ...alertNames.flatMap((each) => alertingRules(each, input))],
});
