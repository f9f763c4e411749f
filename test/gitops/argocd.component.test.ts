// Argo CD's own code runs our scripts as its ConfigMap would hold them: the same answers as from the Lua of the unit tests, in every state and for everything recorded. And it accepts our manifests.
import { execFile } from "node:child_process";
import { cpSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { parse, parseAllDocuments, stringify } from "yaml";
import { resolveTools } from "../cluster/toolchain.ts";
import { actionCases, discoveryCases, fixtureAt, fixtures, healthCases } from "./fixtures.ts";
import { loadLua } from "./lua.ts";
import { actionNames, healthScript } from "./scripts.ts";
import { objectOf, states } from "./states.ts";
import { askArgo } from "./tools.ts";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");
let kubectl = "";

// the first use may build it
beforeAll(async () => {
  ({ kubectl } = await resolveTools(["argocd-lua", "kubectl"]));
}, 1_800_000);

const kustomize = async (folder: string): Promise<{ kind: string; metadata: { name: string; annotations?: Record<string, string> }; data?: Record<string, string> }[]> =>
  parseAllDocuments((await run(kubectl, ["kustomize", folder], { maxBuffer: 2 ** 24 })).stdout).map((document) => document.toJS());

describe("health", () => {
  test("of every state is what the other Lua says", async () => {
    const health = loadLua(healthScript);
    const objects = states.map(objectOf);
    const answer = await askArgo({ health: objects });
    expect(answer.health).toEqual(objects.map((object) => health(object).result));
  }, 180_000);

  test("of what was recorded is what is expected", async () => {
    const answer = await askArgo({ health: healthCases.map((c) => fixtures[basename(c.inputPath, ".yaml")] ?? {}) });
    expect(answer.health).toEqual(healthCases.map((c) => c.healthStatus));
  });
});

describe("actions", () => {
  test("that are offered", async () => {
    const { actions } = await askArgo({ actions: discoveryCases.map((c) => fixtureAt(c.inputPath)) });
    const inOrder = (actions ?? []).map((offered) => (Array.isArray(offered) ? offered.toSorted((a, b) => a.name.localeCompare(b.name)) : offered));
    // Go leaves out what is false
    expect(inOrder).toEqual(discoveryCases.map((c) => c.result.map(({ disabled, ...action }) => ({ ...action, ...(disabled && { disabled }) }))));
    expect(discoveryCases[0]?.result.map((a) => a.name)).toEqual(actionNames);
  });

  test("that are run", async () => {
    const answer = await askArgo({ run: actionCases.map(({ action, input }) => ({ action, object: input })) });
    const now = "2026-02-03T04:05:06Z";
    const expected = actionCases.map(({ expectedOutputPath }) => fixtureAt(expectedOutputPath));
    const said = (answer.run ?? []).map((object) => JSON.parse(JSON.stringify(object).replace(/("kvresponder\.io\/[a-z-]+":)"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"/, `$1"${now}"`)) as object);
    expect(said).toEqual(expected);
  });
});

describe("manifests", () => {
  const files = ["config/argocd/application.yaml", "config/argocd/applicationset.yaml"];
  const manifests = files.map((file) => readFileSync(file, "utf8"));

  test("are what Argo CD's types have, and nothing else", async () => {
    const [wrong = "", ...right] = (await askArgo({ manifests: [(manifests[0] ?? "").replace("selfHeal:", "selfheal:"), ...manifests] })).manifests ?? [];
    expect(right).toEqual(["", ""]);
    expect(wrong).toContain(`unknown field "spec.syncPolicy.automated.selfheal"`);
  });

  test("make one Application of each tenant's directory, and nothing of a tenant is drawn from elsewhere", async () => {
    const directories = globSync("config/argocd/tenants/*").toSorted();
    expect(directories.map((d) => basename(d))).toEqual(["checkout", "search"]);
    const answer = await askArgo({ applications: directories.map((path) => ({ manifest: manifests[1] ?? "", parameters: { path: { path, basename: basename(path) } } })) });
    expect(answer.applications?.map((a) => { const { metadata, spec } = a as { metadata: { name: string }; spec: { source: { path: string }; destination: { namespace: string } } }; return [metadata.name, spec.source.path, spec.destination.namespace]; })).toEqual(
      directories.map((path) => [`kv-${basename(path)}`, path, basename(path)]),
    );
    for (const path of directories) {
      const objects = globSync(`${path}/*.yaml`).map((file) => parse(readFileSync(file, "utf8")) as { kind: string; metadata: { name: string; namespace?: string } });
      expect(objects.map(({ kind, metadata }) => [kind, metadata.namespace ?? metadata.name]).toSorted()).toEqual([["KVResponder", basename(path)], ["Namespace", basename(path)]]);
    }
  });

  test("ask for no ignored difference", () => expect(manifests.join("")).not.toContain("ignoreDifferences"));
});

test("waves: namespace and CRD, then all else, then the tenants, which say nothing", async () => {
  const wave = (o: { metadata: { annotations?: Record<string, string> } }) => o.metadata.annotations?.["argocd.argoproj.io/sync-wave"];
  const objects = await kustomize("config/argocd/platform");
  expect(objects.length).toBeGreaterThan(5);
  for (const object of objects) expect([object.kind, wave(object)]).toEqual([object.kind, object.kind === "Namespace" || object.kind === "CustomResourceDefinition" ? "-2" : "-1"]);
  expect(objects.find((o) => o.kind === "CustomResourceDefinition")?.metadata.annotations?.["argocd.argoproj.io/sync-options"]).toBe("Prune=false,Delete=false");
  // nothing but the annotations is added
  const bare = (object: (typeof objects)[number]) => ({ ...object, metadata: { ...object.metadata, annotations: undefined } });
  expect(objects.map(bare)).toEqual((await kustomize("config/default")).map(bare));
});

test("the customisation joins a ConfigMap that has others", async () => {
  const folder = mkdtempSync(join(tmpdir(), "argocd-"));
  try {
    cpSync(join(root, "config/argocd/customization"), join(folder, "kvr"), { recursive: true });
    writeFileSync(join(folder, "argocd-cm.yaml"), stringify({ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "argocd-cm" }, data: { url: "https://argocd.example" } }));
    writeFileSync(join(folder, "kustomization.yaml"), stringify({ resources: ["argocd-cm.yaml"], components: ["kvr"] }));
    const [configMap] = await kustomize(folder);
    expect(Object.keys(configMap?.data ?? {})).toEqual(["resource.customizations.actions.kvresponder.io_KVResponder", "resource.customizations.health.kvresponder.io_KVResponder", "url"]);
    expect(configMap?.data?.["resource.customizations.health.kvresponder.io_KVResponder"]).toBe(healthScript);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
