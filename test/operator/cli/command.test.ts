// kvr's command line: what it prints where, and with which code it ends.
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseAllDocuments } from "yaml";
import { describe, expect, test } from "vitest";
import { specSchema } from "#crds/kvresponder";
import { kvr } from "../../../operator/cli/command.ts";
import { desired } from "../../../operator/reconcile/desired.ts";
import { renderContext, type RenderOptions } from "../../../operator/render/context.ts";

const resource = (name: string, rest = "") => `apiVersion: kvresponder.io/v1alpha1\nkind: KVResponder\nmetadata:\n  name: ${name}\n${rest}`;

const files: Record<string, string> = {
  "one.yaml": resource("orders"),
  "two.yaml": `${resource("a", "  namespace: x\n")}---\n${resource("b")}---\n`,
  "wrong.yaml": `${resource("orders", "spec:\n  replicas: 99\n  colour: red\n")}---\n${resource("Orders")}`,
  "other.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
  "broken.yaml": "a: [1,\n",
  "empty.yaml": "---\n",
  "old-yaml.yaml": resource("orders", "spec:\n  tenant: on\n"),
  "date.yaml": resource("orders", "spec:\n  monitoring: {rules: {labels: {since: 2026-01-02}}}\n"),
  "-": resource("piped"),
};

const run = async (...args: string[]) => {
  let out = "";
  let err = "";
  const code = await kvr(args, {
    read: (file) => {
      const text = files[file];
      if (text === undefined) throw new Error("no such file");
      return text;
    },
    out: (text) => void (out += text),
    err: (text) => void (err += text),
    connect: async () => {
      throw new Error("render asks no cluster");
    },
    now: () => 0,
  });
  return { code, out, err };
};

const documents = (text: string) => parseAllDocuments(text).map((d) => d.toJS() as { kind: string; metadata: { name: string; namespace: string }; spec?: { template?: { spec: { containers: { image: string }[] } } } });

describe("render", () => {
  test("prints every child of every resource as one stream", async () => {
    const { code, out, err } = await run("render", "-f", "two.yaml", "-f", "one.yaml", "-n", "team-a");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(documents(out).filter((d) => d.kind === "Deployment").map((d) => [d.metadata.namespace, d.metadata.name])).toEqual([
      ["x", "kv-responder-a"],
      ["team-a", "kv-responder-b"],
      ["team-a", "kv-responder-orders"],
    ]);
    expect(documents(out)).toHaveLength(3 * documents((await run("render", "-f", "one.yaml")).out).length);
  });

  test("reads standard input", async () => expect(documents((await run("render", "-f", "-")).out)[0]?.metadata.name).toBe("kv-responder-piped"));

  test("takes the image that the operator would be started with", async () => {
    const image = async (...args: string[]) => documents((await run("render", "-f", "one.yaml", ...args)).out).find((d) => d.kind === "Deployment")?.spec?.template?.spec.containers[0]?.image;
    expect(await image("--responder-image", "registry.example/r:1")).toBe("registry.example/r:1");
    expect(await image()).toMatch(/^localhost\/kvr\/responder:\d/);
  });

  // with a flag that it has not, what it prints would be another thing than what the operator applies
  test("takes all that shapes children", async () => {
    const given = { responderImage: "registry.example/r:1", monitoringLabels: { release: "kps" }, grafanaUrl: "https://grafana.example", monitoringNamespaces: ["monitoring", "observability"], operatorNamespace: "platform" } satisfies Required<RenderOptions>;
    const flags = ["--responder-image=registry.example/r:1", "--monitoring-labels=release=kps", "--grafana-url=https://grafana.example", "--monitoring-namespaces=monitoring,observability", "--operator-namespace=platform"];
    const { code, out } = await run("render", "-f", "one.yaml", ...flags);
    expect(code).toBe(0);
    const children = desired(renderContext({ apiVersion: "kvresponder.io/v1alpha1", kind: "KVResponder", metadata: { name: "orders" }, spec: specSchema.parse({}) }, given));
    expect(documents(out).slice(0, children.length)).toEqual(children);
    expect(out).toContain("kubernetes.io/metadata.name: platform");
  });

  test.each<[string, string[]]>([
    ["wrong.yaml", ["document 1: spec.replicas", "document 2: metadata.name"]],
    ["other.yaml", ["document 1: apiVersion: must be kvresponder.io/v1alpha1", "document 1: kind: must be KVResponder"]],
    ["broken.yaml", ["document 1: "]],
    ["empty.yaml", ["the input is empty"]],
    // kubectl would send a boolean
    ["old-yaml.yaml", ["document 1: spec.tenant"]],
    ["missing.yaml", ["cannot read missing.yaml: no such file"]],
  ])("%s: says what is wrong and where, prints nothing, ends with 1", async (file, problems) => {
    const { code, out, err } = await run("render", "-f", "one.yaml", "-f", file);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    for (const problem of problems) expect(err).toContain(problem);
    for (const line of err.trimEnd().split("\n")) expect(line).toContain(file);
  });

  test("a date is text, as kubectl has it", async () => expect((await run("render", "-f", "date.yaml")).out).toContain('since: "2026-01-02"'));
});

describe("usage", () => {
  test.each<[string, string[], string]>([
    ["no command", [], "no command given"],
    ["an unknown command", ["apply"], 'unknown command "apply"'],
    ["no file", ["render"], "name a file with -f"],
    ["a file without -f", ["render", "one.yaml"], "name files with -f"],
    ["an unknown flag", ["render", "--colour"], "--colour"],
    ["a namespace that is none", ["render", "-f", "one.yaml", "-n", "Team A"], "--namespace must be the name of a namespace"],
    ["a namespace with too long a name", ["render", "-f", "one.yaml", "-n", "a".repeat(64)], "--namespace must be the name of a namespace"],
    ["an operator in several namespaces", ["render", "-f", "one.yaml", "--operator-namespace", "a,b"], "--operator-namespace must be the name of a namespace"],
    ["two names", ["status", "a", "b"], 'unexpected argument "b"'],
    ["a name and all namespaces", ["status", "a", "-A"], "goes with neither"],
    ["a format that is none", ["status", "-o", "yaml"], "must be table or json"],
    ["a name that is a path", ["status", "a/../b"], "no name of a Kubernetes object"],
    ["a namespace that is a path", ["status", "-n", "../x"], "no name of a Kubernetes object"],
    ["a word that every object has", ["toString"], 'unknown command "toString"'],
  ])("%s is answered with the usage, and 2", async (_, args, problem) => {
    const { code, out, err } = await run(...args);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(problem);
    expect(err).toContain("usage: kvr render -f FILE");
  });

  test("--help prints it, and is no error", async () => {
    const { code, out, err } = await run("--help");
    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toContain("usage: kvr render -f FILE");
  });
});

test("as a program: arguments, standard input and exit code reach the command", () => {
  const program = resolve(import.meta.dirname, "../../../operator/cli/kvr.ts");
  const kvrProgram = (args: string[], input: string) => spawnSync(process.execPath, [program, ...args], { input, encoding: "utf8" });
  const good = kvrProgram(["render", "-f", "-"], resource("orders"));
  expect({ status: good.status, stderr: good.stderr, deployments: documents(good.stdout).filter((d) => d.kind === "Deployment").length }).toEqual({ status: 0, stderr: "", deployments: 1 });
  expect(kvrProgram(["render", "-f", "/does/not/exist"], "")).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining("cannot read /does/not/exist") });
});
