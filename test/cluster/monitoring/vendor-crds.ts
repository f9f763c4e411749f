// `node vendor-crds.ts FOLDER GRAFANA`: copies the CRDs that the tests install out of the operators' sources, without their descriptions.
// FOLDER is example/prometheus-operator-crd of the release in tools/prometheus-operator/go.mod:
//   (cd test/cluster/tools/prometheus-operator && go list -m -f '{{.Dir}}' github.com/prometheus-operator/prometheus-operator)
// GRAFANA is config/crd/bases of grafana-operator:
//   go mod download -json github.com/grafana/grafana-operator/v5@v5.18.0
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { crdFile, crdNames, grafanaOperatorVersion, operatorVersion } from "./crds.ts";

const header = (origin: string): string => `# From ${origin}, by vendor-crds.ts.
# Schemas are complete but for descriptions, two thirds of the size. Never edited by hand.
`;

/** In a schema, "description" is a text; among properties, it is the name of one and has a schema as its value. */
const withoutDescriptions = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutDescriptions);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key, inner]) => !(key === "description" && typeof inner === "string"));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutDescriptions(inner)]));
};

const copy = (source: string, target: string, origin: string): void =>
  writeFileSync(target, header(origin) + stringify(withoutDescriptions(parse(readFileSync(source, "utf8"))), { lineWidth: 0, aliasDuplicateObjects: false }));

const [folder, grafana] = process.argv.slice(2);
if (folder === undefined || grafana === undefined) throw new Error("usage: node vendor-crds.ts FOLDER GRAFANA");
for (const name of crdNames) {
  copy(join(folder, `monitoring.coreos.com_${name}.yaml`), crdFile(name), `prometheus-operator ${operatorVersion} (Apache-2.0, https://github.com/prometheus-operator/prometheus-operator)`);
}
copy(
  join(grafana, "grafana.integreatly.org_grafanadashboards.yaml"),
  crdFile("grafanadashboards"),
  `grafana-operator ${grafanaOperatorVersion} (Apache-2.0, https://github.com/grafana/grafana-operator)`,
);
