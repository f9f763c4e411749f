// JSON schemas for kubeconform, made of what an API server says of its own types, CRDs included. Closed: a field that is unknown is a mistake.
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Cluster } from "../cluster/types.ts";

interface Schema {
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: unknown;
  readonly "x-kubernetes-preserve-unknown-fields"?: boolean;
  readonly "x-kubernetes-group-version-kind"?: readonly { readonly group: string; readonly version: string; readonly kind: string }[];
  readonly [keyword: string]: unknown;
}

interface Document {
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** Where kubeconform finds a kind: its own names, lower case. */
export const location = (dir: string): string => join(dir, "{{.Group}}_{{.ResourceAPIVersion}}_{{.ResourceKind}}.json");

/** Every object with properties takes no others. Keywords stay; a property that has the name of one is a schema like any other. */
const closed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== "object" || value === null) return value;
  const node = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closed(inner)])) as Schema;
  const isOpen = typeof node.properties !== "object" || node.additionalProperties !== undefined || node["x-kubernetes-preserve-unknown-fields"] === true;
  return isOpen ? node : { ...node, additionalProperties: false };
};

/** Fills the folder, for all kinds of these API versions ("v1", "apps/v1"). */
export const writeSchemas = async (cluster: Cluster, dir: string, apiVersions: Iterable<string>): Promise<void> => {
  await mkdir(dir, { recursive: true });
  for (const apiVersion of apiVersions) {
    const path = apiVersion.includes("/") ? `apis/${apiVersion}` : `api/${apiVersion}`;
    const document = await cluster.get<Document>(`/openapi/v3/${path}`);
    if (!document) throw new Error(`the API server knows nothing of ${apiVersion}`);
    const types = `${apiVersion.replace("/", "_")}.types.json`;
    await writeFile(join(dir, types), JSON.stringify({ components: { schemas: closed(document.components?.schemas ?? {}) } }));
    for (const [name, schema] of Object.entries(document.components?.schemas ?? {})) {
      for (const { group, version, kind } of schema["x-kubernetes-group-version-kind"] ?? []) {
        if (`${group === "" ? "" : `${group}/`}${version}` !== apiVersion) continue;
        // the group of the core is its version, to kubeconform
        const file = `${group === "" ? version : group}_${version}_${kind.toLowerCase()}.json`;
        await writeFile(join(dir, file), JSON.stringify({ $ref: `${types}#/components/schemas/${name}` }));
      }
    }
  }
};
