// Writes what is made from the operator's tables, config/rbac/role.yaml, and from both catalogues, docs/metrics.md.
import { mkdirSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { stringify } from "yaml";
import { metricsPage } from "./metrics-page.ts";
import { clusterRole } from "./rbac.ts";

const folder = resolve(import.meta.dirname, "../config/rbac");

/** The text of config/rbac/role.yaml. */
export const roleYaml = (): string => `# Made from operator/kinds.ts by \`make generate\`; do not edit.\n${stringify(clusterRole(), { lineWidth: 0 })}`;

if (import.meta.main) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(resolve(folder, "role.yaml"), roleYaml());
  writeFileSync(resolve(import.meta.dirname, "../docs/metrics.md"), metricsPage());
}
