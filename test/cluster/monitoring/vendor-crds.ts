// `node vendor-crds.ts FOLDER`: copies the CRDs that the tests install out of prometheus-operator's sources, without their descriptions.
// FOLDER is example/prometheus-operator-crd of the release in tools/prometheus-operator/go.mod:
//   (cd test/cluster/tools/prometheus-operator && go list -m -f '{{.Dir}}' github.com/prometheus-operator/prometheus-operator)
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { crdFile, crdNames, operatorVersion } from "./crds.ts";

const header = `# From prometheus-operator ${operatorVersion} (Apache-2.0, https://github.com/prometheus-operator/prometheus-operator), by vendor-crds.ts.
# Schemas are complete but for descriptions, two thirds of the size. Never edited by hand.
`;

/** In a schema, "description" is a text; among properties, it is the name of one and has a schema as its value. */
const withoutDescriptions = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutDescriptions);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([key, inner]) => !(key === "description" && typeof inner === "string"));
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutDescriptions(inner)]));
};

const [from] = process.argv.slice(2);
if (from === undefined) throw new Error("usage: node vendor-crds.ts FOLDER");
for (const name of crdNames) {
  const source = parse(readFileSync(join(from, `monitoring.coreos.com_${name}.yaml`), "utf8")) as unknown;
  writeFileSync(crdFile(name), header + stringify(withoutDescriptions(source), { lineWidth: 0, aliasDuplicateObjects: false }));
}
