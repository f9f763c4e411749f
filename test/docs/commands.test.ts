// No page shows a command that nobody runs.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { blocksOf, pages, played, story, strays } from "./commands.ts";

test.each(pages.filter((page) => !(story as readonly string[]).includes(page)))("%s: commands are run by a test of its own, or it is said why not", (page) => {
  expect(blocksOf(page).filter(({ notRun }) => notRun === undefined)).toEqual([]);
});

test.each(pages)("%s: no command is where nobody looks for one", (page) => expect(strays(page)).toEqual([]));

test("what looks like a command and is no block of its own is found", () => {
  const text = "    kubectl get kvr\n\n```\nhelm list\n```\n\n```bash\nmake\n```\n\n- so:\n  ```sh\n  make\n  ```\n\n```console\n$ ls\n```\n\n<!-- not run: it is long -->\n```console\n$ make\n```\n\n```sh\n    kubectl get kvr\n```\n\n    spec: {}\n\n```yaml\na: 1\n```\n";
  expect(strays("p", text)).toEqual(["p:1: kubectl get kvr", "p:3: ```", "p:7: ```bash", "p:12: ```sh", "p:16: ```console"]);
});

test("pages whose transcripts are played have some, and the test is there", () => {
  for (const [page, file] of Object.entries(played)) expect([readFileSync(page, "utf8").includes("```console\n"), readFileSync(file, "utf8").includes(page.replace("docs/", ""))]).toEqual([true, true]);
});

test("a block is found with its line, and what is above it", () => {
  const text = "# a\n\n```sh\none\n```\ntext\n<!-- not run: it wants a cloud -->\n```sh\ntwo\nthree\n```\n";
  expect(blocksOf("p", text)).toEqual([
    { page: "p", line: 4, script: "one\n" },
    { page: "p", line: 9, script: "two\nthree\n", notRun: "it wants a cloud" },
  ]);
});

test("pages of the story have something to run", () => expect(story.filter((page) => blocksOf(page).every(({ notRun }) => notRun !== undefined))).toEqual([]));
