// Every alert: scoped to one instance, routable, of one severity, with a runbook that ships.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertNames, alertThresholds } from "#crds/alerts";
import { alerts } from "../../../operator/observability/alerts/catalogue.ts";
import { platformAlertNames } from "../../../operator/observability/platform-alerts.ts";
import { type AlertingRule, ruleGroup, type RulesInput } from "../../../operator/observability/rules.ts";
import { context } from "../render/contexts.ts";
import { prometheusRule } from "../../../operator/render/prometheus-rule.ts";
import { readPromql } from "./promql-reader.ts";

const input = (more: Partial<RulesInput> = {}): RulesInput => ({
  namespace: "team-a",
  name: "orders",
  tenant: "acme",
  replicas: 3,
  scraped: true,
  sampleLimit: 2_000,
  evictionPolicy: "NoEviction",
  objectives: { availability: 99.9, latency: { percent: 99, threshold: "10ms" } },
  ...more,
});
const rules = (more?: Partial<RulesInput>): AlertingRule[] => ruleGroup(input(more)).rules.flatMap((rule) => ("alert" in rule ? [rule] : []));
const recorded = (more?: Partial<RulesInput>) => ruleGroup(input(more)).rules.flatMap((rule) => ("record" in rule ? [rule] : []));
const names = (more?: Partial<RulesInput>): string[] => [...new Set(rules(more).map((r) => r.alert))];

const runbooks = resolve(import.meta.dirname, "../../../docs/runbooks");

describe.each(rules().map((rule) => ({ ...rule, window: rule.labels["window"] ?? "" })))("$alert $window", (rule) => {
  test("is valid PromQL, and every selector pins down the instance", () => {
    const { errors, selectors } = readPromql(rule.expr);
    expect(errors).toBe(0);
    expect(selectors.length).toBeGreaterThan(0);
    for (const s of selectors) expect(s.matchers).toEqual(expect.arrayContaining(['namespace="team-a"', 'tenant="acme"', 'kvresponder="orders"']));
  });

  test("keeps the instance's labels in every aggregation, so that it works under an enforced namespace", () => {
    for (const [aggregation] of rule.expr.matchAll(/\b(sum|max|count|min|avg)\b( by \([^)]*\))?/g)) expect(aggregation).toMatch(/by \((le, )?namespace, tenant, kvresponder\)/);
  });

  test("says whose it is and how bad", () => {
    expect(rule.labels).toEqual({
      severity: expect.stringMatching(/^(critical|warning|info)$/),
      signal: expect.stringMatching(/^[a-z]+$/),
      ...(rule.window !== "" && { window: rule.window }),
      namespace: "team-a",
      tenant: "acme",
      kvresponder: "orders",
    });
    expect(rule.annotations["summary"]).toContain("team-a/orders");
    expect(rule.annotations["description"]).toContain("acme");
  });

  test("links a page that ships, with the four things a person on call needs", () => {
    const url = rule.annotations["runbook_url"] ?? "";
    expect(url).toMatch(/^https:\/\/github\.com\/kv-responder\/kv-responder\/blob\/main\/docs\/runbooks\//);
    const file = resolve(runbooks, basename(url));
    expect(existsSync(file)).toBe(true);
    const text = readFileSync(file, "utf8");
    expect(text).toContain(`# ${rule.alert}`);
    for (const heading of ["Meaning", "Impact", "Diagnosis", "Mitigation"]) expect(text).toContain(`## ${heading}\n`);
    expect(text).toContain(alerts[rule.alert as keyof typeof alerts].severity);
    expect(text).toContain(rule.for === "0s" ? "at once" : rule.for);
    expect(text).toContain("kubectl");
  });
});

test("no runbook is left over from an alert that is gone", () => {
  expect(readdirSync(runbooks).filter((f) => f !== "README.md").toSorted()).toEqual([...alertNames, ...platformAlertNames].map((n) => `${n}.md`).toSorted());
});

test("a resource of three pods that evicts nothing has every alert", () => expect(names()).toEqual(alertNames));

const peers = ["KVResponderPeerIsolated", "KVResponderPeersMissing", "KVResponderReplicationLagHigh", "KVResponderReplicationRefused", "KVResponderReplicationDropping", "KVResponderClockAhead", "KVResponderDivergence"];
test.each<[string, Partial<RulesInput>, readonly string[]]>([
  ["one pod is either there or down, and has no peers", { replicas: 1 }, ["KVResponderReplicasUnavailable", ...peers]],
  ["none is wanted, so none is missed", { replicas: 0 }, ["KVResponderDown", "KVResponderReplicasUnavailable", ...peers]],
  ["a cache that evicts is full on purpose", { evictionPolicy: "TinyLFU" }, ["KVResponderMemoryHigh"]],
  ["scraped by another's monitor, our limits say nothing", { scraped: false }, ["KVResponderScrapeTruncated"]],
  ["one that is switched off", { overrides: { KVResponderErrors: { enabled: false } } }, ["KVResponderErrors"]],
])("%s", (_, more, without) => expect(names(more)).toEqual(alertNames.filter((name) => !without.includes(name))));

test("without our ServiceMonitor a missing target is no news, one that does not answer is", () => {
  const [down] = rules({ scraped: false });
  expect(down?.expr).toBe('max by (namespace, tenant, kvresponder) (up{kvresponder="orders",namespace="team-a",tenant="acme"}) == 0');
});

test("no two rules have the same name and labels: Prometheus would tell them apart by chance", () => {
  const keys = [...rules().map(({ alert, labels }) => JSON.stringify([alert, labels])), ...recorded().map(({ record, labels }) => JSON.stringify([record, labels]))];
  expect(new Set(keys).size).toBe(keys.length);
});

test("each window is recorded once, and from what was recorded before it", () => {
  const stored = new Set<string>();
  for (const { record, expr } of recorded()) {
    for (const { metric } of readPromql(expr).selectors) if (metric.startsWith("kvresponder:")) expect([...stored]).toContain(metric);
    stored.add(record);
  }
  // every alert reads what is there
  for (const { expr } of rules()) for (const { metric } of readPromql(expr).selectors) if (metric.startsWith("kvresponder:")) expect([...stored]).toContain(metric);
});

describe("what the resource sets", () => {
  const rule = (name: string, more: Partial<RulesInput>) => rules(more).filter(({ alert }) => alert === name);

  test.each(alertNames.filter((name) => alertThresholds[name]))("a threshold of %s is in its expression, and in no other's", (name) => {
    const [before, after] = [rules(), rules({ overrides: { [name]: { threshold: 0.123 } } })];
    expect(after.filter(({ expr }, i) => expr !== before[i]?.expr).map(({ alert }) => alert)).toEqual([name]);
    expect(rule(name, { overrides: { [name]: { threshold: 0.123 } } })[0]?.expr).toContain("0.123");
  });

  test("severity and time hold for each window of a budget", () => {
    const burn = rule("KVResponderErrorBudgetBurnFast", { overrides: { KVResponderErrorBudgetBurnFast: { severity: "info", for: "23m" } } });
    expect(burn.map(({ labels, for: held }) => [labels["window"], labels["severity"], held])).toEqual([
      ["1h", "info", "23m"],
      ["6h", "info", "23m"],
    ]);
  });

  test("objectives set the budgets' bounds, and the bucket that is fast enough", () => {
    const objectives = { availability: 99, latency: { percent: 95, threshold: "2.5ms" } } as const;
    const text = JSON.stringify(ruleGroup(input({ objectives })).rules);
    expect(text).toContain("> 0.144)");
    expect(text).toContain("> 0.72)");
    expect(text).toContain('le=\\"0.0025\\"');
  });

  test("half of what is evicted is young by the measure of defaultTTL", () => expect(rule("KVResponderEvictionsYoung", { defaultTtlSeconds: 3_600 })[0]?.expr).toContain("< 900)"));

  test("extra labels are on each alert, and never win over ours", () => {
    for (const { labels } of rules({ extraLabels: { team: "checkout", tenant: "evil" } })) expect(labels).toMatchObject({ team: "checkout", tenant: "acme" });
  });

  test("links lead to the Grafana that the operator was told of, or stay paths", () => {
    const url = (grafanaUrl?: string) => rules(grafanaUrl === undefined ? {} : { grafanaUrl })[0]?.annotations["dashboard_url"];
    expect(url()).toBe("/d/kvr-75c1a60b898072af828207cff435c7e5");
    expect(url("https://grafana.example/")).toBe("https://grafana.example/d/kvr-75c1a60b898072af828207cff435c7e5");
  });
});

test("groups of different instances never share a name", () => {
  const group = (namespace: string, name: string) => ruleGroup(input({ namespace, name })).name;
  expect(group("a-b", "c")).not.toBe(group("a", "b-c"));
});

test("no tenant's name can change the shape of a rule", () => {
  const shape = (tenant: string) => ruleGroup(input({ tenant })).rules.map((r) => readPromql(r.expr)).map((r) => [r.errors, r.selectors.map((s) => [s.metric, s.matchers.length])]);
  const expected = shape("acme");
  fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.stringMatching(/^["\\{}=,\n]{1,8}$/)), (tenant) => void expect(shape(tenant)).toEqual(expected)), { numRuns: 60 });
  // some thousand parses, on a machine that may be busy
}, 30_000);

test("the PrometheusRule takes the labels by which a Prometheus selects, and the operator's stay", () => {
  const rule = prometheusRule(context({ monitoring: { rules: { labels: { release: "stack" } } } }));
  expect(rule?.metadata.labels).toMatchObject({ release: "stack", "kvresponder.io/name": "orders" });
});
