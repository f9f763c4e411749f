import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { withGenerated } from "../../../responder/http/docs.ts";

const page = readFileSync(resolve(import.meta.dirname, "../../../docs/http-api.md"), "utf8");

test("the tables of the page are those of the code; `node responder/http/generate.ts` writes them", () => {
  expect(withGenerated(page)).toBe(page);
});

test("what is between the markers is made anew, and a lost marker is missed", () => {
  const emptied = page.replace(/(<!-- generated: errors -->)[^]*(<!-- end: errors -->)/, "$1$2");
  expect(emptied).not.toBe(page);
  expect(withGenerated(emptied)).toBe(page);
  expect(() => withGenerated(page.replace("<!-- end: errors -->", ""))).toThrow("put them back");
});
