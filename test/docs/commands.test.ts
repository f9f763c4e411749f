// No page shows a command that nobody runs.
import { expect, test } from "vitest";
import { blocksOf, pages, story } from "./commands.ts";

test.each(pages.filter((page) => !(story as readonly string[]).includes(page)))("%s: commands are run by a test of its own, or it is said why not", (page) => {
  expect(blocksOf(page).filter(({ notRun }) => notRun === undefined)).toEqual([]);
});

test("a block is found with its line, and what is above it", () => {
  const text = "# a\n\n```sh\none\n```\ntext\n<!-- not run: it wants a cloud -->\n```sh\ntwo\nthree\n```\n";
  expect(blocksOf("p", text)).toEqual([
    { page: "p", line: 4, script: "one\n" },
    { page: "p", line: 9, script: "two\nthree\n", notRun: "it wants a cloud" },
  ]);
});

test("pages of the story have something to run", () => expect(story.filter((page) => blocksOf(page).every(({ notRun }) => notRun !== undefined))).toEqual([]));
