// docs/log-schema.md and the sources say the same: each message, its program and level, and each field.
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { findLogCalls, type LogCall } from "../support/log-calls.ts";
import { readLogSchema, type Program } from "../support/log-schema.ts";
import { readSources } from "../support/source-tree.ts";

const { calls, problems } = findLogCalls(readSources(resolve(import.meta.dirname, "../..")));
const schema = readLogSchema();

/** What both programs are made of. */
const isShared = (path: string) => /^responder\/(lib|telemetry)\//.test(path);
const programsOf = ({ path }: LogCall): readonly Program[] => {
  if (isShared(path)) return ["responder", "operator"];
  return [path.startsWith("operator/") ? "operator" : "responder"];
};
const rowsOf = (call: LogCall) => schema.messages.filter(({ message, programs }) => message === call.message && programs.some((program) => programsOf(call).includes(program)));
const key = (program: string, level: string, message: string) => `${program} ${level} "${message}"`;

test("every message is a constant text", () => {
  expect(problems).toEqual([]);
});

test("the table of messages is what the sources write", () => {
  const written = calls.flatMap((call) =>
    programsOf(call).flatMap((program) => {
      // chosen at run time: the table says between which
      const levels = call.level === undefined ? rowsOf(call).flatMap((row) => row.levels) : [call.level];
      return (levels.length > 0 ? levels : ["(any)"]).map((level) => key(program, level, call.message));
    }),
  );
  const told = schema.messages.flatMap(({ message, programs, levels }) => programs.flatMap((program) => levels.map((level) => key(program, level, message))));
  // to the left what is only in the sources, to the right what is only in docs/log-schema.md
  expect({ notInTheTable: written.filter((each) => !told.includes(each)), notInTheSources: told.filter((each) => !written.includes(each)) }).toEqual({ notInTheTable: [], notInTheSources: [] });
  expect(told).toHaveLength(new Set(told).size);
});

test("each message has the fields that its calls give", () => {
  const wrong = schema.messages.flatMap((row) => {
    const mine = calls.filter((call) => rowsOf(call).includes(row));
    const given = new Set(mine.flatMap(({ fields }) => fields));
    const missing = [...given].filter((field) => !row.fields.includes(field) && !schema.always.has(field));
    // what could not be read in the sources, lines of real runs are held to
    const extra = mine.some(({ isOpen }) => isOpen) ? [] : row.fields.filter((field) => !given.has(field));
    return [...missing.map((field) => `"${row.message}" lacks ${field}`), ...extra.map((field) => `"${row.message}" has no ${field}`)];
  });
  expect(wrong).toEqual([]);
});

test("the table of fields is that of the messages, in the order of the alphabet", () => {
  const used = [...new Set(schema.messages.flatMap(({ fields }) => fields))].filter((field) => !schema.always.has(field));
  expect([...schema.some.keys()]).toEqual(used.toSorted());
});

test("no field of a message hides one that is on every line", () => {
  const base: Record<Program, RegExp> = { responder: /^(level|time|msg|service|pod|namespace|version|tenant|kvresponder)$/, operator: /^(level|time|msg|service|pod|namespace|version)$/ };
  expect(calls.flatMap((call) => call.fields.filter((field) => programsOf(call).some((program) => base[program].test(field))).map((field) => `${call.path}: "${call.message}" has ${field}`))).toEqual([]);
});

describe("what the search finds", () => {
  const find = (text: string) => findLogCalls(new Map([["responder/planted.ts", text]]));

  test.each([
    ['log.info({ a, b: f(1, "x, y"), ...c }, "told");\nconst c = { d: 1 };', ["a", "b", "d"], false],
    ['deps.log.info({ ...(a && { a }), ...(b ? { b } : { c }) }, "told")', ["a", "b", "c"], false],
    ['log.info({ ...unknown() }, "told")', [], true],
    ['// log.info({ no }, "told")\nlog.info({}, "told")', [], false],
    ['log.info(\n  { a: "}" },\n  "told",\n)', ["a"], false],
  ])("%s", (text, fields, isOpen) => {
    expect(find(text).calls).toEqual([{ path: "responder/planted.ts", level: "info", message: "told", fields, isOpen }]);
  });

  test("levels and messages that are chosen between are all found", () => {
    expect(find('log[x ? "warn" : "debug"]({}, y ? "one" : "two")').calls.map(({ level, message }) => `${level} ${message}`)).toEqual(["warn one", "warn two", "debug one", "debug two"]);
  });

  test.each(['log.info({}, `told ${x}`)', 'log.info({}, "told " + x)', "log.info({}, told)", 'log.info("told")'])("%s is no constant message", (text) => {
    expect(find(text).problems).toHaveLength(1);
  });
});
