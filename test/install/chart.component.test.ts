// The operator's chart: renders the same operator as kustomize, hands on each flag, and refuses what is misspelt.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { buildManifests } from "../../build/manifests.ts";
import { flagOf, operatorValues } from "../../operator/chart/values.ts";
import { parseOptions, usage } from "../../operator/options.ts";
import { resolveTools } from "../cluster/toolchain.ts";
import type { Manifest } from "../cluster/types.ts";
import { helm } from "../helm/chart.ts";
import { everything, inWords, kustomize, objects, operatorChart, operatorTemplate } from "./rendered.ts";

const namespace = "kv-responder-system";

/** Helm's own labels, and its word that something is kept. */
const helmMarks = new Set(["app.kubernetes.io/managed-by", "helm.sh/chart", "helm.sh/resource-policy"]);

const withoutMarks = ({ metadata, ...rest }: Manifest): Manifest => {
  const kept = (map: unknown) => Object.fromEntries(Object.entries((map ?? {}) as Record<string, string>).filter(([key]) => !helmMarks.has(key)));
  const { annotations, labels, ...named } = metadata;
  return { ...rest, metadata: { ...named, labels: kept(labels), annotations: kept(annotations) } };
};

const byName = (list: readonly Manifest[]): Record<string, Manifest> => Object.fromEntries(list.map((object) => [inWords(object), withoutMarks(object)]));

const deploymentOf = (text: string) => {
  type Container = { image: string; args: string[]; env: { value: string }[] };
  const found = objects(text).find((object) => object.kind === "Deployment") as (Manifest & { spec: { template: { metadata: Manifest["metadata"]; spec: { containers: Container[] } & Record<string, unknown> } } }) | undefined;
  const container = found?.spec.template.spec.containers[0];
  if (!found || !container) throw new Error("there is no operator in it");
  return { pod: found.spec.template, container };
};

describe("the chart and kustomize", () => {
  test("render the same objects", async () => {
    const folders = await Promise.all(["default", "prometheus", "network-policy"].map(kustomize));
    // Helm makes the namespace itself
    const shipped = folders.flatMap(objects).filter((object) => object.kind !== "Namespace");
    const chart = byName(objects(await operatorTemplate("--skip-tests", ...everything)));
    expect(Object.keys(chart).toSorted()).toEqual(Object.keys(byName(shipped)).toSorted());
    expect(chart).toEqual(byName(shipped));
  });

  test("render the operator alone when nothing is set", async () => {
    const chart = objects(await operatorTemplate("--skip-tests")).map(inWords);
    const shipped = objects(await kustomize("default")).filter((object) => object.kind !== "Namespace");
    expect(chart.toSorted()).toEqual([...shipped.map(inWords), `Service ${namespace}/kv-responder-operator-metrics`].toSorted());
  });
});

describe("the operator's flags", () => {
  /** What the chart decides: the address is the pod's, the port has its name, the account is the pod's own. */
  const decided = ["port", "host", "kubeconfig"];
  /** What has a value of its own. */
  const elsewhere = ["responder-image", "namespaces"];
  const known = [...new Set([...usage.matchAll(/--([a-z-]+)/g)].map((match) => String(match[1])))];
  const config = Object.keys(operatorValues["config"]?.properties ?? {});

  test("are all values of the chart", () => expect([...config.map(flagOf), ...decided, ...elsewhere].toSorted()).toEqual(known.toSorted()));

  const examples: Readonly<Record<string, unknown>> = {
    workers: 7,
    maxConcurrentRollouts: 2,
    tenantPolicy: "NamespaceLabel",
    allowedImages: ["registry.example/caches/", "localhost/kvr/"],
    logLevel: "debug",
    tokenPropagation: "3m",
    tokenOverlap: "2h",
    resourceSeries: 0,
    traceEndpoint: "http://jaeger.observability:4318",
    traceSampleRatio: 0.05,
    monitoringLabels: { release: "kps", team: "platform" },
    monitoringNamespaces: ["monitoring", "observability"],
    grafanaUrl: "https://grafana.example",
  };

  test("each has an example here", () => expect(Object.keys(examples).toSorted()).toEqual(config.toSorted()));

  test("have the operator's own defaults beside them, in values.yaml and in the README", async () => {
    const own = Object.fromEntries(Object.entries(operatorValues["config"]?.properties ?? {}).flatMap(([name, { $comment }]) => ($comment === undefined ? [] : [[name, parse($comment) as unknown]])));
    expect(own).toMatchObject({ workers: 4, tokenOverlap: "1h" });
    const { container } = deploymentOf(await operatorTemplate("--set-json", `config=${JSON.stringify(own)}`));
    expect(container.args.length).toBe(2 + Object.keys(own).length);
    expect(parseOptions(container.args)).toEqual(parseOptions(["--responder-image=localhost/kvr/responder:0.1.0"]));
  });

  test("reach the operator as they are meant", async () => {
    const { container } = deploymentOf(await operatorTemplate("--set-json", `config=${JSON.stringify(examples)},watchNamespaces=["team-a","team-b"]`));
    expect(parseOptions(container.args)).toEqual({
      ...parseOptions(["--responder-image=localhost/kvr/responder:0.1.0"]),
      namespaces: ["team-a", "team-b"],
      workers: 7,
      maxConcurrentRollouts: 2,
      tenantPolicy: "NamespaceLabel",
      allowedImages: ["registry.example/caches/", "localhost/kvr/"],
      logLevel: "debug",
      propagationMs: 180_000,
      overlapMs: 7_200_000,
      resourceSeries: 0,
      traceEndpoint: "http://jaeger.observability:4318",
      traceSampleRatio: 0.05,
      monitoringLabels: { release: "kps", team: "platform" },
      monitoringNamespaces: ["monitoring", "observability"],
      grafanaUrl: "https://grafana.example",
    });
  });
});

describe("values", () => {
  test("images are named by tag, or by digest", async () => {
    const digest = `sha256:${"a".repeat(64)}`;
    const { container } = deploymentOf(await operatorTemplate("--set", `image.repository=registry.example/op,image.digest=${digest},responderImage.tag=2.0.0`));
    expect(container.image).toBe(`registry.example/op@${digest}`);
    expect(parseOptions(container.args).responderImage).toBe("localhost/kvr/responder:2.0.0");
  });

  test("of the pod reach it, and cannot take its own labels away", async () => {
    const values = { podLabels: { team: "platform", "app.kubernetes.io/component": "mine" }, podAnnotations: { a: "b" }, nodeSelector: { "kubernetes.io/arch": "amd64" }, tolerations: [{ operator: "Exists" }], affinity: { nodeAffinity: {} }, priorityClassName: "system-cluster-critical", imagePullSecrets: [{ name: "registry" }], resources: { limits: { memory: "512Mi" } }, nodeOptions: "--max-old-space-size=300" };
    const { pod, container } = deploymentOf(await operatorTemplate(...Object.entries(values).flatMap(([key, value]) => ["--set-json", `${key}=${JSON.stringify(value)}`])));
    const { podLabels, podAnnotations, resources, nodeOptions, ...fields } = values;
    expect(pod.metadata).toMatchObject({ labels: { team: podLabels.team, "app.kubernetes.io/component": "operator", "app.kubernetes.io/name": "kv-responder-operator" }, annotations: podAnnotations });
    expect(pod.spec).toMatchObject(fields);
    expect(container).toMatchObject({ env: [{ name: "NODE_OPTIONS", value: nodeOptions }], resources: { limits: resources.limits } });
  });

  test("that switch things off take them away", async () => {
    const kinds = objects(await operatorTemplate("--skip-tests", "--set", "crds.install=false,userRoles.enabled=false,podDisruptionBudget.enabled=false")).map((object) => object.kind);
    expect(kinds.toSorted()).toEqual(["ClusterRole", "ClusterRoleBinding", "Deployment", "Service", "ServiceAccount"]);
  });

  test("give a Role in each namespace that is watched, with the same rules, and no ClusterRole for the operator", async () => {
    const all = objects(await operatorTemplate("--set", "watchNamespaces={team-a,team-b}"));
    const roles = all.filter(({ kind }) => kind.includes("Role")).map(inWords);
    expect(roles.toSorted()).toEqual([
      "ClusterRole kvresponder-admin",
      "ClusterRole kvresponder-editor",
      "ClusterRole kvresponder-viewer",
      ...["team-a", "team-b"].map((team) => `Role ${team}/kv-responder-operator`),
      ...["team-a", "team-b"].map((team) => `RoleBinding ${team}/kv-responder-operator`),
    ]);
    const clusterWide = objects(await operatorTemplate()).find((object) => inWords(object) === "ClusterRole kv-responder-operator");
    for (const role of all.filter(({ kind }) => kind === "Role")) expect(role["rules"]).toEqual(clusterWide?.["rules"]);
    for (const binding of all.filter(({ kind }) => kind === "RoleBinding")) {
      expect(binding).toMatchObject({ roleRef: { kind: "Role", name: "kv-responder-operator" }, subjects: [{ kind: "ServiceAccount", name: "kv-responder-operator", namespace }] });
    }
  });

  test.each([
    ["http://jaeger.observability:4318/otlp", 4318],
    ["http://collector", 80],
    ["https://collector", 443],
  ])("let traces out to %s", async (traceEndpoint, port) => {
    const text = await operatorTemplate("--set", `networkPolicy.enabled=true,config.traceEndpoint=${traceEndpoint}`);
    const policy = objects(text).find(({ kind }) => kind === "NetworkPolicy") as Manifest & { spec: { egress: object[] } };
    expect(policy.spec.egress.at(-1)).toEqual({ ports: [{ port, protocol: "TCP" }] });
  });

  test("put the alerts where the release is", async () => {
    const text = await operatorTemplate("--namespace=elsewhere", ...everything);
    expect(text).not.toContain("kv-responder-system");
  });

  test.each([
    ["a misspelt value", "imagee.tag=1", "'imagee' not allowed"],
    ["a misspelt flag", "config.worker=1", "'worker' not allowed"],
    ["a flag out of bounds", "config.workers=65", "/config/workers"],
    ["another level", "config.logLevel=loud", "/config/logLevel"],
    ["a digest that is none", "image.digest=latest", "/image/digest"],
    ["no namespace's name", "watchNamespaces={Team}", "/watchNamespaces/0"],
  ])("refuse %s", async (_, set, message) => expect(operatorTemplate("--set", set)).rejects.toThrow(message));

  test("mark nothing with what Argo CD tracks by", async () => {
    const all = [await operatorTemplate(...everything), ...(await Promise.all(["default", "prometheus", "network-policy"].map(kustomize)))].flatMap(objects);
    const marks = all.flatMap(({ metadata, spec }) => {
      const template = (spec as { template?: Pick<Manifest, "metadata"> } | undefined)?.template?.metadata;
      return [metadata, template].flatMap((of) => Object.keys({ ...of?.labels, ...(of?.["annotations"] as object | undefined) }));
    });
    expect(marks).toContain("app.kubernetes.io/part-of");
    expect(marks.filter((mark) => mark === "app.kubernetes.io/instance" || mark.startsWith("argocd."))).toEqual([]);
  });
});

test("the CRD is kept at an uninstall, unless it is not to be", async () => {
  const crd = async (...args: string[]) => objects(await operatorTemplate(...args)).find(({ kind }) => kind === "CustomResourceDefinition");
  expect((await crd())?.metadata["annotations"]).toEqual({ "helm.sh/resource-policy": "keep" });
  expect((await crd("--set", "crds.keep=false"))?.metadata["annotations"]).toBeUndefined();
});

test("helm lint has no complaint", async () => expect(await helm(["lint", operatorChart, "--strict", "--kube-version=1.36.3", ...everything])).toContain("0 chart(s) failed"));

test("make manifests writes what kustomize prints, with the images as told, and both charts", async () => {
  const out = await mkdtemp(join(tmpdir(), "kvr-manifests-"));
  try {
    const tools = await resolveTools(["kubectl", "helm"]);
    const [install = "", ...charts] = await buildManifests({ ...tools, out });
    const shipped = await kustomize("default");
    expect(await readFile(install, "utf8")).toBe(shipped);
    expect(charts).toEqual([join(out, "kv-responder-operator-0.1.0.tgz"), join(out, "kv-responder-0.1.0.tgz")]);
    // the package is the chart
    expect(await helm(["template", "kv-responder-operator", charts[0] ?? "", `--namespace=${namespace}`, "--kube-version=1.36.3"])).toBe(await operatorTemplate());
    await buildManifests({ ...tools, out, images: { operator: "registry.example/kvr/operator:1", responder: "registry.example/kvr/responder:1" } });
    const { container } = deploymentOf(await readFile(install, "utf8"));
    expect(container.image).toBe("registry.example/kvr/operator:1");
    expect(parseOptions(container.args).responderImage).toBe("registry.example/kvr/responder:1");
    expect((await readFile(install, "utf8")).replaceAll("registry.example/", "localhost/").replaceAll(/(kvr\/(?:operator|responder)):1$/gm, "$1:0.1.0")).toBe(shipped);
  } finally {
    await rm(out, { recursive: true, force: true });
  }
});

test("the chart has the project's version", async () => {
  const { version } = JSON.parse(await readFile("package.json", "utf8")) as { version: string };
  expect(parse(await readFile(join(operatorChart, "Chart.yaml"), "utf8"))).toMatchObject({ version, appVersion: version });
});
