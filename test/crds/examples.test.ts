// Every KVResponder among the examples is valid, and the two tenants of the demo do not get in each other's way.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { effectiveTenant } from "#crds/kvresponder";
import { parseResource, parseSpec } from "#crds/parse";
import { expect, test } from "vitest";
import { parseAllDocuments } from "yaml";

const files = readdirSync("examples", { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".yaml"))
  .map((entry) => join(entry.parentPath, entry.name));

const documents = (file: string): Record<string, unknown>[] =>
  parseAllDocuments(readFileSync(file, "utf8")).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Record<string, unknown>;
  });

const resources = files.flatMap((file) => documents(file).filter((object) => object["kind"] === "KVResponder").map((object) => [file, object] as const));

test("there are examples", () => expect(resources.length).toBeGreaterThanOrEqual(7));

test.each(resources)("%s is valid", (_, object) => expect(parseResource(object)).toMatchObject({ ok: true }));

test("the values example is a spec", () => {
  for (const values of documents("examples/monitoring-values.yaml")) expect(parseSpec(values)).toMatchObject({ ok: true });
});

test("examples/tenants holds two tenants with different names", () => {
  const parsed = resources.filter(([file]) => file.startsWith("examples/tenants/")).map(([, object]) => parseResource(object));
  const [names, tenants] = [new Set<string>(), new Set<string>()];
  for (const result of parsed) {
    if (!result.ok) continue;
    names.add(result.resource.metadata.name);
    tenants.add(effectiveTenant(result.resource.metadata.name, result.resource.spec));
  }
  expect([parsed.length, names.size, tenants.size]).toEqual([2, 2, 2]);
});
