// docs/log-schema.md as data: what a line of either program may hold.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { z } from "zod";

export type Program = "responder" | "operator";

export interface MessageRow {
  readonly message: string;
  readonly programs: readonly Program[];
  readonly levels: readonly string[];
  readonly fields: readonly string[];
}

export interface LogSchema {
  readonly always: ReadonlyMap<string, string>;
  readonly some: ReadonlyMap<string, string>;
  readonly messages: readonly MessageRow[];
}

const code = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);

/** Cells of the rows of the first table after the text. */
const tableAfter = (page: string, before: string): string[][] => {
  const from = page.indexOf(before);
  if (from < 0) throw new Error(`docs/log-schema.md does not say "${before}"`);
  const table = /(?:^\|.*\n)+/m.exec(page.slice(from))?.[0] ?? "";
  return table
    .trim()
    .split("\n")
    .slice(2)
    .map((line) => line.split("|").slice(1, -1).map((cell) => cell.trim()));
};

export const readLogSchema = (page = readFileSync(resolve(import.meta.dirname, "../../docs/log-schema.md"), "utf8")): LogSchema => {
  const types = (before: string) => new Map(tableAfter(page, before).map(([name = "", type = ""]) => [code(name)[0] ?? "", type] as const));
  return {
    always: types("On every line:"),
    some: types("Of some messages:"),
    messages: tableAfter(page, "## Messages").map(([message = "", program = "", level = "", fields = ""]) => ({
      message: code(message)[0] ?? "",
      programs: program === "both" ? ["responder", "operator"] : [program as Program],
      levels: level.split(", "),
      fields: code(fields),
    })),
  };
};

interface Told {
  readonly type: string;
  readonly message: string;
  readonly stack?: string | undefined;
  readonly code?: string | undefined;
  readonly cause?: Told | undefined;
  readonly errors?: readonly Told[] | undefined;
}
const error: z.ZodType<Told> = z.lazy(() =>
  z.strictObject({ type: z.string(), message: z.string(), stack: z.string().optional(), code: z.string().optional(), cause: error.optional(), errors: z.array(error).optional() }),
);
const ofType: Readonly<Record<string, z.ZodType>> = {
  string: z.string(),
  number: z.number(),
  boolean: z.boolean(),
  "string[]": z.array(z.string()),
  "number or object": z.union([z.number(), z.looseObject({})]),
  address: z.strictObject({ host: z.string(), port: z.number() }),
  error,
};

const mandatory: Readonly<Record<Program, readonly string[]>> = {
  responder: ["level", "time", "msg", "service", "pod", "namespace", "version", "tenant", "kvresponder"],
  operator: ["level", "time", "msg", "service", "pod", "version"],
};
const optional: Readonly<Record<Program, readonly string[]>> = { responder: [], operator: ["namespace", "tenant"] };
const ofTraces = ["trace_id", "span_id", "trace_flags"];

/** Says what is wrong with a line; undefined: nothing. */
export type CheckLine = (line: unknown) => string | undefined;

export const lineChecker = ({ always, some, messages }: LogSchema, program: Program): CheckLine => {
  const typeOf = (field: string): z.ZodType => {
    const type = ofType[always.get(field) ?? some.get(field) ?? ""];
    if (!type) throw new Error(`docs/log-schema.md gives no type that is known to the field ${field}`);
    return type;
  };
  const shape = (fields: readonly string[]) => Object.fromEntries(fields.map((field) => [field, typeOf(field)]));
  const schemas = new Map(
    messages
      .filter(({ programs }) => programs.includes(program))
      .map(({ message, levels, fields }) => {
        const may = shape([...fields, ...optional[program], ...ofTraces]);
        return [message, z.strictObject({ ...z.object(may).partial().shape, ...shape(mandatory[program]), level: z.enum(levels), time: z.iso.datetime({ precision: 3 }) })];
      }),
  );
  return (line) => {
    const message = (line as { msg?: unknown }).msg;
    const schema = schemas.get(String(message));
    if (!schema) return `the message ${JSON.stringify(message)} is not in the table`;
    const parsed = schema.safeParse(line);
    return parsed.success ? undefined : `${String(message)}: ${parsed.error.issues.map(({ path, message: problem }) => `${path.join(".")} ${problem}`).join("; ")}`;
  };
};
