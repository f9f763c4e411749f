// Everything that is generated in the two charts' folders, beside what crds/generate.ts writes there.
import { stringify } from "yaml";
import { platformGroups } from "../observability/platform-rules.ts";
import { policyRules } from "../rbac.ts";
import { userRoles } from "../user-roles.ts";
import { crdTemplate } from "./crd-template.ts";
import { readmes } from "./readme.ts";
import { valuesText } from "./schema.ts";
import { operatorValues, operatorValuesSchema } from "./values.ts";

const notice = "Made by operator/generate.ts; do not edit.";
const yaml = (value: unknown): string => `# ${notice}\n${stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })}`;

/** By path under config/helm. The dashboards come by the names of their files. */
export const chartFiles = (dashboards: Readonly<Record<string, string>>): Readonly<Record<string, string>> => {
  const operator = "kv-responder-operator";
  return {
    [`${operator}/values.yaml`]: `# ${notice}\n\n${valuesText(operatorValues)}`,
    [`${operator}/values.schema.json`]: `${JSON.stringify({ $comment: notice, ...operatorValuesSchema() }, null, 2)}\n`,
    [`${operator}/templates/crd.yaml`]: crdTemplate(),
    [`${operator}/files/rules.yaml`]: yaml(policyRules()),
    [`${operator}/files/user-roles.yaml`]: yaml(userRoles()),
    [`${operator}/files/alerts.yaml`]: yaml(platformGroups()),
    ...Object.fromEntries(Object.entries(dashboards).map(([file, text]) => [`${operator}/files/dashboards/kv-responder-${file}`, text])),
    ...Object.fromEntries(Object.entries(readmes()).map(([chart, text]) => [`${chart}/README.md`, text])),
  };
};
