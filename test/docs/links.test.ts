// Every page of docs: what it links to is there, down to the heading, and each part of a resource that it shows is one that the schema takes.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { apiVersion, kind } from "#crds/names";
import { parseResource } from "#crds/parse";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { withTables } from "../../operator/guide-tables.ts";

const root = resolve(import.meta.dirname, "../..");
const pages = ["README.md", "CONTRIBUTING.md", "AGENTS.md", ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".md")).map((file) => join("docs", file))];
const read = (page: string): string => readFileSync(join(root, page), "utf8");

/** As GitHub makes them of headings. */
const anchors = (text: string): string[] =>
  [...text.matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1")
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

const withoutCode = (text: string): string => text.replaceAll(/```[\s\S]*?```/g, "").replaceAll(/`[^`\n]*`/g, "");

test.each(pages)("%s links to what is there", (page) => {
  const missing: string[] = [];
  for (const [, target = ""] of withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
    if (/^[a-z]+:/.test(target)) continue;
    const [path = "", anchor] = target.split("#");
    const file = path === "" ? page : relative(root, resolve(root, dirname(page), path));
    let text: string;
    try {
      text = file.endsWith(".md") ? read(file) : (readFileSync(join(root, file)), "");
    } catch (err) {
      // a folder is there all the same
      if ((err as NodeJS.ErrnoException).code !== "EISDIR") missing.push(target);
      continue;
    }
    if (anchor !== undefined && file.endsWith(".md") && !anchors(text).includes(anchor)) missing.push(target);
  }
  expect(missing).toEqual([]);
});

/** Fenced or indented by four. */
const specs = (text: string): string[] => [
  ...[...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, body = ""]) => body),
  ...[...text.matchAll(/(?:^ {4}.*\n|^\n(?= {4}))+/gm)].map(([block]) => block.replaceAll(/^ {4}/gm, "")),
].filter((block) => block.trimStart().startsWith("spec:\n") || block.includes(`kind: ${kind}\n`));

const shown = pages.flatMap((page) => specs(read(page)).map((text, i) => ({ page, text, i })));

describe("parts of a resource", () => {
  test("are found where people are told to write them", () => expect(new Set(shown.map(({ page }) => page))).toEqual(new Set([...shown.map(({ page }) => page), "docs/MONITORING.md", "docs/alerts.md", "docs/routing.md"])));

  test.each(shown)("$page, part $i", ({ text }) => {
    const given = parse(text) as { apiVersion?: string; spec?: object };
    const parsed = parseResource({ apiVersion, kind, metadata: { name: "orders" }, ...given });
    expect(parsed.ok ? [] : parsed.problems).toEqual([]);
  });
});

test("the tables of the guide to monitoring are fresh", () => expect(withTables(read("docs/MONITORING.md"))).toBe(read("docs/MONITORING.md")));
