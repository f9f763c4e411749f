// The tenant's dashboard: every query can be asked, of series that exist, of one instance alone; and Grafana can take it.
import { responderMetrics } from "#contract/metrics";
import { processSeries, prometheusSeries } from "#telemetry/platform-series";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { KubeObject } from "../../../operator/objects.ts";
import { dashboardUid, tenantDashboard } from "../../../operator/observability/tenant-dashboard.ts";
import { dashboard } from "../../../operator/render/dashboard.ts";
import { anyContext, context } from "../render/contexts.ts";
import { asGrafanaAsks, readPromql } from "./promql-reader.ts";

interface Panel {
  id: number;
  type: string;
  title: string;
  description?: string;
  datasource?: object;
  gridPos: { x: number; y: number; w: number; h: number };
  fieldConfig?: { defaults: { unit?: string } };
  targets?: { expr: string; legendFormat: string; refId: string; datasource: object }[];
}

interface Dashboard {
  uid: string;
  title: string;
  panels: Panel[];
  templating: { list: { name: string; type: string; label: string; query: unknown }[] };
  annotations: { list: { expr: string }[] };
}

const subject = { namespace: "team-a", name: "orders", tenant: "acme" };
const board = tenantDashboard(subject) as Dashboard;
const panels = board.panels.filter((p) => p.type !== "row");
const datasource = { type: "prometheus", uid: "${datasource}" };

/** The series that a catalogue's metrics are exposed as. */
const series = new Set(
  Object.entries({ ...responderMetrics, ...processSeries, ...prometheusSeries }).flatMap(([name, def]) =>
    def.type === "histogram" ? ["bucket", "count", "sum"].map((part) => `${name}_${part}`) : [name],
  ),
);
const own = ['namespace="team-a"', 'tenant="acme"', 'kvresponder="orders"'];

test("has the rows that a tenant looks for", () => {
  expect(board.panels.filter((p) => p.type === "row").map((p) => p.title)).toEqual(["Overview", "HTTP", "HTTP latency", "Redis protocol", "Clients", "Cache", "Peers", "Resources"]);
});

describe.each(panels.map((p) => ({ ...p, where: `${p.title} (${p.id})` })))("$where", (panel) => {
  test("explains itself and has a unit", () => {
    expect(panel.description?.length).toBeGreaterThan(15);
    expect(panel.fieldConfig?.defaults.unit).toBeTruthy();
  });

  test("leaves the data source to the reader", () => {
    expect([panel.datasource, ...(panel.targets ?? []).map((t) => t.datasource)]).toEqual(Array.from({ length: (panel.targets?.length ?? 0) + 1 }, () => datasource));
  });

  test("asks what Prometheus can answer, of this instance alone", () => {
    expect(panel.targets?.length).toBeGreaterThan(0);
    for (const { expr, legendFormat } of panel.targets ?? []) {
      const { errors, selectors } = readPromql(asGrafanaAsks(expr));
      expect(errors, expr).toBe(0);
      expect(selectors.length).toBeGreaterThan(0);
      for (const s of selectors) {
        expect(series).toContain(s.metric);
        expect(s.matchers).toEqual(expect.arrayContaining([...own, 'pod=~".+"']));
      }
      // counters at Grafana's own interval, which always spans two scrapes
      for (const [, window] of expr.matchAll(/rate\([^[]*\[([^\]]*)\]/g)) expect(window).toBe("$__rate_interval");
      // a legend may only show labels that the query keeps
      const kept = /by \(([^)]*)\)/.exec(expr)?.[1]?.split(", ") ?? [];
      for (const [, name] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect(kept).toContain(name);
    }
  });
});

test("the alerts that it marks are this instance's", () => {
  for (const { expr } of board.annotations.list) {
    const { errors, selectors } = readPromql(expr);
    expect(errors).toBe(0);
    expect(selectors).toEqual([{ metric: "ALERTS", matchers: expect.arrayContaining([...own, 'alertstate="firing"']) }]);
  }
});

test("a reader chooses the data source and the pods, nothing that would lead to a neighbour", () => {
  expect(board.templating.list.map((v) => [v.name, v.type])).toEqual([
    ["datasource", "datasource"],
    ["pod", "query"],
  ]);
  expect(JSON.stringify(board.templating.list[1]?.query)).toContain(String.raw`namespace=\"team-a\"`);
});

test("panels neither overlap nor leave the grid, and their ids are unique", () => {
  const taken = new Set<string>();
  for (const { gridPos: g } of board.panels) {
    expect(g.x + g.w).toBeLessThanOrEqual(24);
    for (let x = g.x; x < g.x + g.w; x += 1) {
      for (let y = g.y; y < g.y + g.h; y += 1) {
        expect(taken.has(`${x},${y}`)).toBe(false);
        taken.add(`${x},${y}`);
      }
    }
  }
  expect(new Set(board.panels.map((p) => p.id)).size).toBe(board.panels.length);
});

describe("uid", () => {
  test("stays what it was, so that links survive", () => expect(dashboardUid(subject)).toBe("kvr-75c1a60b898072af828207cff435c7e5"));

  test("fits Grafana and differs between instances", () => {
    const name = fc.stringMatching(/^[a-z][-a-z0-9]{0,48}[a-z0-9]$/);
    fc.assert(
      fc.property(name, name, name, name, (n1, a1, n2, a2) => {
        const [one, two] = [dashboardUid({ ...subject, namespace: n1, name: a1 }), dashboardUid({ ...subject, namespace: n2, name: a2 })];
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

  test("is small enough to be applied by any client, and its file name is unique among namespaces", () => {
    fc.assert(
      fc.property(anyContext.filter((c) => c.spec.monitoring.dashboard.mode === "Managed"), (c) => {
        const data = dashboard(c)?.["data"] as Record<string, string>;
        const [[key, text] = ["", ""]] = Object.entries(data);
        expect(key).toBe(`kvresponder-${c.namespace}-${c.name}.json`);
        expect(Buffer.byteLength(text)).toBeLessThan(200_000);
        expect((JSON.parse(text) as Dashboard).uid).toBe(dashboardUid(c));
      }),
      { numRuns: 50 },
    );
  });
});
