// The tenant's dashboard shows one instance and nobody else's, measured against its own objectives; and how it gets into Grafana.
import { objectives } from "#crds/objectives";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../operator/objects.ts";
import { dashboardUid } from "../../../operator/observability/dashboard-link.ts";
import { dashboard } from "../../../operator/render/dashboard.ts";
import { anyContext, context, metadata } from "../render/contexts.ts";
import { panelsOf, subject, tenantBoard, type Board } from "./boards.ts";
import { readPromql } from "./promql-reader.ts";

const board = tenantBoard();

test("has the rows that a tenant looks for, and those that few look for are closed", () => {
  expect(board.panels.filter((p) => p.type === "row").map((p) => (p.collapsed ? `(${p.title})` : p.title))).toEqual([
    "Service level",
    "Traffic",
    "Latency",
    "Capacity",
    "Peers and replication",
    "Runtime",
    "Logs and traces",
    "(Cost of telemetry)",
    "(About the pods)",
  ]);
});

const own = (of: typeof subject) => [`namespace="${of.namespace}"`, `tenant="${of.tenant}"`, `kvresponder="${of.name}"`];
const narrowed = ['pod=~"$pod"', 'job=~"$job"', 'instance=~"$instance"'];

/** Whatever asks Prometheus. */
const asked = ({ templating, annotations, ...rest }: Board) => ({
  panels: panelsOf(rest).flatMap((p) => p.targets ?? []).filter((t) => t.datasource.type === "prometheus").map((t) => t.expr),
  others: [...annotations.list.map((a) => a.expr), ...templating.list.filter((v) => v.type === "query").map((v) => (v.query as { query: string }).query)],
});

test("no query leaves the instance, whatever it is called and whatever it was promised", () => {
  const of = fc.tuple(metadata, fc.stringMatching(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/)).map(([{ name, namespace }, tenant]) => ({ name, namespace, tenant }));
  const promised = fc.record({ availability: fc.double({ min: 95, max: 99.999, noNaN: true }), latency: fc.constantFrom({}, { threshold: "100us" as const, percent: 95 }) }).map((o) => objectives.parse(o));
  fc.assert(
    fc.property(of, promised, (who, what) => {
      const { panels, others } = asked(tenantBoard(who, what));
      for (const expr of panels) {
        const { selectors } = readPromql(expr);
        expect(selectors.length).toBeGreaterThan(0);
        for (const { matchers } of selectors) expect(matchers).toEqual(expect.arrayContaining([...own(who), ...narrowed]));
      }
      for (const expr of others) for (const { matchers } of readPromql(/^label_values\((.*), \w+\)$/.exec(expr)?.[1] ?? expr).selectors) expect(matchers).toEqual(expect.arrayContaining(own(who)));
    }),
    { numRuns: 20 },
  );
});

test("logs and alerts are this instance's", () => {
  const expr = panelsOf(board).find((p) => p.type === "logs")?.targets?.[0]?.expr;
  expect(expr).toMatch(/^\{namespace="team-a"\} \|= `"kvresponder":"orders"` \| json \| tenant="acme" \| kvresponder="orders" \|/);
  expect(panelsOf(board).find((p) => p.type === "alertlist")?.options?.["alertInstanceLabelFilter"]).toBe('{namespace="team-a", tenant="acme", kvresponder="orders"}');
});

test("a reader chooses the data sources and the pods, nothing that would lead to a neighbour", () => {
  expect(board.templating.list.map((v) => [v.name, v.type, v.hide === 2 ? "hidden" : "shown"])).toEqual([
    ["prometheus_datasource", "datasource", "shown"],
    ["loki_datasource", "datasource", "shown"],
    ["pod", "query", "shown"],
    ["job", "query", "hidden"],
    ["instance", "query", "hidden"],
  ]);
});

test("latencies come with their traces", () => {
  const withTraces = panelsOf(board).filter((p) => p.targets?.some((t) => t.exemplar === true)).map((p) => p.title);
  expect(withTraces).toEqual(["Latency of operations", "HTTP requests", "HTTP requests p99 by route", "Operations p99 by kind", "Operations p99 by pod"]);
});

describe("objectives", () => {
  const strict = tenantBoard(subject, objectives.parse({ availability: 99.99, latency: { percent: 99.5, threshold: "2.5ms" } }));
  const panel = (title: string) => panelsOf(strict).find((p) => p.title === title);

  test("are what budgets are measured against", () => {
    expect(panel("Error budget left")?.targets?.[0]?.expr).toMatch(/^1 - \(.* \/ 0\.0001\)$/);
    expect(panel("Latency budget left")?.targets?.[0]?.expr).toMatch(/^1 - \(.*le="0\.0025".* \/ 0\.005\)$/);
    expect(panel("Error budget burn")?.targets?.map((t) => t.legendFormat)).toEqual(["5m", "30m", "1h", "2h", "6h", "1d", "3d"]);
  });

  test("are lines in the panels", () => {
    const line = (title: string) => {
      const { thresholds } = (panel(title)?.fieldConfig?.defaults ?? {}) as { thresholds?: { steps: { value: number | null }[] } };
      return thresholds?.steps[1]?.value;
    };
    expect([line("Availability"), line("Fast operations"), line("Latency of operations")]).toEqual([0.9999, 0.995, 0.0025]);
  });
});

describe("uid", () => {
  test("stays what it was, so that links survive", () => expect(dashboardUid(subject)).toBe("kvr-75c1a60b898072af828207cff435c7e5"));

  test("fits Grafana and differs between instances", () => {
    const name = fc.stringMatching(/^[a-z][-a-z0-9]{0,48}[a-z0-9]$/);
    fc.assert(
      fc.property(name, name, name, name, (n1, a1, n2, a2) => {
        const [one, two] = [dashboardUid({ namespace: n1, name: a1 }), dashboardUid({ namespace: n2, name: a2 })];
        expect(one).toMatch(/^[a-zA-Z0-9_-]{1,40}$/);
        expect(one === two).toBe(n1 === n2 && a1 === a2);
      }),
    );
  });
});

describe("as a ConfigMap", () => {
  const rendered = (spec: object = {}): KubeObject => dashboard(context(spec)) as KubeObject;

  test("is found by the sidecar as it comes", () => expect(rendered().metadata.labels).toMatchObject({ grafana_dashboard: "1" }));

  test("is found by a sidecar that looks for other labels", () => {
    const { labels } = rendered({ monitoring: { dashboard: { labels: { dashboards: "team" } } } }).metadata;
    expect(labels).toMatchObject({ dashboards: "team" });
    expect(labels).not.toHaveProperty("grafana_dashboard");
  });

  test("goes to a folder when one is named", () => {
    expect(rendered().metadata.annotations).toBeUndefined();
    expect(rendered({ monitoring: { dashboard: { folder: "Team A" } } }).metadata.annotations).toEqual({ "k8s-sidecar-target-directory": "Team A" });
  });

  test("is small enough to be applied by any client, its file name is unique among namespaces, and its tags fit Grafana's tables", () => {
    fc.assert(
      fc.property(anyContext.filter((c) => c.spec.monitoring.dashboard.mode === "Managed" && c.spec.monitoring.dashboard.format === "ConfigMap"), (c) => {
        const data = dashboard(c)?.["data"] as Record<string, string>;
        const [[key, text] = ["", ""]] = Object.entries(data);
        expect(key).toBe(`kvresponder-${c.namespace}-${c.name}.json`);
        expect(Buffer.byteLength(text)).toBeLessThan(200_000);
        const made = JSON.parse(text) as Board;
        expect(made.uid).toBe(dashboardUid(c));
        for (const tag of made.tags) expect(tag.length).toBeLessThanOrEqual(50);
        expect(made.title.length).toBeLessThanOrEqual(189);
      }),
      { numRuns: 50 },
    );
  });
});
