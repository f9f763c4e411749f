// The compatibility page says what the tables say.
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { commands } from "../../../responder/resp/commands/table.ts";
import { expectGolden } from "../../support/golden.ts";
import { redisCompatibility } from "../../support/redis-compatibility.ts";

const page = resolve(import.meta.dirname, "../../../docs/redis-compatibility.md");

test("docs/redis-compatibility.md is fresh", () => expectGolden(page, redisCompatibility()));

test("each command and subcommand stands in it once", () => {
  const text = redisCompatibility();
  for (const { name, subcommands = [] } of commands) {
    for (const each of subcommands.length > 0 ? subcommands : [{ name }]) {
      expect(text.split(`\n| \`${each.name.replace("|", " ").toUpperCase()}\` |`).length - 1, each.name).toBe(1);
    }
  }
});
