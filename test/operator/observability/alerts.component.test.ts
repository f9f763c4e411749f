// The alerts as Prometheus evaluates them: promtool checks the rules and plays a fault for each, beside neighbours in the same namespace that are well.
import { alertNames, alertThresholds, type AlertName } from "#crds/alerts";
import { parseDuration } from "#crds/duration";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AlertInput } from "../../../operator/observability/alerts/alert.ts";
import { alerts, ownThreshold } from "../../../operator/observability/alerts/catalogue.ts";
import { dashboardUrl } from "../../../operator/observability/dashboard-link.ts";
import { type Override, ruleGroup, type RulesInput } from "../../../operator/observability/rules.ts";
import { runbookUrl } from "../../../operator/observability/runbooks.ts";
import { reckon } from "./burn-model.ts";
import { type Check, type Expected, type Promtool, type Series, series, startPromtool } from "./promtool.ts";
import { onlyOf } from "./rules-subset.ts";
import { healthy, lookupsThatMiss, onset, scenarios, traffic } from "./scenarios.ts";

let promtool: Promtool;
beforeAll(async () => {
  promtool = await startPromtool();
}, 300_000);
afterAll(() => promtool[Symbol.asyncDispose]());

const objectives = { availability: 99.9, latency: { percent: 99, threshold: "10ms" } } as const;
/** All share a namespace. */
const instance = (name: string, more: Partial<RulesInput> = {}): RulesInput => ({ namespace: "shared", name, tenant: `tenant-of-${name}`, replicas: 3, scraped: true, sampleLimit: 2_000, evictionPolicy: "TinyLFU", objectives, ...more });

interface Firing {
  readonly of: RulesInput;
  readonly value: string;
  readonly window?: string | undefined;
}

const expected = (name: AlertName, { of, value, window }: Firing): Expected => {
  const { severity = alerts[name].severity, threshold = ownThreshold(name, of) }: Override = of.overrides?.[name] ?? {};
  const [summary, text] = [alerts[name].summary, alerts[name].description].map((say) => say(of, threshold).replace("{{ $labels.window }}", window ?? ""));
  return {
    exp_labels: { ...of.extraLabels, severity, signal: alerts[name].signal, ...(window !== undefined && { window }), namespace: of.namespace, tenant: of.tenant, kvresponder: of.name },
    exp_annotations: { summary: summary ?? "", description: (text ?? "").replace(/\{\{[^}]*\}\}/, value), runbook_url: runbookUrl(name), dashboard_url: dashboardUrl(of) },
  };
};

/** The shortest: that of a scenario. */
const heldFor = (name: AlertName, input: AlertInput): number => {
  const [rule] = ruleGroup(input).rules.flatMap((each) => ("alert" in each && each.alert === name ? [each] : []));
  return parseDuration(rule?.for ?? "0s") / 60_000;
};

test("promtool accepts the rules of every kind of instance", async () => {
  const kinds = [instance("three"), instance("none", { replicas: 0 }), instance("one", { replicas: 1 }), instance("foreign", { scraped: false }), instance("full", { evictionPolicy: "NoEviction", defaultTtlSeconds: 60 })];
  expect(await promtool.check(kinds.map(ruleGroup))).toContain("SUCCESS");
});

const played = Object.keys(scenarios) as (keyof typeof scenarios)[];

describe.each(played)("%s", (name) => {
  const { fault, mild, from, value, valueAt = () => value, window, lower, higher, also = [], input = {} } = scenarios[name];
  const override = (set: Override): Partial<RulesInput> => ({ ...input, overrides: { [name]: set } });
  const plain = instance("plain", { ...input, extraLabels: { team: "checkout" } });
  const disabled = instance("disabled", override({ enabled: false }));
  const milder = instance("milder", input);
  const louder = instance("louder", override({ severity: "info" }));
  const patient = instance("patient", override({ for: "23m" }));
  const raised = instance("raised", override({ threshold: higher }));
  const lowered = instance("lowered", override({ threshold: lower?.threshold }));
  const neighbour = instance("neighbour");
  // with several windows one `for` holds for each, and the longer ones come into play
  const faulty = [plain, disabled, louder, ...(window === undefined ? [patient] : []), ...(higher === undefined ? [] : [raised])];
  const mildly = [...(mild ? [milder] : []), ...(mild && lower ? [lowered] : [])];
  const everyone = [...faulty, ...mildly, neighbour];
  const later = from - heldFor(name, plain) + 23;

  const checks = (minute: number): Check => {
    const firing: Firing[] = [
      ...[plain, louder].flatMap((of) => (minute >= from ? [{ of, value: valueAt(minute), window }] : [])),
      ...(window === undefined && minute >= later ? [{ of: patient, value: valueAt(minute), window }] : []),
      ...(mild && lower && minute >= lower.from ? [{ of: lowered, value: lower.value, window }] : []),
    ];
    return { alertname: name, minute, expected: firing.map((each) => expected(name, each)) };
  };

  test("fires for the faulty instance, at its minute, as the resource sets it; no neighbour's does, nor another alert", async () => {
    // what else might fire depends on the fault alone, so all rules for each kind of fault, and for the rest this alert's
    const groups = everyone.map((of) => (of === plain || of === milder ? ruleGroup(of) : onlyOf(ruleGroup(of), name)));
    const input = [...faulty.flatMap(fault), ...mildly.flatMap((i) => mild?.(i) ?? []), ...healthy(neighbour)];
    const minutes = [onset, from - 1, from, ...(lower ? [lower.from - 1, lower.from] : [])].toSorted((a, b) => a - b);
    const others = alertNames.filter((other) => other !== name && !also.includes(other));
    const silent = others.map((alertname): Check => ({ alertname, minute: from, expected: [] }));
    expect(await promtool.test(groups, input, [...[...new Set(minutes)].map(checks), ...silent])).toBe("");
  });
});

test("every alert is played, and with every threshold that may be set", () => {
  expect([...played, "KVResponderHitRatioDrop"].toSorted()).toEqual(alertNames.toSorted());
  for (const name of played) if (alertThresholds[name]) expect([name, scenarios[name].higher]).not.toEqual([name, undefined]);
});

const minutesOf = (window: string): number => parseDuration(window.replace(/(\d+)d/, (_, days) => `${Number(days) * 24}h`)) / 60_000;

/** Three days are played on a real Prometheus: burn-history.component.test.ts. With a history as long as the window, of ten operations a second of which none failed; then a share that only this window is to notice. */
describe.each([
  { name: "KVResponderErrorBudgetBurnFast", window: "6h", short: "30m", factor: 6, held: 15, share: 0.0105, history: "6h" },
  { name: "KVResponderErrorBudgetBurnSlow", window: "1d", short: "2h", factor: 3, held: 60, share: 0.0055, history: "1d" },
] as const)("$name over $window", ({ name, window, short, factor, held, share, history }) => {
  test("fires when the whole window says so, and names it", async () => {
    const start = minutesOf(history);
    const end = 2.5 * start;
    const { from, valueAt } = reckon((minute) => (minute > start ? share : 0), { long: start, short: minutesOf(short), bound: factor * 0.001, for: held }, end);
    // not at once: a window that is really as long takes its time
    expect(from).toBeGreaterThan(start + start / 4);
    const of = instance("lasting");
    // days of minutes: only the rules that this takes
    const group = onlyOf(ruleGroup(of), name, window);
    const check = (minute: number, firing: readonly Firing[]): Check => ({ alertname: name, minute, expected: firing.map((each) => expected(name, each)) });
    const input = traffic(of, 600, 600 * share, { before: start, after: end - start });
    expect(await promtool.test([group], input, [check(from - 1, []), check(from, [{ of, value: valueAt(from), window }])])).toBe("");
  }, 120_000);
});

describe("KVResponderHitRatioDrop", () => {
  const day = 24 * 60;
  /** A day of hits, then a day in which this share of them misses. */
  const lookups = (i: RulesInput, missed: number) => lookupsThatMiss(i, 600, 600 * missed, { before: day, after: day });
  const plain = instance("plain");
  const mild = instance("mild");
  const lowered = instance("lowered", { overrides: { KVResponderHitRatioDrop: { threshold: 0.8 } } });
  const quiet = instance("quiet");
  const firing = (...all: Firing[]) => all.map((each) => expected("KVResponderHitRatioDrop", each));

  test("fires where it is less than half of what it was at this time yesterday, and traffic enough to say so", async () => {
    const input = [...lookups(plain, 0.7), ...lookups(mild, 0.3), ...lookups(lowered, 0.3), ...lookupsThatMiss(quiet, 6, 6, { before: day, after: day })];
    const late = day + 2 * 60;
    const groups = [plain, mild, lowered, quiet].map((of) => onlyOf(ruleGroup(of), "KVResponderHitRatioDrop"));
    const failure = await promtool.test(groups, input, [
      { alertname: "KVResponderHitRatioDrop", minute: day, expected: [] },
      { alertname: "KVResponderHitRatioDrop", minute: late, expected: firing({ of: lowered, value: "70%" }, { of: plain, value: "30%" }) },
      // what yesterday was is normal today
      { alertname: "KVResponderHitRatioDrop", minute: 2 * day, expected: firing({ of: lowered, value: "70%" }, { of: plain, value: "30%" }) },
    ], 5);
    expect(failure).toBe("");
  }, 120_000);
});

test("an alert stays for a while when its fault is over, and then goes", async () => {
  const of = instance("mended");
  const check = (minute: number, firing: readonly Firing[]): Check => ({ alertname: "KVResponderReplicasUnavailable", minute, expected: firing.map((each) => expected("KVResponderReplicasUnavailable", each)) });
  const up = (values: string, pod: number): Series => series("up", { namespace: of.namespace, tenant: of.tenant, kvresponder: of.name, pod: `${pod}` }, values);
  const input = [up("1x120", 0), up("1x120", 1), up("0x30 1x90", 2)];
  expect(await promtool.test([ruleGroup(of)], input, [check(15, [{ of, value: "2" }]), check(35, [{ of, value: "2" }]), check(36, [])])).toBe("");
});

test("a resource of no pods, or scraped by somebody else, is not down", async () => {
  const [none, foreign] = [instance("none", { replicas: 0 }), instance("foreign", { scraped: false })];
  const silent = alertNames.map((alertname): Check => ({ alertname, minute: 60, expected: [] }));
  expect(await promtool.test([none, foreign].map(ruleGroup), [], silent)).toBe("");
  const up = series("up", { namespace: foreign.namespace, tenant: foreign.tenant, kvresponder: foreign.name, pod: "0" }, "0x60");
  expect(await promtool.test([ruleGroup(foreign)], [up], [{ alertname: "KVResponderDown", minute: 5, expected: [expected("KVResponderDown", { of: foreign, value: "" })] }])).toBe("");
});
