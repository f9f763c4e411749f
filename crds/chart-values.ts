// The tenant chart's values: the fields of spec, and what names the resource. As a schema, so that Helm refuses what is misspelt, and as a file of comments.
import { specSchema } from "./kvresponder.ts";
import { type Structural, structural } from "./structural.ts";

type JsonSchema = Record<string, unknown>;

const mapValues = <A, B>(of: Record<string, A>, to: (value: A) => B): Record<string, B> => Object.fromEntries(Object.entries(of).map(([key, value]) => [key, to(value)]));

/** Plain JSON schema. Defaults stay out: the API server fills them in, and Helm would not. A misspelt field is refused, which the API server only warns of. */
const plain = (node: Structural): JsonSchema => {
  const { properties, additionalProperties, items, maxLength, ...rest } = node;
  const isAmount = node["x-kubernetes-int-or-string"] === true;
  const keywords = Object.entries(rest).filter(([key]) => key !== "default" && key !== "format" && !key.startsWith("x-kubernetes-"));
  return {
    ...Object.fromEntries(keywords),
    ...(isAmount ? { type: ["integer", "string"] } : { ...(maxLength !== undefined && { maxLength }) }),
    ...(properties && { properties: mapValues(properties, plain), additionalProperties: false }),
    ...(additionalProperties && { additionalProperties: plain(additionalProperties) }),
    ...(items && { items: plain(items) }),
  };
};

const strings = (description: string): JsonSchema => ({ description, type: "object", additionalProperties: { type: "string" } });

/** Values that are no fields of spec. The chart's template leaves them out of spec by these names. */
export const chartValues: Record<string, JsonSchema> = {
  name: { description: "metadata.name of the KVResponder. Absent: tenant, else the release's name.", type: "string", maxLength: 50 },
  labels: strings("Labels of the KVResponder."),
  annotations: strings("Annotations of the KVResponder."),
  testImage: { description: "Image of the pod that `helm test` runs. Absent: image, else the responder's of this chart's version.", type: "string", maxLength: 512 },
  global: { description: "Helm hands it to every chart; not used.", type: "object" },
};

export const valuesSchema = (): JsonSchema => {
  const spec = plain(structural(specSchema, "spec"));
  const fields = spec["properties"] as Record<string, JsonSchema>;
  const clash = Object.keys(fields).find((field) => field in chartValues);
  if (clash !== undefined) throw new Error(`spec.${clash} and the chart's value of that name cannot both be values`);
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Values of the kv-responder chart: the spec of one KVResponder",
    type: "object",
    properties: { ...chartValues, ...fields },
    additionalProperties: false,
  };
};

/** Prose behind "##", the field itself as it would be written. What has no default stands behind a "#", an object as a whole, so that a part can be uncommented as a whole. */
const commented = (name: string, node: Structural, isOff = false): string[] => {
  const about = `## ${node.description ?? ""}`;
  const hasDefault = node.default !== undefined;
  if (!node.properties) return [about, hasDefault ? `${name}: ${String(node.default)}` : `${isOff ? "" : "# "}${name}:`];
  const inner = Object.entries(node.properties).flatMap(([child, schema]) => commented(child, schema, isOff || !hasDefault));
  const lines = [`${name}:`, ...inner.map((line) => `  ${line}`)];
  return [about, ...(hasDefault ? lines : lines.map((line) => `# ${line}`))];
};

/** values.yaml: everything commented out, because only what is set is handed on. */
export const valuesYaml = (): string => {
  const own = ["name", "labels", "annotations", "testImage"].map((name) => [`## ${String(chartValues[name]?.["description"])}`, `# ${name}:`]);
  const fields = Object.entries(structural(specSchema, "spec").properties ?? {}).map(([name, node]) => commented(name, node));
  return [...own, ...fields].map((lines) => lines.map((line) => (line.startsWith("#") ? `${line}\n` : `# ${line}\n`)).join("")).join("\n");
};
