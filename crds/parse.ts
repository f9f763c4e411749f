// Reads what a user wrote, or what the API server stored, into a KVResponder with every default filled in.
import { z } from "zod";
import { nameProblem, type Spec, specSchema } from "./kvresponder.ts";
import { apiVersion, kind } from "./names.ts";
import { type Structural, structural } from "./structural.ts";

export type Failure = { readonly ok: false; readonly problems: readonly string[] };

/** What is known of a KVResponder before the operator has seen it. An alias, so that it fits wherever plain objects do. */
export type Resource = {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    uid?: string;
    generation?: number;
  };
  spec: Spec;
};

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);

/** The API server drops nulls before it fills in defaults: `cache:` with nothing behind it is the same as no cache. */
const withoutNulls = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(withoutNulls)
    : isObject(value)
      ? Object.fromEntries(
          Object.entries(value)
            .filter(([, v]) => v !== null)
            .map(([k, v]) => [k, withoutNulls(v)]),
        )
      : value;

let known: Structural | undefined;
/** Made once, when it is first wanted: it takes some milliseconds. */
const specStructure = (): Structural => (known ??= structural(specSchema));

/** "cache.maxMemory", "labels[team]" for the key of a map and "tolerations[0].key" in a list, as the API server writes paths. */
const fieldPath = (path: readonly PropertyKey[]): string => {
  let node: Structural | undefined = specStructure();
  let text = "spec";
  for (const key of path.map(String)) {
    text += node?.additionalProperties || node?.items ? `[${key}]` : `.${key}`;
    node = node?.additionalProperties ?? node?.items ?? node?.properties?.[key];
  }
  return text;
};

/** Fields that the schema does not know. */
const unknownFields = (given: unknown, { properties, additionalProperties, items }: Structural, path: string): string[] => {
  if (items && Array.isArray(given)) return given.flatMap((item, i) => unknownFields(item, items, `${path}[${i}]`));
  if (!isObject(given)) return [];
  if (additionalProperties) return Object.entries(given).flatMap(([key, value]) => unknownFields(value, additionalProperties, `${path}.${key}`));
  if (properties === undefined) return [];
  return Object.entries(given).flatMap(([key, value]) => {
    const field = Object.hasOwn(properties, key) ? properties[key] : undefined;
    return field ? unknownFields(value, field, `${path}.${key}`) : [`${path}.${key}: unknown field`];
  });
};

/** As the API server reads a spec: defaults filled in, unknown fields dropped. */
export const parseSpec = (input: unknown): { readonly ok: true; readonly spec: Spec } | Failure => {
  const parsed = specSchema.safeParse(withoutNulls(input ?? {}));
  return parsed.success ? { ok: true, spec: parsed.data } : { ok: false, problems: parsed.error.issues.map(({ path, message }) => `${fieldPath(path)}: ${message}`) };
};

const strings = z.record(z.string(), z.string()).optional();

const envelope = z.object({
  apiVersion: z.literal(apiVersion, { error: `must be ${apiVersion}` }),
  kind: z.literal(kind, { error: `must be ${kind}` }),
  metadata: z.object(
    {
      name: z.string({ error: "is required" }).superRefine((name, context) => {
        const problem = nameProblem(name);
        if (problem !== undefined) context.addIssue(problem);
      }),
      namespace: z.string().optional(),
      labels: strings,
      annotations: strings,
      uid: z.string().optional(),
      generation: z.int().optional(),
    },
    { error: "is required" },
  ),
});

const topLevel = new Set(["apiVersion", "kind", "metadata", "spec", "status"]);

/** One document of a YAML file. As strict as `kubectl apply`: an unknown field is a problem, for it is most often a misspelt one. */
export const parseResource = (object: unknown): { readonly ok: true; readonly resource: Resource } | Failure => {
  if (!isObject(object)) return { ok: false, problems: ["not a Kubernetes object: expected apiVersion, kind, metadata and spec"] };
  const given = withoutNulls(object) as Record<string, unknown>;
  const head = envelope.safeParse(given);
  const body = parseSpec(given["spec"]);
  const problems = [
    ...(head.success ? [] : head.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`)),
    // in what was written, nulls included: a misspelt heading with nothing below it is misspelt all the same
    ...Object.keys(object).flatMap((key) => (topLevel.has(key) ? [] : [`${key}: unknown field`])),
    ...unknownFields(object["spec"], specStructure(), "spec"),
    ...(body.ok ? [] : body.problems),
  ];
  if (!head.success || !body.ok || problems.length > 0) return { ok: false, problems };
  const metadata = Object.fromEntries(Object.entries(head.data.metadata).filter(([, v]) => v !== undefined)) as Resource["metadata"];
  return { ok: true, resource: { apiVersion, kind, metadata, spec: body.spec } };
};
