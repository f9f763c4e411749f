// docs/routing.md is tried: its resources are accepted, its configurations go through amtool, its commands answer what it says, and what it says of kube-prometheus-stack holds.
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parseResource } from "#crds/parse";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { crdFile } from "../../cluster/monitoring/crds.ts";
import { resolveTools } from "../../cluster/toolchain.ts";
import { waitFor } from "../../cluster/wait.ts";
import { alertmanagerYaml, startAlertmanager, strategies } from "../../support/alertmanager.ts";
import { alertmanagerNamespace, alertsOf, base, configOf, orders, severityOf, tenants } from "./tenants.ts";

const run = promisify(execFile);

interface Block {
  readonly language: string;
  readonly text: string;
}

let markdown: string;
let blocks: Block[];
let amtool: string;
let folder: string;

beforeAll(async () => {
  ({ amtool } = await resolveTools(["alertmanager", "amtool", "alertmanager-config"]));
  folder = await mkdtemp(join(tmpdir(), "kvr-routing-docs-"));
  markdown = await readFile("docs/routing.md", "utf8");
  blocks = [...markdown.matchAll(/^```(\w*)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({ language, text }));
}, 1_800_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const yamls = (): { text: string; content: Record<string, unknown> }[] => blocks.filter((b) => b.language === "yaml").map(({ text }) => ({ text, content: parse(text) as Record<string, unknown> }));
const configurations = (): string[] => yamls().flatMap(({ text, content }) => ("route" in content ? [text] : []));
const check = (file: string) => run(amtool, ["check-config", file]);

test("every yaml is one of the three that are tried here", () => {
  expect(yamls().map(({ content }) => ("route" in content ? "configuration" : content["kind"]))).toEqual(["KVResponder", "Alertmanager", "configuration", "configuration"]);
});

test("the resource is accepted", () => {
  for (const { content } of yamls().filter((y) => y.content["kind"] === "KVResponder")) expect(parseResource(content)).toMatchObject({ ok: true });
});

test("the Alertmanager has no field that its CRD does not know, and the page has every strategy that there is", async () => {
  interface Schema {
    readonly properties: Readonly<Record<string, Schema>>;
    readonly enum?: readonly string[];
  }
  const crd = parse(await readFile(crdFile("alertmanagers"), "utf8")) as { spec: { versions: { schema: { openAPIV3Schema: Schema } }[] } };
  const known = crd.spec.versions[0]?.schema.openAPIV3Schema.properties["spec"]?.properties ?? {};
  for (const { content } of yamls().filter((y) => y.content["kind"] === "Alertmanager")) expect(Object.keys(content["spec"] as object).filter((field) => !(field in known))).toEqual([]);
  expect(known["alertmanagerConfigMatcherStrategy"]?.properties["type"]?.enum?.toSorted()).toEqual(strategies.toSorted());
  for (const strategy of strategies) expect(markdown).toContain(`\n| \`${strategy}\``);
});

test("amtool accepts each configuration, and answers as the page says", async () => {
  for (const text of configurations()) {
    const file = join(folder, "alertmanager.yml");
    await writeFile(file, text);
    expect((await check(file)).stdout).toContain("SUCCESS");
  }
  // the commands speak of the last one
  const asked = blocks.filter((b) => b.language === "console").flatMap(({ text }) => [...text.matchAll(/^\$ amtool (.+)\n(.+)$/gm)]);
  expect(asked.length).toBeGreaterThan(3);
  for (const [, args = "", answer] of asked) expect((await run(amtool, args.split(" "), { cwd: folder })).stdout.trim(), args).toBe(answer);
});

test.each(strategies)("kube-prometheus-stack's own inhibition never hides an alert of one tenant behind another's, with the strategy %s", async (strategy) => {
  const stack = configurations()[0] ?? "";
  const hook = { webhook: { url: "http://127.0.0.1:9/" } };
  await using alertmanager = await startAlertmanager(await alertmanagerYaml({ namespace: alertmanagerNamespace, strategy, base: stack, configs: tenants.map((who) => configOf(who, hook)) }));
  const critical = alertsOf(orders).filter((a) => severityOf(a) === "critical");
  const others = tenants.slice(1).flatMap((who) => alertsOf(who).filter((a) => severityOf(a) !== "critical"));
  await alertmanager.post(critical);
  await alertmanager.post(others);
  const seen = await waitFor("all to be judged", async () => {
    const all = await alertmanager.alerts();
    return all.length === critical.length + others.length && all.every((a) => a.status.state !== "unprocessed") && all;
  });
  const isOfOrders = (labels: Readonly<Record<string, string>>) => labels["kvresponder"] === orders.name && labels["namespace"] === orders.namespace;
  expect(seen.filter((a) => a.status.state === "suppressed" && !isOfOrders(a.labels)).map((a) => a.labels)).toEqual([]);
});

test("an empty PagerDuty key keeps the whole configuration from being loaded, as the page warns", async () => {
  const file = join(folder, "empty-key.yml");
  const configs = [configOf(orders, { pagerduty: { routingKey: { name: "pager", key: "key" } } })];
  await writeFile(file, await alertmanagerYaml({ namespace: alertmanagerNamespace, strategy: "OnNamespace", base, configs, secrets: { "team/pager": { key: "" } } }));
  await expect(check(file)).rejects.toMatchObject({ stdout: expect.stringContaining("missing service or routing key") as unknown });
});
