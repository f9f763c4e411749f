// config/prometheus: the operator's targets and the platform's rules, held against the Deployment that they speak of.
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { conditionReasons } from "#crds/conditions";
import { platformRuleYaml } from "../../operator/generate.ts";
import { operatorMetrics } from "../../operator/metrics.ts";
import { operatorJob, operatorNamespace } from "../../operator/observability/platform-links.ts";
import { parseOptions } from "../../operator/options.ts";
import { sampleBound, type MetricDef } from "#telemetry/catalogue";

const config = resolve(import.meta.dirname, "../../config");
const text = (path: string): string => readFileSync(resolve(config, path), "utf8");

type Labels = Readonly<Record<string, string>>;
interface Meta {
  readonly name: string;
  readonly namespace: string;
  readonly labels: Labels;
}

const service = parse(text("prometheus/service.yaml")) as { metadata: Meta; spec: { selector: Labels; ports: { name: string; port: number; targetPort: string }[] } };
const monitor = parse(text("prometheus/service_monitor.yaml")) as {
  metadata: Meta;
  spec: { selector: { matchLabels: Labels }; sampleLimit: number; jobLabel?: string; namespaceSelector?: object; endpoints: { port: string; path: string; honorLabels: boolean }[] };
};
const deployment = parse(text("manager/manager.yaml")) as {
  metadata: Meta;
  spec: { selector: { matchLabels: Labels }; template: { metadata: { labels: Labels }; spec: { containers: { args: string[]; ports: { name: string; containerPort: number }[] }[] } } };
};
const container = deployment.spec.template.spec.containers[0];
if (!container) throw new Error("the operator has no container");

const selects = (selector: Labels, labels: Labels): boolean => Object.entries(selector).every(([k, v]) => labels[k] === v);

describe("the operator's Service", () => {
  test("selects the operator's pods", () => expect(selects(service.spec.selector, deployment.spec.template.metadata.labels)).toBe(true));

  test("leads to the port of the metrics", () => {
    expect(service.spec.ports).toEqual([{ name: "metrics", port: 8080, targetPort: "http", protocol: "TCP" }]);
    expect(container.ports.find((p) => p.name === "http")?.containerPort).toBe(parseOptions(container.args).port);
  });

  test("has the name that alerts and dashboards look for", () => {
    expect(service.metadata).toMatchObject({ name: operatorJob, namespace: operatorNamespace });
    // with a jobLabel the job would be the value of that label
    expect(monitor.spec.jobLabel).toBeUndefined();
  });
});

describe("the operator's ServiceMonitor", () => {
  test("selects that Service, in its own namespace, and nothing else of ours", () => {
    expect(selects(monitor.spec.selector.matchLabels, service.metadata.labels)).toBe(true);
    expect(monitor.spec.namespaceSelector).toBeUndefined();
    expect([service, monitor, deployment].map((o) => o.metadata.namespace)).toEqual([operatorNamespace, operatorNamespace, operatorNamespace]);
    // tenants' Services have another name label
    expect(monitor.spec.selector.matchLabels["app.kubernetes.io/name"]).toBe("kv-responder-operator");
  });

  test("scrapes the port that the Service has, and believes no label of the process", () => {
    expect(monitor.spec.endpoints).toEqual([{ port: service.spec.ports[0]?.name, path: "/metrics", interval: "30s", scrapeTimeout: "10s", honorLabels: false }]);
  });

  test("lets through twice what the operator shows of as many resources as it shows by default", () => {
    const defs: MetricDef[] = Object.values(operatorMetrics);
    const ofResources = defs.filter((def) => def.labels && "kvresponder" in def.labels);
    // each condition has one status at a time
    const perResource = ofResources.length - 1 + Object.keys(conditionReasons).length;
    const rest = defs.filter((def) => !ofResources.includes(def)).reduce((n, def) => n + sampleBound(def), 0);
    expect(monitor.spec.sampleLimit).toBeGreaterThan(2 * (parseOptions(container.args).resourceSeries * perResource + rest));
  });
});

describe("the platform's rules", () => {
  test("are the generated ones", () => expect(text("prometheus/prometheus_rule.yaml")).toBe(platformRuleYaml()));

  test("are in the operator's namespace, which is on each alert", () => {
    const rule = parse(text("prometheus/prometheus_rule.yaml")) as { metadata: Meta; spec: { groups: { rules: { alert?: string; labels?: Labels }[] }[] } };
    expect(rule.metadata.namespace).toBe(operatorNamespace);
    const alerts = rule.spec.groups.flatMap((g) => g.rules).filter((r) => r.alert !== undefined);
    expect(new Set(alerts.map((r) => r.labels?.["namespace"]))).toEqual(new Set([operatorNamespace]));
  });
});

test("kubectl apply -k config/prometheus brings all of it, and config/default none", () => {
  const { resources } = parse(text("prometheus/kustomization.yaml")) as { resources: string[] };
  const files = readdirSync(resolve(config, "prometheus")).filter((f) => f.endsWith(".yaml") && f !== "kustomization.yaml");
  expect(resources.toSorted()).toEqual(files.toSorted());
  expect((parse(text("default/kustomization.yaml")) as { resources: string[] }).resources).not.toContain("../prometheus");
});
