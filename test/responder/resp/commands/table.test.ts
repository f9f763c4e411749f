// The table of commands: well formed, found whatever its case, and every row is said by a test.
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { commandGroups } from "#contract/metrics";
import { createLookup } from "../../../../responder/resp/commands/lookup.ts";
import { commands } from "../../../../responder/resp/commands/table.ts";

const rows = commands.flatMap((command) => [command, ...(command.subcommands ?? [])]);

describe.each(rows.map((row) => [row.name, row] as const))("%s", (_, row) => {
  test("is well formed", () => {
    expect(row.name).toMatch(/^[a-z]+(\|[a-z-]+)?$/);
    expect(Math.abs(row.arity)).toBeGreaterThanOrEqual(row.name.includes("|") ? 2 : 1);
    expect(row.since).toMatch(/^\d+\.\d+\.\d+$/);
    expect(commandGroups).toContain(row.group);
    expect(row.summary).not.toBe("");
    // a command writes, reads, or does neither; never both
    expect(row.flags.filter((flag) => flag === "write" || flag === "readonly").length).toBeLessThanOrEqual(1);
    if (row.keys) expect(row.flags.some((flag) => flag === "write" || flag === "readonly")).toBe(true);
    if (row.flags.includes("denyoom")) expect(row.flags).toContain("write");
  });
});

test("every command and subcommand is said in a dialogue of these tests", () => {
  const folder = resolve(import.meta.dirname);
  const said = readdirSync(folder)
    .filter((file) => file.endsWith(".test.ts"))
    .map((file) => readFileSync(join(folder, file), "utf8").toLowerCase())
    .join("\n");
  const missing = rows.filter(({ name, subcommands }) => !subcommands && !said.includes(name.replace("|", " ")));
  expect(missing.map(({ name }) => name)).toEqual([]);
});

describe("the lookup", () => {
  const find = createLookup(commands);
  const lookUp = (text: string) => {
    const bytes = Buffer.from(`<${text}>`, "latin1");
    return find(bytes, 1, bytes.length - 1)?.name;
  };

  test("finds every name in any case", () => {
    for (const { name } of commands) {
      expect(lookUp(name)).toBe(name);
      expect(lookUp(name.toUpperCase())).toBe(name);
      expect(lookUp(name.replace(/./g, (c, i: number) => (i % 2 ? c.toUpperCase() : c)))).toBe(name);
    }
  });

  test("finds nothing that only looks alike", () => {
    expect(lookUp("")).toBeUndefined();
    for (const { name } of commands) {
      for (let i = 0; i < name.length; i++) {
        const byte = name.charCodeAt(i);
        // also the bytes that differ in the bit of the case alone
        for (let other = 0; other < 256; other++) {
          if ((other | 0x20) === byte && (other & 0xdf) === (byte & 0xdf) && /[a-z]/i.test(String.fromCharCode(other))) continue;
          const text = name.slice(0, i) + String.fromCharCode(other) + name.slice(i + 1);
          if (lookUp(text) !== undefined && !commands.some((command) => command.name === text.toLowerCase())) throw new Error(`${JSON.stringify(text)} is taken for ${lookUp(text)}`);
        }
      }
      expect(lookUp(`${name}\0`)).toBeUndefined();
    }
  });

  test("does not take a name twice", () => expect(() => createLookup([{ name: "get" }, { name: "get" }])).toThrow(/twice/));
});
