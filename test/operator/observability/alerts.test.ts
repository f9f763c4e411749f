// Every alert: scoped to one instance, routable, of one severity, with a runbook that ships.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { alertNames, alerts, type AlertInput } from "../../../operator/observability/alerts.ts";
import { alertGroup, type AlertingRule } from "../../../operator/observability/rules.ts";
import { context } from "../render/contexts.ts";
import { prometheusRule } from "../../../operator/render/prometheus-rule.ts";
import { readPromql } from "./promql-reader.ts";

const input = (more: Partial<AlertInput> = {}): AlertInput => ({ namespace: "team-a", name: "orders", tenant: "acme", replicas: 3, scraped: true, ...more });
const rules = (more?: Partial<AlertInput>): AlertingRule[] => alertGroup(input(more)).rules;
const names = (more?: Partial<AlertInput>): string[] => rules(more).map((r) => r.alert);

const runbooks = resolve(import.meta.dirname, "../../../docs/runbooks");

describe.each(rules())("$alert", (rule) => {
  test("is valid PromQL, and every selector pins down the instance", () => {
    const { errors, selectors } = readPromql(rule.expr);
    expect(errors).toBe(0);
    expect(selectors.length).toBeGreaterThan(0);
    for (const s of selectors) expect(s.matchers).toEqual(expect.arrayContaining(['namespace="team-a"', 'tenant="acme"', 'kvresponder="orders"']));
  });

  test("keeps the instance's labels in every aggregation, so that it works under an enforced namespace", () => {
    for (const [aggregation] of rule.expr.matchAll(/\b(sum|max|count|min|avg)\b( by \([^)]*\))?/g)) expect(aggregation).toContain("by (namespace, tenant, kvresponder)");
  });

  test("says whose it is and how bad", () => {
    expect(rule.labels).toEqual({ severity: expect.stringMatching(/^(critical|warning|info)$/), namespace: "team-a", tenant: "acme", kvresponder: "orders" });
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
    expect(text).toContain(rule.for);
    expect(text).toContain("kubectl");
  });
});

test("no runbook is left over from an alert that is gone", () => {
  expect(readdirSync(runbooks).filter((f) => f !== "README.md").toSorted()).toEqual(alertNames.map((n) => `${n}.md`).toSorted());
});

test.each<[string, Partial<AlertInput>, string[]]>([
  ["three pods", {}, ["KVResponderDown", "KVResponderReplicasUnavailable", "KVResponderHitRatioLow"]],
  ["one pod is either there or down", { replicas: 1 }, ["KVResponderDown", "KVResponderHitRatioLow"]],
  ["none is wanted, so none is missed", { replicas: 0 }, ["KVResponderHitRatioLow"]],
])("%s", (_, more, expected) => expect(names(more)).toEqual(expected));

test("without our ServiceMonitor a missing target is no news, one that does not answer is", () => {
  const [down] = rules({ scraped: false });
  expect(down?.expr).toBe('max by (namespace, tenant, kvresponder) (up{kvresponder="orders",namespace="team-a",tenant="acme"}) == 0');
});

test("groups of different instances never share a name", () => {
  const group = (namespace: string, name: string) => alertGroup(input({ namespace, name })).name;
  expect(group("a-b", "c")).not.toBe(group("a", "b-c"));
});

test("no tenant's name can change the shape of a rule", () => {
  const shape = (tenant: string) => rules({ tenant }).map((r) => readPromql(r.expr)).map((r) => [r.errors, r.selectors.map((s) => [s.metric, s.matchers.length])]);
  const expected = shape("acme");
  fc.assert(fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 20 }), fc.stringMatching(/^["\\{}=,\n]{1,8}$/)), (tenant) => void expect(shape(tenant)).toEqual(expected)), { numRuns: 60 });
  // some thousand parses, on a machine that may be busy
}, 30_000);

test("the PrometheusRule takes the labels by which a Prometheus selects, and the operator's stay", () => {
  const rule = prometheusRule(context({ monitoring: { rules: { labels: { release: "stack" } } } }));
  expect(rule?.metadata.labels).toMatchObject({ release: "stack", "kvresponder.io/name": "orders" });
});
