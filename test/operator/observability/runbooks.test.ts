// The pages of the runbooks: one for each alert, with times, queries, commands, patches and log messages that are true.
import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { describe, expect, test } from "vitest";
import { alertNames, alertThresholds } from "#crds/alerts";
import { conditionReasons } from "#crds/conditions";
import { specSchema } from "#crds/kvresponder";
import { responderMetrics } from "#contract/metrics";
import type { Catalogue } from "#telemetry/catalogue";
import { processSeries, prometheusSeries } from "#telemetry/platform-series";
import { targetLabels } from "#telemetry/promql";
import { alertsPage, runbookIndex } from "../../../operator/alerts-page.ts";
import { operatorMetrics } from "../../../operator/metrics.ts";
import type { AlertInput } from "../../../operator/observability/alerts/alert.ts";
import { alerts, ownThreshold } from "../../../operator/observability/alerts/catalogue.ts";
import { fleetSeries } from "../../../operator/observability/fleet.ts";
import { platformAlertNames, platformAlerts } from "../../../operator/observability/platform-alerts.ts";
import { operatorJob } from "../../../operator/observability/platform-links.ts";
import { recordedSeries } from "../../../operator/observability/recorded.ts";
import { recordedOf, seriesOf } from "../../../operator/observability/subject.ts";
import { deployment } from "../../../operator/render/deployment.ts";
import { context } from "../render/contexts.ts";
import { readPromql } from "./promql-reader.ts";
import { blocks, commands, docs, pageOf, patches, remedies } from "./runbook-reader.ts";

/** One of which every alert can say something. */
const input: AlertInput = { namespace: "team-a", name: "orders", tenant: "acme", replicas: 3, scraped: true, sampleLimit: 2_000, evictionPolicy: "NoEviction", objectives: specSchema.parse({}).monitoring.rules.objectives };

interface Told {
  readonly name: string;
  readonly severity: string;
  readonly signal: string;
  readonly fires: readonly string[];
  readonly keepFiringFor?: string;
}

const tenant: readonly Told[] = alertNames.map((name) => {
  const rules = alerts[name].rules(input, { q: seriesOf(input), stored: recordedOf(input), threshold: ownThreshold(name, input) });
  return { name, ...alerts[name], fires: rules.map((rule) => rule.for) };
});
const platform: readonly Told[] = platformAlertNames.map((name) => ({ name, ...platformAlerts[name], fires: platformAlerts[name].rules.map((rule) => rule.for) }));
const all = [...tenant, ...platform];

const catalogue: Catalogue = { ...responderMetrics, ...processSeries, ...prometheusSeries, ...recordedSeries, ...operatorMetrics, ...fleetSeries };
/** Series by name, a histogram's by its parts. */
const labelsOfSeries = new Map(
  Object.entries(catalogue).flatMap(([name, def]): [string, string[]][] => {
    const labels = [...Object.keys(def.labels ?? {}), ...targetLabels];
    return def.type === "histogram" ? [[`${name}_bucket`, [...labels, "le"]], [`${name}_count`, labels], [`${name}_sum`, labels]] : [[name, labels]];
  }),
);

const messages = new Set([...readFileSync(resolve(docs, "log-schema.md"), "utf8").matchAll(/^\| `([^`]+)` \| (?:responder|operator|both) \|/gm)].map(([, message]) => message));

test("there is a page for each alert, and none of an alert that is gone", () => {
  expect(readdirSync(resolve(docs, "runbooks")).toSorted()).toEqual([...all.map(({ name }) => `${name}.md`), "README.md"].toSorted());
});

test("the index of the pages and the table of alerts are the generated ones", () => {
  expect(readFileSync(resolve(docs, "runbooks/README.md"), "utf8")).toBe(runbookIndex());
  expect(readFileSync(resolve(docs, "alerts.md"), "utf8")).toBe(alertsPage());
});

test("the table of alerts has every alert and every recorded series", () => {
  for (const { name } of all) expect(alertsPage()).toContain(`| [${name}](runbooks/${name}.md) |`);
  for (const name of Object.keys({ ...recordedSeries, ...fleetSeries })) expect(alertsPage()).toContain(`| \`${name}\` |`);
});

test("the settings that the table of alerts shows are taken", () => {
  const shown = blocks(alertsPage(), "yaml").map((block) => parse(block) as { spec?: object; kind?: string });
  expect(shown.map(({ kind = "spec" }) => kind)).toEqual(["spec", "spec", "spec", "Kustomization"]);
  for (const { spec } of shown) if (spec) expect([specSchema.safeParse(spec).error, unknown(spec)]).toEqual([undefined, []]);
});

describe.each(all)("$name", ({ name, severity, signal, fires, keepFiringFor }) => {
  const text = pageOf(name);

  test("says how bad, when, and in this order what a person on call needs", () => {
    expect(text.startsWith(`# ${name}\n\nSeverity: ${severity}. Signal: ${signal}. Fires after ${fires[0]}`)).toBe(true);
    for (const time of fires) expect(text).toContain(`Fires after ${time}`);
    expect(/Stays (\w+) longer/.exec(text)?.[1]).toBe(keepFiringFor);
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading)).toEqual(["Meaning", "Impact", "Diagnosis", "Mitigation", "Tuning"]);
    expect(commands(text).filter((c) => c.startsWith("kubectl ")).length).toBeGreaterThan(0);
  });

  test("says where each variable of its commands comes from", () => {
    const shell = commands(text).join("\n");
    for (const [, name = ""] of shell.matchAll(/\$([A-Z]+)/g)) expect(shell).toMatch(new RegExp(`^${name}=`, "m"));
  });

  test("has queries that parse, of series and labels that exist", () => {
    const queries = blocks(text, "promql");
    expect(queries.length).toBeGreaterThan(0);
    for (const query of queries) {
      const { errors, selectors } = readPromql(query);
      expect(errors, query).toBe(0);
      for (const { metric, matchers } of selectors) {
        if (metric !== "") expect([...labelsOfSeries.keys()]).toContain(metric);
        for (const matcher of matchers) expect(labelsOfSeries.get(metric) ?? targetLabels).toContain(/^\w+/.exec(matcher)?.[0]);
      }
      // of the one instance, or of the operator; a fleet's page speaks of all
      const scope = name.startsWith("KVOperator") ? [`job="${operatorJob}"`] : ['namespace="team-a"', 'kvresponder="orders"'];
      if (name !== "KVResponderFleetErrorBudgetBurn") for (const s of selectors) expect(s.matchers, query).toEqual(expect.arrayContaining(scope));
    }
  });

  test("groups by labels that the series has", () => {
    for (const query of blocks(text, "promql")) {
      const { selectors } = readPromql(query);
      const known = new Set([...selectors.flatMap(({ metric }) => labelsOfSeries.get(metric) ?? []), "__name__"]);
      for (const [, by = ""] of query.matchAll(/\bby \(([^)]*)\)/g)) for (const label of by.split(", ")) expect([...known], query).toContain(label);
    }
  });

  test("has patches and settings that the resource takes", () => {
    for (const patch of patches(text)) {
      const { spec } = JSON.parse(patch) as { spec: object };
      expect(specSchema.safeParse(without(spec)).error, patch).toBeUndefined();
      expect(unknown(spec), patch).toEqual([]);
    }
    for (const block of blocks(text, "yaml")) {
      const { spec } = parse(block) as { spec: object };
      expect(specSchema.safeParse(spec).error, block).toBeUndefined();
      expect(unknown(spec), block).toEqual([]);
    }
  });

  test("says what to change where an autoscaler has the number of pods", () => {
    for (const remedy of remedies(text)) if (/\breplicas\b/.test(remedy) && !remedy.includes("do not help")) expect(remedy).toContain("spec.autoscaling");
  });

  test("shows how to set what may be set", () => {
    const overrides = blocks(text, "yaml").flatMap((block) => Object.entries((parse(block) as { spec: { monitoring: { rules: { overrides?: Record<string, object> } } } }).spec.monitoring.rules.overrides ?? {}));
    const isTenants = Object.hasOwn(alertThresholds, name);
    expect(overrides.map(([of]) => of)).toEqual(isTenants ? [name] : []);
    const hasThreshold = isTenants && alertThresholds[name as keyof typeof alertThresholds] !== undefined;
    expect(overrides.some(([, override]) => "threshold" in override)).toBe(hasThreshold);
  });

  test("looks for messages that are written, and links pages that exist", () => {
    for (const [, message] of text.matchAll(/\.msg == "([^"]+)"/g)) expect([...messages]).toContain(message);
    for (const [, link = ""] of text.matchAll(/\]\((?!http)([^)#]+)\)/g)) expect(() => readFileSync(resolve(docs, "runbooks", link)), link).not.toThrow();
  });

  test("reads conditions that there are", () => {
    for (const [, type] of text.matchAll(/@\.type=="(\w+)"/g)) expect(Object.keys(conditionReasons)).toContain(type);
  });
});

/** A merge patch takes away what is null, which a schema does not know of. */
function without(patch: object): object {
  return JSON.parse(JSON.stringify(patch, (_, value: unknown) => value ?? undefined)) as object;
}

/** Paths of a spec that the schema does not know: zod strips them, as the API server does. */
function unknown(spec: object, parsed: unknown = specSchema.parse(without(spec)), at = "spec"): string[] {
  return Object.entries(spec).flatMap(([key, value]: [string, unknown]) => {
    const path = `${at}.${key}`;
    if (value === null) return [];
    const there = (parsed as Record<string, unknown> | undefined)?.[key];
    if (there === undefined) return [path];
    return typeof value === "object" ? unknown(value as object, there, path) : [];
  });
}

const merge = (base: object, patch: object): object =>
  Object.fromEntries(
    Object.entries({ ...base, ...patch }).flatMap(([key, value]: [string, unknown]) => {
      if (value === null) return [];
      return [[key, typeof value === "object" ? merge((base as Record<string, object>)[key] ?? {}, value) : value]];
    }),
  );

/** Everything set that a page takes away. */
const before = { cache: { evictionPolicy: "NoEviction" }, replication: { ack: "All" }, resources: { limits: { cpu: "1", memory: "1Gi" } }, tracing: { endpoint: "http://jaeger:4318" }, logging: { requests: { sample: 1 } } };
const template = (spec: object): string => {
  const made = deployment(context(spec));
  if (!made) throw new Error("there is no Deployment");
  return JSON.stringify((made["spec"] as { template: object }).template);
};

const changes = all.flatMap(({ name }) => remedies(pageOf(name)).flatMap((remedy) => patches(remedy).map((patch) => ({ name, remedy, patch }))));

test.each(changes)("$name says whether $patch restarts pods", ({ remedy, patch }) => {
  const rolls = template(merge(before, (JSON.parse(patch) as { spec: object }).spec)) !== template(before);
  expect(/\broll(s|ed)? (them|the pods|the pods one by one|pods)\b/.test(remedy), remedy).toBe(rolls);
});
