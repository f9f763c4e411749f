// Each mistake can still be made: the text that it changes stands in its file exactly once.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { mutants } from "./mutants.ts";

test.each(mutants)("$name", ({ file, from }) => {
  expect(readFileSync(resolve(import.meta.dirname, "../../..", file), "utf8").split(from).length).toBe(2);
});
