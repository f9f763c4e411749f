// Cuts a group of rules down to one alert and what it reads: promtool evaluates each rule at each minute that it plays.
import type { AlertName } from "#crds/alerts";
import type { AlertingRule, RuleGroup } from "../../../operator/observability/rules.ts";
import type { RecordingRule } from "../../../operator/observability/recording.ts";

const reads = (expr: string, { record, labels: { window } }: RecordingRule): boolean => expr.includes(record) && (window === undefined || expr.includes(`window="${window}"`));

/** `window`: of the alert's rules the one with this long window. */
export const onlyOf = ({ name, rules }: RuleGroup, alert: AlertName, window?: string): RuleGroup => {
  const kept: (AlertingRule | RecordingRule)[] = [];
  // a rule is read by those behind it
  for (const rule of rules.toReversed()) {
    const wanted = "alert" in rule ? rule.alert === alert && (window === undefined || rule.labels["window"] === window) : kept.some(({ expr }) => reads(expr, rule));
    if (wanted) kept.unshift(rule);
  }
  return { name, rules: kept };
};
