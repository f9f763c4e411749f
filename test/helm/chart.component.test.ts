// The chart renders one KVResponder whose spec is what was set, no more and no less: X.values.yaml beside X.output.yaml.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseResource } from "#crds/parse";
import { chartValues } from "#crds/chart-values";
import { describe, expect, test } from "vitest";
import { parse, parseAllDocuments } from "yaml";
import { expectGolden, goldenCases, orphans } from "../support/golden.ts";
import { podSecurityProblems, type PodSpec } from "../operator/render/pod-security.ts";
import { chart, helm, template } from "./chart.ts";

const folder = join(import.meta.dirname, "golden");
const suffixes = [".values.yaml", ".output.yaml"] as const;

interface Rendered {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: Record<string, unknown>;
}

const only = (manifests: string): Rendered => {
  const documents = parseAllDocuments(manifests);
  expect(documents).toHaveLength(1);
  return (documents[0] as (typeof documents)[number]).toJS() as Rendered;
};

const specIn = (values: Record<string, unknown>) => Object.fromEntries(Object.entries(values).filter(([key]) => !(key in chartValues)));

describe.each(goldenCases(folder, ...suffixes))("$name", ({ input, output }) => {
  test("renders as before", async () => expectGolden(output, await template("a-release", "--values", input)));

  test("hands on exactly the fields that are set", async () => {
    const values = (parse(readFileSync(input, "utf8")) ?? {}) as Record<string, unknown>;
    const rendered = only(await template("a-release", "--values", input));
    expect(rendered.spec).toEqual(specIn(values));
    expect(parseResource(rendered)).toMatchObject({ ok: true });
  });
});

test("no output without its input", () => expect(orphans(folder, ...suffixes)).toEqual([]));

describe("the name", () => {
  test.each([
    ["of the release, when nothing is set", [], "a-release", undefined],
    ["of the tenant", ["--set", "tenant=production"], "production", "production"],
    ["as given", ["--set", "tenant=production,name=cache"], "cache", "production"],
  ])("%s", async (_, args, name, tenant) => {
    const rendered = only(await template("a-release", ...args));
    expect(rendered).toMatchObject({ metadata: { name, namespace: "default" } });
    expect(rendered.spec["tenant"]).toBe(tenant);
  });

  test("lives in the release's namespace", async () => expect(only(await template("a-release", "--namespace", "caches")).metadata.namespace).toBe("caches"));
});

test("numbers from the command line stay whole numbers", async () => {
  const rendered = await template("a-release", "--set", "cache.maxValueBytes=67108864,resources.limits.memory=1073741824");
  expect(rendered).toContain("maxValueBytes: 67108864\n");
  expect(rendered).toContain("memory: 1073741824\n");
});

test("the example makes the tenant production", async () => {
  const rendered = only(await template("kv-responder-prod", "--values", "examples/monitoring-values.yaml", "--set", "tenant=production"));
  expect(parseResource(rendered)).toMatchObject({ ok: true, resource: { metadata: { name: "production" }, spec: { tenant: "production" } } });
});

describe("helm refuses, before anything is sent", () => {
  test.each([
    ["a misspelt field", "replica=3", "'replica' not allowed"],
    ["a misspelt field further in", "cache.maxmemory=1Gi", "'maxmemory' not allowed"],
    ["a value out of bounds", "replicas=17", "/replicas"],
    ["another type", "paused=maybe", "/paused"],
    ["a mode that does not exist", "monitoring.rules.mode=Auto", "/monitoring/rules/mode"],
  ])("%s", async (_, set, message) => expect(template("a-release", "--set", set)).rejects.toThrow(message));
});

describe("the pod of helm test", () => {
  const pod = async (...args: string[]) => {
    const text = await helm(["template", "a-release", chart, "--kube-version=1.36.3", "--show-only=templates/tests/metrics.yaml", ...args]);
    return parse(text) as { spec: PodSpec & { containers: { image: string; command: string[] }[] } };
  };

  test("asks the resource's own Service for its own tenant", async () => {
    const [container] = (await pod("--namespace=caches", "--set", "name=cache,tenant=production")).spec.containers;
    expect(container?.command.at(-1)).toContain('"http://kv-responder-cache.caches.svc/metrics"');
    expect(container?.command.at(-1)).toContain('tenant="production"');
  });

  test.each([
    ["the responder's of this version", [], "localhost/kvr/responder:0.1.0"],
    ["that of the resource", ["--set", "image=registry.example/kvr:2"], "registry.example/kvr:2"],
    ["another one", ["--set", "image=registry.example/kvr:2,testImage=registry.example/test:1"], "registry.example/test:1"],
  ])("has %s as its image", async (_, args, image) => expect((await pod(...args)).spec.containers[0]?.image).toBe(image));

  test("is no pod of the cache, and meets the restricted Pod Security Standard", async () => {
    const { spec, ...rest } = await pod();
    expect(JSON.stringify(rest)).not.toContain("kvresponder.io/");
    expect(podSecurityProblems(spec).filter((problem) => problem !== "test: probes")).toEqual([]);
  });
});

test("helm lint has no complaint", async () => expect(await helm(["lint", chart, "--strict", "--kube-version=1.36.3"])).toContain("0 chart(s) failed"));

describe("values.yaml", () => {
  const text = readFileSync(join(chart, "values.yaml"), "utf8");

  test("sets nothing", () => expect(parse(text)).toBeNull());

  test("uncommented, it is a spec of defaults", () => {
    const uncommented = text.replaceAll(/^# ?(?=[a-z ])/gm, "");
    // autoscaling has no default: who wants it says how far
    const { autoscaling, ...values } = parse(uncommented.split("\n\n").slice(1).join("\n\n")) as Record<string, unknown>;
    expect(autoscaling).toHaveProperty("maxReplicas", null);
    const whole = parseResource({ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name: "a" }, spec: specIn(values) });
    const bare = parseResource({ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name: "a" } });
    expect(whole).toMatchObject(bare);
  });
});

test("the chart has the project's version", () => {
  const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
  expect(parse(readFileSync(join(chart, "Chart.yaml"), "utf8"))).toMatchObject({ version, appVersion: version });
});
