// Who selects a monitor or a rule of ours: as the Prometheus Operator documents its selectors, and the same words for the same facts.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { selectingKinds } from "../../../operator/kinds.ts";
import { asksForNamespaces, selectingOf, type Sight } from "../../../operator/reconcile/selecting.ts";
import { selectionVerdict } from "../../../operator/reconcile/selection.ts";
import type { KubeObject } from "../../../operator/objects.ts";
import { labelsArbitrary, selectorArbitrary } from "../../support/label-selectors.ts";

const kindOf = (kind: string) => selectingKinds.find((k) => k.kind === kind)!;

const monitor = (labels: Record<string, string> = {}, status?: object): KubeObject => ({
  apiVersion: "monitoring.coreos.com/v1",
  kind: "ServiceMonitor",
  metadata: { name: "kv-responder-a", namespace: "team", generation: 2, labels },
  ...(status && { status }),
});

/** spec of "Prometheus monitoring/main" and so on, by name. */
const sight = (resources: Record<string, object>, more: Partial<Sight> = {}): Sight => ({
  hidden: [],
  selecting: Object.entries(resources).map(([who, spec]) => {
    const [kind = "", namespace = "", name = ""] = who.split(/[ /]/);
    return selectingOf(kindOf(kind), { apiVersion: "", kind, metadata: { namespace, name }, spec });
  }),
  ...more,
});

const judge = (object: KubeObject, seen: Sight, kind: "ServiceMonitor" | "PrometheusRule" = "ServiceMonitor"): string => {
  const { status, reason, message } = selectionVerdict(kind, object, seen);
  return `${status}/${reason}: ${message}`;
};

const all = { serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: {} };
const stack = { serviceMonitorSelector: { matchLabels: { release: "stack" } }, serviceMonitorNamespaceSelector: {} };
const main = "Prometheus monitoring/main";

describe("a monitor", () => {
  test.each<[string, string, KubeObject, Sight]>([
    ["selected by who selects all", `True/Applied: ServiceMonitor kv-responder-a is selected by ${main}`, monitor(), sight({ [main]: all })],
    ["selected by its labels", `True/Applied: ServiceMonitor kv-responder-a is selected by ${main}`, monitor({ release: "stack" }), sight({ [main]: stack })],
    [
      "not selected: labels",
      `False/NotSelected: nobody selects ServiceMonitor kv-responder-a: ${main} wants labels release=stack. spec.monitoring.serviceMonitor.labels gives it labels`,
      monitor({ release: "mine" }),
      sight({ [main]: stack }),
    ],
    ["no selector selects nothing", `has no serviceMonitorSelector, so it selects none`, monitor(), sight({ [main]: { podMonitorSelector: {} } })],
    ["null is no selector", `has no serviceMonitorSelector, so it selects none`, monitor(), sight({ [main]: { serviceMonitorSelector: null, podMonitorSelector: {} } })],
    ["no namespace selector: only the own namespace", `has no serviceMonitorNamespaceSelector, so it looks in its own namespace alone`, monitor(), sight({ [main]: { serviceMonitorSelector: {} } })],
    ["no namespace selector, in the own namespace", "True/Applied: ServiceMonitor kv-responder-a is selected by Prometheus team/own", monitor(), sight({ "Prometheus team/own": { serviceMonitorSelector: {} } })],
    [
      "labels of the namespace as asked",
      "True/Applied",
      monitor(),
      sight({ [main]: { serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: { matchLabels: { scrape: "yes" } } } }, { namespaceLabels: { scrape: "yes" } }),
    ],
    [
      "other labels of the namespace",
      `${main} wants labels release=stack and wants labels scrape=yes on namespace team`,
      monitor(),
      sight({ [main]: { ...stack, serviceMonitorNamespaceSelector: { matchLabels: { scrape: "yes" } } } }, { namespaceLabels: {} }),
    ],
    [
      "labels of the namespace that cannot be got, while all else is as asked",
      `Unknown/SelectionUnknown: it is not known whether anybody selects ServiceMonitor kv-responder-a: ${main} selects by labels of namespaces`,
      monitor(),
      sight({ [main]: { serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: { matchLabels: { scrape: "yes" } } } }),
    ],
    [
      "labels of the namespace that cannot be got make no difference to a monitor with other labels",
      `False/NotSelected: nobody selects ServiceMonitor kv-responder-a: ${main} wants labels release=stack. `,
      monitor(),
      sight({ [main]: { ...stack, serviceMonitorNamespaceSelector: { matchLabels: { scrape: "yes" } } } }),
    ],
    ["a selector that is not valid", `${main} has a serviceMonitorSelector that is not valid`, monitor(), sight({ [main]: { ...all, serviceMonitorSelector: { matchExpressions: [{ key: "a", operator: "In" }] } } })],
    ["a Prometheus without any selector is configured by hand", `Unknown/SelectionUnknown: it is not known whether anybody selects ServiceMonitor kv-responder-a: ${main} has no selectors at all`, monitor(), sight({ [main]: {} })],
    ["an agent without any selector selects nothing", "False/NotSelected", monitor(), sight({ "PrometheusAgent monitoring/edge": {} })],
    ["an agent", "True/Applied: ServiceMonitor kv-responder-a is selected by PrometheusAgent monitoring/edge", monitor(), sight({ "PrometheusAgent monitoring/edge": all, [main]: stack })],
    ["nobody there", "Unknown/SelectionUnknown: it is not known whether anybody selects ServiceMonitor kv-responder-a: the cluster has no Prometheus resource", monitor(), sight({})],
    ["a ThanosRuler is nobody to a monitor", "the cluster has no Prometheus resource", monitor(), sight({ "ThanosRuler monitoring/r": { ruleSelector: {} } })],
    ["a kind that may not be listed could select it", "Unknown/SelectionUnknown: it is not known whether anybody selects ServiceMonitor kv-responder-a: no; Prometheus", monitor(), sight({ [main]: stack }, { hidden: [{ kind: kindOf("Prometheus"), why: "no" }] })],
    ["a hidden kind that selects no monitors is no doubt", "False/NotSelected", monitor(), sight({ [main]: stack }, { hidden: [{ kind: kindOf("ThanosRuler"), why: "no" }] })],
    ["who selects it is enough, whatever is hidden", "True/Applied", monitor(), sight({ [main]: all }, { hidden: [{ kind: kindOf("Prometheus"), why: "no" }] })],
  ])("%s", (_, expected, object, seen) => expect(judge(object, seen)).toContain(expected));

  test("three reasons are told, and how many there are more", () => {
    const many = Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`Prometheus p/p${i}`, stack]));
    expect(judge(monitor(), sight(many))).toContain("Prometheus p/p0 wants labels release=stack; Prometheus p/p1 wants labels release=stack; Prometheus p/p2 wants labels release=stack; 6 more. ");
    expect(judge(monitor({ release: "stack" }), sight(many))).toContain("Prometheus p/p0, Prometheus p/p1, Prometheus p/p2, 6 more");
  });
});

describe("rules", () => {
  const rule: KubeObject = { apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", metadata: { name: "kv-responder-a", namespace: "team", labels: {} } };

  test.each<[string, string, Sight]>([
    ["have selectors of their own", `${main} wants labels role=alerts. spec.monitoring.rules.labels gives it labels`, sight({ [main]: { ...all, ruleSelector: { matchLabels: { role: "alerts" } }, ruleNamespaceSelector: {} } })],
    ["no selector", `${main} has no ruleSelector, so it selects none`, sight({ [main]: all })],
    ["a ThanosRuler", "True/Applied: PrometheusRule kv-responder-a is selected by ThanosRuler monitoring/r", sight({ [main]: all, "ThanosRuler monitoring/r": { ruleSelector: {}, ruleNamespaceSelector: {} } })],
    ["an agent evaluates none", "the cluster has no Prometheus resource", sight({ "PrometheusAgent monitoring/edge": { ...all, ruleSelector: {} } })],
    ["a Prometheus that is configured by hand gets the files and may not read them", `${main} selects it, but its configuration is written by hand`, sight({ [main]: { ruleSelector: {}, ruleNamespaceSelector: {} } })],
  ])("%s", (_, expected, seen) => expect(judge(rule, seen, "PrometheusRule")).toContain(expected));
});

describe("bindings, as the Prometheus Operator writes them", () => {
  const bound = (status: string, more: object = {}, name = "main") => ({
    bindings: [{ group: "monitoring.coreos.com", resource: "prometheuses", namespace: "monitoring", name, conditions: [{ type: "Accepted", status, lastTransitionTime: "", observedGeneration: 2, ...more }] }],
  });

  test.each<[string, string, KubeObject, Sight]>([
    ["accepted", "True/Applied", monitor({}, bound("True")), sight({ [main]: all })],
    ["refused: their word is repeated", `False/Rejected: ServiceMonitor kv-responder-a: ${main} rejects it: scrapeTimeout is too long`, monitor({}, bound("False", { message: "scrapeTimeout is too long" })), sight({ [main]: all })],
    ["refused by one of two", "False/Rejected", monitor({}, bound("False")), sight({ [main]: all, "Prometheus monitoring/other": all })],
    ["of an older generation: nothing is said yet", "True/Applied", monitor({}, bound("False", { observedGeneration: 1 })), sight({ [main]: all })],
    ["left from before its selectors changed", "False/NotSelected", monitor({}, bound("True")), sight({ [main]: stack })],
    ["left from a Prometheus that is gone", "the cluster has no Prometheus resource", monitor({}, bound("True")), sight({})],
    ["it tells where the resources may not be listed", `True/Applied: ServiceMonitor kv-responder-a is selected by ${main}`, monitor({}, bound("True")), sight({}, { hidden: [{ kind: kindOf("Prometheus"), why: "no" }] })],
    [
      "it tells where labels of namespaces may not be got",
      "True/Applied",
      monitor({}, bound("True")),
      sight({ [main]: { serviceMonitorSelector: {}, serviceMonitorNamespaceSelector: { matchLabels: { scrape: "yes" } } } }),
    ],
    ["of a kind that nobody knows", "True/Applied", monitor({}, { bindings: [{ resource: "others", namespace: "x", name: "y", conditions: [{ type: "Accepted", status: "False" }] }] }), sight({ [main]: all })],
    ["without conditions", "True/Applied", monitor({}, { bindings: [{ resource: "prometheuses", namespace: "monitoring", name: "main" }] }), sight({ [main]: all })],
  ])("%s", (_, expected, object, seen) => expect(judge(object, seen)).toContain(expected));
});

describe("for all worlds", () => {
  const namespace = fc.constantFrom("team", "monitoring");
  const spec = fc.record({ serviceMonitorSelector: fc.option(selectorArbitrary), serviceMonitorNamespaceSelector: fc.option(selectorArbitrary), podMonitorSelector: fc.constant({}) });
  const world = fc.uniqueArray(fc.tuple(fc.constantFrom("Prometheus", "PrometheusAgent"), namespace, fc.constantFrom("p", "q"), spec), { selector: ([k, n, m]) => `${k} ${n}/${m}`, maxLength: 4 });
  const seen = (resources: readonly (readonly [string, string, string, object])[], labels: Record<string, string>) => sight(Object.fromEntries(resources.map(([k, n, m, s]) => [`${k} ${n}/${m}`, s])), { namespaceLabels: labels });

  test("the order in which resources are listed makes no difference to a single letter", () => {
    fc.assert(
      fc.property(world, labelsArbitrary, labelsArbitrary, (resources, own, labels) => {
        expect(judge(monitor(own), seen(resources, labels))).toBe(judge(monitor(own), seen(resources.toReversed(), labels)));
      }),
    );
  });

  test("True if and only if one alone would be True; Unknown only where there is nobody", () => {
    fc.assert(
      fc.property(world, labelsArbitrary, labelsArbitrary, (resources, own, labels) => {
        const { status } = selectionVerdict("ServiceMonitor", monitor(own), seen(resources, labels));
        const alone = resources.map((r) => selectionVerdict("ServiceMonitor", monitor(own), seen([r], labels)).status);
        expect(status).toBe(resources.length === 0 ? "Unknown" : alone.includes("True") ? "True" : "False");
      }),
    );
  });

  test("the labels of the namespace are asked for when they make a difference", () => {
    fc.assert(
      fc.property(world, labelsArbitrary, labelsArbitrary, labelsArbitrary, (resources, own, a, b) => {
        if (judge(monitor(own), seen(resources, a)) !== judge(monitor(own), seen(resources, b))) expect(asksForNamespaces(seen(resources, {}).selecting)).toBe(true);
      }),
    );
  });
});
