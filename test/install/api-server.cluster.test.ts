// What we ship and what the operator makes of it, held to a real API server: its schemas (kubeconform), its admission (dry runs without a warning), its roles.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { buildManifests } from "../../build/manifests.ts";
import { established } from "../cluster/established.ts";
import { startCluster, waitFor } from "../cluster/index.ts";
import { crdPaths } from "../cluster/monitoring/crds.ts";
import { resolveTools } from "../cluster/toolchain.ts";
import type { Cluster } from "../cluster/types.ts";
import { template } from "../helm/chart.ts";
import { kvresponder } from "../support/kvresponders.ts";
import { shell, type Shell } from "../support/usage.ts";
import { childrenOf, everything, examples, inWords, kustomize, objects, operatorChart, operatorTemplate } from "./rendered.ts";
import { location, writeSchemas } from "./schemas.ts";

let cluster: Cluster;
let sh: Shell;
/** Text by what it is. */
const manifests = new Map<string, string>();

const inputs = ["config/default", "config/namespaced", "config/prometheus", "config/network-policy", "the operator's chart", "the operator's chart for some namespaces", "the tenant's chart", "the children of the examples"] as const;

beforeAll(async () => {
  cluster = await startCluster({ kind: "control" });
  sh = await shell(cluster);
  for (const crd of crdPaths) await cluster.apply(crd);
  await cluster.kubectl("create", "namespace", "team");
  const example = ["--values", "examples/monitoring-values.yaml", "--set", "tenant=production"];
  const tenant = await template("kv-responder-prod", ...example);
  const [first, ...folders] = ["default", "namespaced", "prometheus", "network-policy"] as const;
  for (const folder of [first, ...folders]) manifests.set(`config/${folder}`, await kustomize(folder));
  manifests.set("the operator's chart", await operatorTemplate(...everything));
  manifests.set("the operator's chart for some namespaces", await operatorTemplate("--set", "watchNamespaces={team,default}"));
  manifests.set("the tenant's chart", tenant);
  manifests.set("the children of the examples", childrenOf(...examples().map(([, text]) => text), tenant));
});

afterAll(() => cluster?.stop());

describe("dist/install.yaml", () => {
  const unexpected = (said: string, word: string): string[] => said.split("\n").filter((line) => line !== "" && !line.endsWith(` ${word}`));

  test("is applied by plain kubectl, without a warning, a second time without a change, and is taken away again", async () => {
    const [install = ""] = await buildManifests({ ...(await resolveTools(["kubectl", "helm"])), out: join(cluster.dir, "dist") });
    const first = await sh.line(`kubectl apply -f ${install} 2>&1`);
    expect(first).toContain("customresourcedefinition.apiextensions.k8s.io/kvresponders.kvresponder.io created");
    expect(unexpected(first, "created")).toEqual([]);
    // a budget's selector is replaced as a whole, so kubectl always sends it
    expect(unexpected(await sh.line(`kubectl apply -f ${install} 2>&1`), "unchanged")).toEqual(["poddisruptionbudget.policy/kv-responder-operator configured"]);
    await sh.line(`kubectl delete -f ${install} --wait`);
    expect(await sh.line(`kubectl get -f ${install} --ignore-not-found -o name`)).toBe("");
  });
});

describe("kubeconform, with the schemas of this API server, has no objection to", () => {
  // what the rest is judged by: the definition of our own kind, and the namespace with its Pod Security labels
  beforeAll(async () => {
    const judges = objects(manifests.get("config/default") ?? "").filter(({ kind }) => kind === "CustomResourceDefinition" || kind === "Namespace");
    await cluster.apply(judges);
    await established(cluster, "kvresponders.kvresponder.io");
  });

  const check = async (text: string): Promise<{ resources: { kind: string; name: string; status: string; msg: string }[]; summary: { valid: number; invalid: number; errors: number; skipped: number } }> => {
    const { kubeconform } = await resolveTools(["kubeconform"]);
    const all = objects(text);
    const dir = join(cluster.dir, "schemas");
    await writeSchemas(cluster, dir, new Set(all.map(({ apiVersion }) => apiVersion)));
    const file = join(cluster.dir, "input.yaml");
    await writeFile(file, all.map((object) => stringify(object)).join("---\n"));
    const args = ["-strict", "-summary", "-output=json", "-schema-location", location(dir), file];
    // it ends with 1 where something is invalid
    const stdout = await promisify(execFile)(kubeconform, args, { maxBuffer: 16 << 20 }).then((told) => told.stdout, (error: { stdout?: string }) => error.stdout ?? "");
    return JSON.parse(stdout) as Awaited<ReturnType<typeof check>>;
  };

  test.each(inputs)("%s", async (input) => {
    const text = manifests.get(input) ?? "";
    const { resources, summary } = await check(text);
    expect(resources.filter(({ status }) => status !== "statusValid")).toEqual([]);
    expect(summary).toEqual({ valid: objects(text).length, invalid: 0, errors: 0, skipped: 0 });
  });

  test("all that is right, and tells what is not", async () => {
    const policy = (manifests.get("config/network-policy") ?? "").replace("policyTypes:", "policyType:");
    const { resources } = await check(policy);
    expect(resources.map(({ kind, status }) => [kind, status])).toEqual([["NetworkPolicy", "statusInvalid"]]);
  });
});

describe("a dry run on the server takes, without a warning,", () => {
  const dryRun = async (text: string): Promise<string[]> => {
    const file = join(cluster.dir, "dry-run.yaml");
    await writeFile(file, text);
    // what it fails with is seen among the lines
    return (await sh.line(`kubectl apply --server-side --force-conflicts --dry-run=server -f ${file} 2>&1 || true`)).trim().split("\n");
  };

  test.each(inputs)("%s", async (input) => {
    const text = manifests.get(input) ?? "";
    // a dry run makes none
    for (const namespace of new Set(objects(text).map(({ metadata }) => metadata.namespace ?? "default"))) await cluster.request("POST", "/api/v1/namespaces", { metadata: { name: namespace } });
    const lines = await dryRun(text);
    expect(lines.filter((line) => !line.endsWith("serverside-applied (server dry run)"))).toEqual([]);
    expect(lines).toHaveLength(objects(text).length);
  });

  test("no pod that the namespace would refuse", async () => {
    const deployment = objects(manifests.get("config/default") ?? "").find(({ kind }) => kind === "Deployment");
    const [warning] = await dryRun(stringify(deployment).replace("runAsNonRoot: true", "runAsNonRoot: false"));
    expect(warning).toMatch(/Warning: would violate PodSecurity "restricted:latest": runAsNonRoot/);
  });
});

test("a CRD that Helm does not know is refused, until it is handed over as the chart's README says", async () => {
  const install = () => sh.line(`helm install kv-responder-operator ./${operatorChart} --namespace kv-responder-system --dry-run=server`);
  await expect(install()).rejects.toThrow("invalid ownership metadata");
  const lines = readFileSync(join(operatorChart, "README.md"), "utf8").split("\n").filter((line) => /^kubectl (annotate|label) crd /.test(line));
  expect(lines).toHaveLength(2);
  for (const line of lines) await sh.line(line);
  expect(await install()).toContain("The operator is installed.");
});

test("no role of ours has a wildcard, nor what leads to more power", () => {
  const roles = [...manifests.values()].flatMap(objects).filter(({ kind }) => kind === "Role" || kind === "ClusterRole");
  expect(new Set(roles.map(inWords)).size).toBeGreaterThan(5);
  for (const role of roles) {
    const text = JSON.stringify(role["rules"]);
    expect(text, inWords(role)).not.toMatch(/"\*"|"(escalate|bind|impersonate)"|"pods\/exec"|"nodes"|"roles"|nonResourceURLs/);
  }
});

describe("who has the built-in role in a namespace", () => {
  const everyVerb = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
  const wanted: Readonly<Record<string, readonly string[]>> = {
    view: ["get", "list", "watch"],
    edit: ["get", "list", "watch", "create", "update", "patch", "delete"],
    admin: everyVerb,
  };

  const may = async (user: string, verb: string, namespace: string, subresource = ""): Promise<boolean> => {
    const resourceAttributes = { namespace, verb, group: "kvresponder.io", resource: "kvresponders", subresource };
    const asked = { apiVersion: "authorization.k8s.io/v1", kind: "SubjectAccessReview", spec: { user, resourceAttributes } };
    const { body } = await cluster.request<{ status: { allowed: boolean } }>("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", asked);
    return body.status.allowed;
  };

  beforeAll(async () => {
    await cluster.apply(objects(manifests.get("config/default") ?? "").filter(({ kind, metadata }) => kind === "ClusterRole" && metadata.name.startsWith("kvresponder-")));
  });

  test.each(Object.entries(wanted))("%s may do with KVResponders what that role does", async (role, verbs) => {
    const user = `${role}er`;
    await cluster.kubectl("create", "rolebinding", user, `--clusterrole=${role}`, `--user=${user}`, "-n", "team");
    // the controller manager puts the roles together, in its own time
    await waitFor(`${role} is aggregated`, () => may(user, verbs.at(-1) ?? "", "team"));
    for (const verb of everyVerb) expect([verb, await may(user, verb, "team")]).toEqual([verb, verbs.includes(verb)]);
    expect(await may(user, "get", "team", "status")).toBe(true);
    for (const verb of ["update", "patch"]) expect(await may(user, verb, "team", "status")).toBe(false);
    expect(await may(user, "patch", "team", "scale")).toBe(role !== "view");
    expect(await may(user, "get", "default")).toBe(false);
  });

  test("edit makes and scales a cache, and view sees it", async () => {
    const file = join(cluster.dir, "cache.yaml");
    await writeFile(file, stringify(kvresponder("team", "cache")));
    await sh.line(`kubectl apply -f ${file} --as=editer`);
    await sh.line("kubectl scale kvresponder cache -n team --replicas=2 --as=editer");
    expect(await sh.line("kubectl get kvresponder cache -n team -o jsonpath={.spec.replicas} --as=viewer")).toBe("2");
    await expect(sh.line("kubectl delete kvresponder cache -n team --as=viewer")).rejects.toThrow("forbidden");
    await expect(sh.line(`kubectl patch kvresponder cache -n team --subresource=status --type=merge -p '{"status":{"tenant":"x"}}' --as=editer`)).rejects.toThrow("forbidden");
  });
});
