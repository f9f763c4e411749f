// Checks a value against a JSON Schema (2020-12), as far as the OpenAPI document uses it; an unknown keyword is an error, never a pass.

export type Schema = Readonly<Record<string, unknown>>;

const notes = new Set(["description", "default", "examples", "title", "$schema"]);

const typeOf = (value: unknown): string => {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  return typeof value;
};

const isType = (value: unknown, type: unknown) => (type === "integer" ? Number.isInteger(value) : typeOf(value) === type);
const isRecord = (value: unknown): value is Record<string, unknown> => typeOf(value) === "object";

/** What is wrong, one line each. `root` is the document that $ref points into. */
export const schemaErrors = (schema: Schema, value: unknown, root: Schema, at = "$"): string[] => {
  const inside = (s: unknown, v: unknown, place: string) => schemaErrors(s as Schema, v, root, place);
  const own = (keyword: string, rule: unknown): string[] => {
    const says = (ok: boolean) => (ok ? [] : [`${at}: ${keyword} ${JSON.stringify(rule)}`]);
    switch (keyword) {
      case "$ref":
        return inside(resolveRef(root, String(rule)), value, at);
      case "type":
        return says(isType(value, rule));
      case "const":
        return says(value === rule);
      case "enum":
        return says((rule as unknown[]).includes(value));
      case "minimum":
        return says(typeof value !== "number" || value >= Number(rule));
      case "maximum":
        return says(typeof value !== "number" || value <= Number(rule));
      case "minLength":
        return says(typeof value !== "string" || [...value].length >= Number(rule));
      case "maxLength":
        return says(typeof value !== "string" || [...value].length <= Number(rule));
      case "pattern":
        return says(typeof value !== "string" || new RegExp(String(rule), "u").test(value));
      case "minItems":
        return says(!Array.isArray(value) || value.length >= Number(rule));
      case "maxItems":
        return says(!Array.isArray(value) || value.length <= Number(rule));
      case "items":
        return Array.isArray(value) ? value.flatMap((v, i) => inside(rule, v, `${at}[${i}]`)) : [];
      case "required":
        return isRecord(value) ? (rule as string[]).filter((name) => !Object.hasOwn(value, name)).map((name) => `${at}: ${name} is missing`) : [];
      case "properties":
        return isRecord(value) ? Object.entries(rule as Schema).flatMap(([name, s]) => (Object.hasOwn(value, name) ? inside(s, value[name], `${at}.${name}`) : [])) : [];
      case "additionalProperties": {
        if (!isRecord(value)) return [];
        const known = Object.keys((schema["properties"] ?? {}) as Schema);
        const extra = Object.keys(value).filter((name) => !known.includes(name));
        return rule === false ? extra.map((name) => `${at}: ${name} is unknown`) : extra.flatMap((name) => inside(rule, value[name], `${at}.${name}`));
      }
      case "allOf":
        return (rule as unknown[]).flatMap((s) => inside(s, value, at));
      case "anyOf":
        return says((rule as unknown[]).some((s) => inside(s, value, at).length === 0));
      case "oneOf":
        return says((rule as unknown[]).filter((s) => inside(s, value, at).length === 0).length === 1);
      default:
        return notes.has(keyword) ? [] : [`${at}: this check does not know the keyword ${keyword}`];
    }
  };
  return Object.entries(schema).flatMap(([keyword, rule]) => own(keyword, rule));
};

/** A local JSON pointer. Throws when it points nowhere. */
export const resolveRef = (root: Schema, ref: string): Schema => {
  let node: unknown = root;
  for (const part of ref.replace(/^#\//, "").split("/")) node = isRecord(node) ? node[part.replaceAll("~1", "/").replaceAll("~0", "~")] : undefined;
  if (!isRecord(node)) throw new Error(`${ref} points nowhere`);
  return node;
};
