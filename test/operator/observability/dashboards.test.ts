// All dashboards: every query can be asked, of series that exist; every panel explains itself; and Grafana can take them.
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { dashboardFiles } from "../../../operator/generate.ts";
import { boards, panelsOf, seriesOf, type BoardName, type Panel } from "./boards.ts";
import { asGrafanaAsks, readPromql } from "./promql-reader.ts";

const prometheus = { type: "prometheus", uid: "${prometheus_datasource}" };
const loki = { type: "loki", uid: "${loki_datasource}" };
/** Grafana's own, and those that its links use. */
const builtIn = new Set(["__rate_interval", "__range", "__all_variables", "__data.fields.Namespace", "__data.fields.Instance"]);

const kept = (expr: string): string[] => /by \(([^)]*)\)/.exec(expr)?.[1]?.split(", ").filter((label) => label !== "le") ?? [];
const ofPrometheus = (panel: Panel) => (panel.targets ?? []).filter((t) => t.datasource.type === "prometheus");

describe.each(Object.keys(boards) as BoardName[])("%s", (name) => {
  const board = boards[name];
  const panels = panelsOf(board);

  test("nobody edits it, and it is small enough for any client", () => {
    expect(board.editable).toBe(false);
    expect(JSON.stringify(board).length).toBeLessThan(200_000);
    expect(board.uid).toMatch(/^[a-zA-Z0-9_-]{1,40}$/);
  });

  test("Grafana's tables hold its tags and title", () => {
    for (const tag of board.tags) expect(tag.length).toBeLessThanOrEqual(50);
    expect(board.title.length).toBeLessThanOrEqual(189);
  });

  test("every variable that is used is declared", () => {
    const declared = new Set([...builtIn, ...board.templating.list.map((v) => v.name)]);
    const used = [...JSON.stringify(board).matchAll(/\$(?:\{([^}:]+)[^}]*\}|(__\w+|[a-z]+))/g)].map(([, braced, plain]) => braced ?? plain ?? "").filter((v) => v !== "__all");
    expect(new Set(used).size).toBeGreaterThan(2);
    expect([...new Set(used)].filter((v) => !declared.has(v))).toEqual([]);
  });

  test("what is looked up is looked up again when the time range changes, among series that exist", () => {
    const queries = board.templating.list.filter((v) => v.type === "query");
    expect(queries.length).toBeGreaterThan(1);
    for (const { name: label, query, refresh } of queries) {
      expect(refresh).toBe(2);
      const [, series = "", wanted] = /^label_values\((.*), (\w+)\)$/.exec((query as { query: string }).query) ?? [];
      expect(wanted).toBe(label);
      const { errors, selectors } = readPromql(asGrafanaAsks(series));
      expect([errors, selectors.length]).toEqual([0, 1]);
      expect(seriesOf[name]).toContain(selectors[0]?.metric);
    }
  });

  test("what is marked is asked of series that exist", () => {
    for (const { expr } of board.annotations.list) {
      const { errors, selectors } = readPromql(asGrafanaAsks(expr));
      expect(errors, expr).toBe(0);
      for (const { metric } of selectors) expect(seriesOf[name]).toContain(metric);
    }
  });

  test("panels neither overlap nor leave the grid, those of a closed row are inside it, and ids are unique", () => {
    const ids: number[] = [];
    const place = (list: readonly Panel[], top: number): void => {
      const taken = new Set<string>();
      for (const { id, gridPos: g } of list) {
        ids.push(id);
        expect(g.x + g.w).toBeLessThanOrEqual(24);
        expect(g.y).toBeGreaterThanOrEqual(top);
        for (let x = g.x; x < g.x + g.w; x += 1) {
          for (let y = g.y; y < g.y + g.h; y += 1) {
            expect(taken.has(`${x},${y}`)).toBe(false);
            taken.add(`${x},${y}`);
          }
        }
      }
    };
    place(board.panels, 0);
    for (const row of board.panels.filter((p) => p.type === "row")) {
      place(row.panels ?? [], row.gridPos.y + 1);
      expect((row.panels ?? []).length > 0).toBe(row.collapsed);
    }
    expect(new Set(ids).size).toBe(ids.length);
  });

  describe.each(panels.map((p) => ({ ...p, where: `${p.title} (${p.id})` })))("$where", (panel) => {
    test("explains itself", () => {
      expect(panel.title).not.toBe("");
      expect(panel.description?.length).toBeGreaterThan(15);
    });

    test("leaves the data source to the reader, and has a unit", () => {
      if (panel.type === "text" || panel.type === "alertlist") return;
      const wanted = panel.type === "logs" ? loki : prometheus;
      expect([panel.datasource, ...(panel.targets ?? []).map((t) => t.datasource)]).toEqual(Array.from({ length: (panel.targets?.length ?? 0) + 1 }, () => wanted));
      expect(panel.targets?.length).toBeGreaterThan(0);
      if (panel.type !== "logs") expect(panel.fieldConfig?.defaults.unit).toBeTruthy();
    });

    test("asks what Prometheus can answer", () => {
      for (const { expr, legendFormat = "" } of ofPrometheus(panel)) {
        const { errors, selectors } = readPromql(asGrafanaAsks(expr));
        expect(errors, expr).toBe(0);
        expect(selectors.length).toBeGreaterThan(0);
        for (const { metric } of selectors) expect(seriesOf[name]).toContain(metric);
        // at Grafana's own interval, which always spans two scrapes
        for (const [, window] of expr.matchAll(/rate\([^[]*\[([^\]]*)\]/g)) expect(window).toBe("$__rate_interval");
        // what only ever grows says nothing as it is (the linter overlooks it where the series has matchers)
        for (const [, counter, after] of expr.matchAll(/\b(\w+_(?:total|bucket|count|sum))\{[^}]*\}(.?)/g)) expect(after, counter).toBe("[");
        // a legend may only show labels that the query keeps
        for (const [, label] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) expect([...kept(expr), ...(panel.type === "heatmap" ? ["le"] : [])]).toContain(label);
      }
    });

    test("joins the rows of a table by the labels that all its queries keep", () => {
      if (panel.type !== "table") return;
      const { excludeByName = {}, renameByName = {} } = panel.transformations?.find((t) => t.id === "organize")?.options ?? {};
      const labels = Object.keys(renameByName).filter((field) => !field.startsWith("Value"));
      for (const { expr, instant, format } of panel.targets ?? []) {
        expect([instant, format]).toEqual([true, "table"]);
        expect(kept(expr).toSorted()).toEqual(labels.toSorted());
      }
      const values = (panel.targets ?? []).map(({ refId }) => (panel.targets?.length === 1 ? "Value" : `Value #${refId}`));
      expect(Object.keys(renameByName).filter((field) => field.startsWith("Value"))).toEqual(values);
      // what an override or the order names is there
      const shown = Object.entries(renameByName).filter(([field]) => !excludeByName[field]).map(([, column]) => column);
      expect(new Set(shown).size).toBe(shown.length);
      for (const { matcher } of panel.fieldConfig?.overrides ?? []) expect(shown).toContain(matcher.options);
      for (const { displayName } of (panel.options?.["sortBy"] ?? []) as { displayName: string }[]) expect(shown).toContain(displayName);
    });
  });
});

test("the files in config are what the code makes", () => {
  const folder = resolve(import.meta.dirname, "../../../config/prometheus/dashboards");
  for (const [file, text] of Object.entries(dashboardFiles())) expect(readFileSync(resolve(folder, file), "utf8")).toBe(text);
});

test("config/prometheus gives all of them to the sidecar, under names of their own, together in less than an object may hold", () => {
  const { configMapGenerator } = parse(readFileSync(resolve(import.meta.dirname, "../../../config/prometheus/kustomization.yaml"), "utf8")) as { configMapGenerator: { files: string[]; options: object }[] };
  expect(configMapGenerator).toHaveLength(1);
  expect(configMapGenerator[0]?.options).toEqual({ disableNameSuffixHash: true, labels: { grafana_dashboard: "1" } });
  expect(configMapGenerator[0]?.files).toEqual(Object.keys(dashboardFiles()).map((file) => `kv-responder-${file}=dashboards/${file}`));
  // client-side apply keeps a copy of the object in an annotation, which has a bound of its own
  expect(Buffer.byteLength(JSON.stringify(dashboardFiles()))).toBeLessThan(250_000);
});

test("a line of the fleet's table leads to the dashboard of its instance: its title is in the link, and its tag", () => {
  const [link] = panelsOf(boards.fleet).flatMap((p) => p.fieldConfig?.overrides ?? []).flatMap((o) => o.properties).filter((p) => p.id === "links").flatMap((p) => p.value as { url: string }[]);
  const url = new URL((link?.url ?? "").replace("${__data.fields.Namespace}", "team-a").replace("${__data.fields.Instance}", "orders"), "http://grafana.example");
  expect(url.pathname).toBe("/dashboards");
  expect(boards.tenant.title).toContain(url.searchParams.get("query"));
  expect(boards.tenant.tags).toContain(url.searchParams.get("tag"));
  expect(boards.fleet.links.find((l) => l.type === "dashboards")?.tags).toEqual([url.searchParams.get("tag")]);
});

test("what has controller-runtime's names is asked of our operator's pods alone", () => {
  const pod = boards.operator.templating.list.find((v) => v.name === "pod");
  // without a value of its own, All stands for the values that were found
  expect(pod?.allValue).toBeUndefined();
  for (const { expr } of panelsOf(boards.operator).flatMap(ofPrometheus)) for (const { matchers } of readPromql(expr).selectors) expect(matchers).toContain('pod=~"$pod"');
});

test("the page about dashboards has a line for each row", () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../../docs/dashboards.md"), "utf8");
  for (const { panels } of Object.values(boards)) {
    for (const { title, collapsed } of panels.filter((p) => p.type === "row")) expect(page).toContain(`| ${title}${collapsed ? " (closed)" : ""} |`);
  }
});
