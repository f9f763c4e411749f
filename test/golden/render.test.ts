// Goldens: what each input becomes, byte for byte, by the code of `kvr render`. UPDATE_GOLDEN=1 writes them anew; the diff is the review.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { objectives } from "#crds/objectives";
import { expect, test } from "vitest";
import { render } from "../../operator/cli/render.ts";
import { tenantDashboard } from "../../operator/observability/tenant-dashboard.ts";

const folder = resolve(import.meta.dirname, "render");
const update = process.env["UPDATE_GOLDEN"] === "1";
const inputs = readdirSync(folder).filter((f) => f.endsWith(".input.yaml"));

const matches = (path: string, text: string): void => {
  if (update) writeFileSync(path, text);
  expect(existsSync(path), `${path} is missing: run with UPDATE_GOLDEN=1`).toBe(true);
  expect(text).toBe(readFileSync(path, "utf8"));
};

test.each(inputs)("%s", (input) => {
  const rendered = render(readFileSync(resolve(folder, input), "utf8"), { responderImage: "localhost/kvr/responder:golden", namespace: "default" });
  expect(rendered.ok ? [] : rendered.problems).toEqual([]);
  if (rendered.ok) matches(resolve(folder, input.replace(".input.", ".output.")), rendered.text);
});

// in the ConfigMap it is one line; here it can be read
test("the dashboard", () =>
  matches(resolve(folder, "dashboard.output.json"), `${JSON.stringify(tenantDashboard({ namespace: "team-a", name: "orders", tenant: "acme" }, objectives.parse({})), null, 2)}\n`));

test("every golden has its input", () => {
  const outputs = readdirSync(folder).filter((f) => f.endsWith(".output.yaml"));
  expect(outputs.toSorted()).toEqual(inputs.map((f) => f.replace(".input.", ".output.")).toSorted());
});
