// Writes what is made from the operator's tables: its role, the platform's rules, and from the catalogues docs/metrics.md and docs/alerts.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { stringify } from "yaml";
import { metricsPage } from "./metrics-page.ts";
import { platformRule } from "./observability/platform-rules.ts";
import { clusterRole } from "./rbac.ts";

const root = resolve(import.meta.dirname, "..");

/** The text of config/rbac/role.yaml. */
export const roleYaml = (): string => `# Made from operator/kinds.ts by \`make generate\`; do not edit.\n${stringify(clusterRole(), { lineWidth: 0 })}`;

/** The text of config/prometheus/prometheus_rule.yaml. */
export const platformRuleYaml = (): string => `# Made from operator/observability/platform-alerts.ts by \`make generate\`; do not edit.\n${stringify(platformRule(), { lineWidth: 0 })}`;

if (import.meta.main) {
  for (const folder of ["config/rbac", "config/prometheus", "docs"]) mkdirSync(resolve(root, folder), { recursive: true });
  writeFileSync(resolve(root, "config/rbac/role.yaml"), roleYaml());
  writeFileSync(resolve(root, "config/prometheus/prometheus_rule.yaml"), platformRuleYaml());
  writeFileSync(resolve(root, "docs/metrics.md"), metricsPage());
}
