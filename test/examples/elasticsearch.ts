// Would Elasticsearch take a document under an index template's mappings, and index each of its fields? And is the template itself one?

interface Field {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Field>>;
  readonly ignore_malformed?: boolean;
  readonly [parameter: string]: unknown;
}

export interface Mappings {
  readonly dynamic: boolean | string;
  readonly properties: Readonly<Record<string, Field>>;
}

export interface IndexTemplate {
  readonly index_patterns: readonly string[];
  readonly template: { readonly settings: Readonly<Record<string, unknown>>; readonly mappings: Mappings };
  readonly [key: string]: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): boolean => ["string", "number", "boolean"].includes(typeof value);

/** Of the longest term that Lucene takes, in bytes: a longer one refuses the document, unless ignore_above keeps it out. */
const longestTerm = 32_766;

const fits: Readonly<Record<string, (value: unknown, field: Field) => boolean>> = {
  keyword: (value, { ignore_above }) => isScalar(value) && (Buffer.byteLength(String(value)) <= longestTerm || (typeof ignore_above === "number" && String(value).length > ignore_above)),
  text: isScalar,
  long: (value) => typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER,
  double: (value) => typeof value === "number",
  date_nanos: (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z$/.test(value),
  // leaves of any type, as keywords; at most 20 levels
  flattened: (value) => isObject(value) && depth(value) <= 20,
};

const depth = (value: unknown): number => (typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depth)) : 0);

const check = (path: string, value: unknown, field: Field | undefined): string[] => {
  if (value === null) return [];
  if (field === undefined) return [`${path} is not mapped`];
  if (field.properties) {
    const { properties } = field;
    return isObject(value) ? Object.entries(value).flatMap(([key, inner]) => check(`${path}.${key}`, inner, properties[key])) : [`${path} is no object`];
  }
  const fit = fits[field.type ?? ""];
  if (fit === undefined) return [`${path}: unknown type ${field.type}`];
  return fit(value, field) ? [] : [`${path} is no ${field.type}: ${JSON.stringify(value).slice(0, 80)}`];
};

/** What is wrong with the document: fields that are not mapped, and values that do not fit. */
export const misfits = (mappings: Mappings, document: Readonly<Record<string, unknown>>): string[] =>
  Object.entries(document).flatMap(([key, value]) => check(key, value, mappings.properties[key]));

/** A name that matches one of the patterns, where * stands for anything. */
export const matches = (patterns: readonly string[], name: string): boolean =>
  patterns.some((pattern) => new RegExp(`^${pattern.split("*").map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, String.raw`\$&`)).join(".*")}$`).test(name));

/** https://www.elastic.co/guide/en/elasticsearch/reference/8.17/indices-put-template.html */
const templateKeys = new Set(["index_patterns", "composed_of", "template", "data_stream", "priority", "version", "_meta", "allow_auto_create", "ignore_missing_component_templates", "deprecated"]);
const innerKeys = new Set(["settings", "mappings", "aliases", "lifecycle"]);
const parameters: Readonly<Record<string, readonly string[]>> = {
  keyword: ["ignore_above"],
  text: ["index"],
  long: ["ignore_malformed"],
  double: ["ignore_malformed"],
  date_nanos: [],
  flattened: ["ignore_above"],
};

const unknownParameters = (path: string, field: Field): string[] => {
  if (field.properties) return Object.entries(field.properties).flatMap(([key, inner]) => unknownParameters(`${path}.${key}`, inner));
  const known = parameters[field.type ?? ""];
  if (known === undefined) return [`${path}: type ${field.type}`];
  return Object.keys(field).filter((key) => key !== "type" && !known.includes(key)).map((key) => `${path}: ${key}`);
};

/** Keys of the template that Elasticsearch does not know. */
export const unknownInTemplate = (template: IndexTemplate): string[] => [
  ...Object.keys(template).filter((key) => !templateKeys.has(key)),
  ...Object.keys(template.template).filter((key) => !innerKeys.has(key)).map((key) => `template.${key}`),
  ...Object.keys(template.template.settings).filter((key) => !/^index\.(lifecycle\.name|number_of_(shards|replicas)|mapping\.total_fields\.limit|codec)$/.test(key)),
  ...Object.entries(template.template.mappings.properties).flatMap(([key, field]) => unknownParameters(key, field)),
];

/** https://www.elastic.co/guide/en/elasticsearch/reference/8.17/ilm-index-lifecycle.html: which action may stand in which phase, with its options. */
const actions: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  hot: { rollover: ["max_age", "max_docs", "max_size", "max_primary_shard_size", "max_primary_shard_docs"], set_priority: ["priority"], forcemerge: ["max_num_segments"], readonly: [], shrink: ["number_of_shards"] },
  warm: { set_priority: ["priority"], forcemerge: ["max_num_segments"], readonly: [], shrink: ["number_of_shards"], allocate: ["number_of_replicas"], migrate: ["enabled"] },
  cold: { set_priority: ["priority"], readonly: [], allocate: ["number_of_replicas"], migrate: ["enabled"] },
  delete: { delete: ["delete_searchable_snapshot"], wait_for_snapshot: ["policy"] },
};

export interface LifecyclePolicy {
  readonly policy: { readonly phases: Readonly<Record<string, { readonly min_age: string; readonly actions: Readonly<Record<string, object>> }>> };
}

/** Phases, actions and options that there are not. */
export const unknownInPolicy = ({ policy, ...rest }: LifecyclePolicy): string[] => [
  ...Object.keys(rest),
  ...Object.keys(policy).filter((key) => key !== "phases" && key !== "_meta"),
  ...Object.entries(policy.phases).flatMap(([phase, { min_age, actions: taken, ...others }]) => [
    ...Object.keys(others).map((key) => `${phase}.${key}`),
    ...(/^\d+(ms|s|m|h|d)$/.test(min_age) ? [] : [`${phase}.min_age`]),
    ...Object.entries(taken).flatMap(([action, options]) => {
      const known = actions[phase]?.[action];
      return known === undefined ? [`${phase}.${action}`] : Object.keys(options).filter((option) => !known.includes(option)).map((option) => `${phase}.${action}.${option}`);
    }),
  ]),
];
