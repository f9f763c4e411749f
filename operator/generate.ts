// Writes what is made from the operator's tables: its role and those of users, the charts, the platform's rules and dashboards, and from the catalogues docs/metrics.md, docs/alerts.md, the tables of docs/MONITORING.md and the index of the runbooks; from docs/status-conditions.md what `kvr status` advises.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { stringify } from "yaml";
import { alertsPage, runbookIndex } from "./alerts-page.ts";
import { argocdPatchYaml } from "./argocd.ts";
import { chartFiles } from "./chart/files.ts";
import { configurationPage } from "./configuration-page.ts";
import { withTables } from "./guide-tables.ts";
import { hintsModule } from "./hints-table.ts";
import { metricsPage } from "./metrics-page.ts";
import { fleetDashboard } from "./observability/fleet-dashboard.ts";
import { operatorDashboard } from "./observability/operator-dashboard.ts";
import { platformRule } from "./observability/platform-rules.ts";
import { clusterRole, namespacedRole } from "./rbac.ts";
import { userRoles } from "./user-roles.ts";

const root = resolve(import.meta.dirname, "..");

const roleFile = (role: object): string => `# Made from operator/kinds.ts by \`make generate\`; do not edit.\n${stringify(role, { lineWidth: 0 })}`;

/** The text of config/rbac/role.yaml. */
export const roleYaml = (): string => roleFile(clusterRole());

/** The text of config/namespaced/watched/role.yaml. */
export const namespacedRoleYaml = (): string => roleFile(namespacedRole());

/** The text of config/prometheus/prometheus_rule.yaml. */
export const platformRuleYaml = (): string => `# Made from operator/observability/platform-alerts.ts by \`make generate\`; do not edit.\n${stringify(platformRule(), { lineWidth: 0 })}`;

/** The text of config/rbac/user_roles.yaml. */
export const userRolesYaml = (): string => `# Made from operator/user-roles.ts by \`make generate\`; do not edit.\n${userRoles().map((role) => stringify(role, { lineWidth: 0 })).join("---\n")}`;

/** The text of each file in config/prometheus/dashboards. */
export const dashboardFiles = (): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries({ "fleet.json": fleetDashboard(), "operator.json": operatorDashboard() }).map(([file, made]) => [file, `${JSON.stringify(made, null, 1)}\n`]));

if (import.meta.main) {
  for (const folder of ["config/rbac", "config/namespaced/watched", "config/prometheus/dashboards", "docs"]) mkdirSync(resolve(root, folder), { recursive: true });
  writeFileSync(resolve(root, "config/rbac/role.yaml"), roleYaml());
  writeFileSync(resolve(root, "config/namespaced/watched/role.yaml"), namespacedRoleYaml());
  writeFileSync(resolve(root, "config/rbac/user_roles.yaml"), userRolesYaml());
  writeFileSync(resolve(root, "config/prometheus/prometheus_rule.yaml"), platformRuleYaml());
  for (const [file, text] of Object.entries(dashboardFiles())) writeFileSync(resolve(root, "config/prometheus/dashboards", file), text);
  writeFileSync(resolve(root, "config/argocd/customization/argocd-cm.yaml"), argocdPatchYaml());
  for (const [path, text] of Object.entries(chartFiles(dashboardFiles()))) {
    const file = resolve(root, "config/helm", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
  writeFileSync(resolve(root, "docs/metrics.md"), metricsPage());
  writeFileSync(resolve(root, "docs/configuration.md"), configurationPage());
  writeFileSync(resolve(root, "docs/alerts.md"), alertsPage());
  writeFileSync(resolve(root, "docs/runbooks/README.md"), runbookIndex());
  writeFileSync(resolve(root, "operator/cli/status/hints.ts"), hintsModule(readFileSync(resolve(root, "docs/status-conditions.md"), "utf8")));
  const guide = resolve(root, "docs/MONITORING.md");
  writeFileSync(guide, withTables(readFileSync(guide, "utf8")));
}
