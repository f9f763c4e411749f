// Bounds what one log line may hold: long texts are cut, errors become a few fields, bytes and secrets never appear.

export type Fields = Readonly<Record<string, unknown>>;

/** Characters of a text. */
const textMost = 1_024;
const stackMost = 8_192;
const depthMost = 4;
const itemsMost = 32;
/** Of an error that stands for several, and of an error's causes. */
const errorsMost = 4;

/** Names of fields that could only hold what nobody may read. None of ours is called so; objects of libraries have such. */
const secrets: ReadonlySet<string> = new Set(["authorization", "Authorization", "proxy-authorization", "cookie", "set-cookie", "password", "secret", "token"]);

const cut = (text: string, most: number): string => (text.length <= most ? text : `${text.slice(0, most).toWellFormed()} [cut: ${text.length} characters]`);

const nameOf = (err: Error): string => (err.name === "Error" ? err.constructor.name : err.name);

/** Only what is named here: libraries hang answers with headers and bodies on their errors. */
const describeError = (err: unknown, depth: number): Fields => {
  if (!(err instanceof Error)) return { type: typeof err, message: typeof err === "object" ? Object.prototype.toString.call(err) : cut(String(err), textMost) };
  const { code } = err as NodeJS.ErrnoException;
  return {
    type: cut(nameOf(err), textMost),
    message: cut(err.message, textMost),
    ...(typeof err.stack === "string" && { stack: cut(err.stack, stackMost) }),
    ...(code !== undefined && { code: cut(String(code), textMost) }),
    ...(err instanceof AggregateError && depth < errorsMost && { errors: err.errors.slice(0, errorsMost).map((each) => describeError(each, errorsMost)) }),
    ...(err.cause !== undefined && depth < errorsMost && { cause: describeError(err.cause, depth + 1) }),
  };
};

const boundedValue = (name: string, value: unknown, depth: number): unknown => {
  if (secrets.has(name)) return "[secret]";
  if (typeof value === "string") return cut(value, textMost);
  if (typeof value !== "object" || value === null) return value;
  if (value instanceof Error) return describeError(value, 0);
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (depth === depthMost) return "[deeper]";
  if (Array.isArray(value)) return value.slice(0, itemsMost).map((each) => boundedValue("", each, depth + 1));
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, itemsMost)
      .map(([key, each]) => [key, boundedValue(key, each, depth + 1)]),
  );
};

const isFine = (name: string, value: unknown): boolean => {
  if (secrets.has(name)) return false;
  return typeof value === "string" ? value.length <= textMost : typeof value !== "object" || value === null;
};

/** The same object where there is nothing to change, as in the line of every request. */
export const boundedFields = (fields: Fields): Record<string, unknown> => {
  for (const name in fields) {
    if (isFine(name, fields[name]) && name !== "err") continue;
    return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, key === "err" ? describeError(value, 0) : boundedValue(key, value, 0)]));
  }
  return fields;
};

/** Of an error whose message has a line for each thing that must be corrected. */
export const problemsOf = (err: unknown): string[] =>
  (err instanceof Error ? err.message : String(err))
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
