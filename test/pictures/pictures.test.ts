// How pictures are made of a dashboard, apart from the programs that answer and draw: units, places, macros, legends, buckets, rows of tables.
import { expect, test } from "vitest";
import { boards, type Panel } from "../operator/observability/boards.ts";
import { createAnswers, foundValues, legend, type Line } from "./answers.ts";
import { asHeat } from "./charts.ts";
import { stepColour } from "./colours.ts";
import { boxOf, place } from "./grid.ts";
import { named } from "./legend.ts";
import { pictures, toLookAt } from "./pictures.ts";
import { alertList, selects, unusual } from "./tiles/lists.ts";
import { table } from "./tiles/table.ts";
import { format } from "./units.ts";

const line = (more: Partial<Line>): Line => ({ name: "", labels: {}, values: [], refId: "A", ...more });
const panel = (more: object): Panel => ({ id: 1, type: "timeseries", title: "", gridPos: { x: 0, y: 0, w: 1, h: 1 }, ...more }) as Panel;

test.each([
  ["s", 0.00025, "250 µs"],
  ["s", 0.002, "2 ms"],
  ["s", 0.0431, "43.1 ms"],
  ["s", 30, "30 s"],
  ["s", 150, "2.5 mins"],
  ["bytes", 4 << 20, "4 MiB"],
  ["Bps", 125_300, "125 kB/s"],
  ["percentunit", 0.9996, "99.96%"],
  ["percentunit", 1, "100%"],
  ["percentunit", -3.2418, "-324%"],
  ["reqps", 1_234, "1.23K req/s"],
  ["ops", 0.157, "0.157 ops/s"],
  ["cps", 5, "5 c/s"],
  ["short", 2_080, "2.08 K"],
  ["none", 14.4, "14.4"],
  ["dateTimeAsIso", Date.UTC(2026, 0, 2, 3, 4, 5), "2026-01-02 03:04:05"],
])("%s: %d is %s", (unit, n, text) => expect(format(unit, n)).toBe(text));

test("an age is said in one word", () => {
  const now = Date.UTC(2026, 0, 2);
  expect([20_000, 3_600_000, 3 * 86_400_000].map((ms) => format("dateTimeFromNow", now - ms, now))).toEqual(["20 seconds ago", "an hour ago", "3 days ago"]);
});

test("24 columns fill the page, and a panel of two lines spans the gap between them", () => {
  expect(boxOf({ x: 0, y: 0, w: 24, h: 2 }, 1_568)).toEqual({ left: 0, top: 0, width: 1_568, height: 68 });
  const [left, right] = [boxOf({ x: 0, y: 1, w: 12, h: 1 }, 1_568), boxOf({ x: 12, y: 1, w: 12, h: 1 }, 1_568)];
  expect([left.top, right.left - left.width]).toEqual([38, 8]);
});

test("chosen rows stand one below the other, closed ones opened", () => {
  const { placed, height } = place(boards.tenant, ["Latency", "About the pods"], 1_568);
  expect(placed.filter(({ panel }) => panel.type === "row").map(({ panel, box }) => [panel.title, box.top])).toEqual([["Latency", 0], ["About the pods", 17 * 38]]);
  expect(Math.max(...placed.map(({ box }) => box.top + box.height)) + 8).toBe(height);
  expect(() => place(boards.tenant, ["No such row"], 1_568)).toThrow("no row No such row");
});

test("every row of the dashboards is in a picture", () => {
  for (const board of Object.values(boards)) {
    const shown = Object.values({ ...pictures, ...toLookAt }).filter(([of]) => of.title === board.title || (of.title.includes("/") && board.title.includes("/"))).flatMap(([, rows]): readonly string[] => rows);
    expect(shown.toSorted()).toEqual(board.panels.filter(({ type }) => type === "row").map(({ title }) => title).toSorted());
  }
});

test("queries are asked with the scrape's interval, the visible time and what was chosen", async () => {
  const asked: string[] = [];
  const ask = (path: string, query: Readonly<Record<string, string>>): Promise<unknown> => {
    asked.push(query["query"] ?? query["match[]"] ?? "");
    return Promise.resolve(path.startsWith("label/") ? ["a", "b"] : { result: [{ metric: { pod: "a" }, values: [[100, "1"], [102, "NaN"]] }] });
  };
  const chosen = await foundValues(ask, boards.operator);
  // the others have a value for All
  expect(chosen).toEqual({ pod: "a|b" });
  const target = { refId: "A", datasource: { type: "prometheus", uid: "" }, expr: 'x{pod=~"$pod",job=~"$job"}[$__rate_interval] $__range', legendFormat: "{{pod}} up" };
  const [found] = await createAnswers(ask, { from: 100, to: 104, step: 2 }, chosen).lines(panel({ targets: [target] }));
  expect(asked.at(-1)).toBe('x{pod=~"a|b",job=~".+"}[20s] 4s');
  expect(found).toMatchObject({ name: "a up", values: [1, null, null] });
});

test("a legend names labels, or the series where it says nothing", () => {
  expect(legend("{{pod}} {{ protocol }}", { pod: "a", protocol: "http" })).toBe("a http");
  expect(legend(undefined, { pod: "a" })).toBe('{pod="a"}');
});

test("lines are renamed, and those that are always 0 not listed, as the panel says", () => {
  const lines = [line({ name: "kv-responder-a-1", values: [0, null] }), line({ name: "kv-responder-a-2", values: [0, 1] })];
  const renamed = { transformations: [{ id: "renameByRegex", options: { regex: "^kv-responder-a-(.+)$", renamePattern: "$1" } }] };
  expect(named(panel(renamed), lines).map(({ name, isListed }) => [name, isListed])).toEqual([["1", true], ["2", true]]);
  const hiding = { fieldConfig: { overrides: [{ matcher: { options: { reducer: "allIsZero" } }, properties: [] }] } };
  expect(named(panel(hiding), lines).map(({ isListed }) => isListed)).toEqual([false, true]);
});

test("buckets hold what is in the smaller ones too, and empty ones at both ends are left out", () => {
  const of = (le: string, n: number) => line({ labels: { le }, values: [n] });
  expect(asHeat([of("+Inf", 9), of("0.1", 0), of("0.5", 4), of("1", 7), of("2", 7)])).toEqual({ bounds: [0.5, 1, 2, null], cells: [[4], [3], [0], [2]] });
});

test("the last threshold that is reached gives the colour", () => {
  const steps = [{ color: "green", value: null }, { color: "red", value: 1 }];
  expect([0, 1, 2].map((n) => stepColour(steps, n))).toEqual(["#73bf69", "#f2495c", "#f2495c"]);
});

test("queries with the same labels are one row, sorted and named as the panel says", () => {
  const { html } = table(
    panel({
      targets: [{}, {}],
      options: { sortBy: [{ displayName: "Size" }] },
      transformations: [{ id: "organize", options: { excludeByName: {}, indexByName: { pod: 0, "Value #A": 1, "Value #B": 2 }, renameByName: { pod: "Pod", "Value #A": "Up", "Value #B": "Size" } } }],
      fieldConfig: { defaults: {}, overrides: [{ matcher: { options: "Size" }, properties: [{ id: "unit", value: "bytes" }] }] },
    }),
    [line({ labels: { pod: "small" }, values: [1] }), line({ labels: { pod: "large" }, values: [1] }), line({ labels: { pod: "small" }, values: [1_024], refId: "B" }), line({ labels: { pod: "large" }, values: [2_048], refId: "B" })],
    0,
  );
  expect([...html.matchAll(/<t[hd][^>]*>([^<]*)/g)].map(([, text]) => text)).toEqual(["Pod", "Up", "Size", "large", "1", "2 KiB", "small", "1", "1 KiB"]);
});

test("an alert is listed where its labels are asked for, firing ones first", () => {
  const filter = '{tenant=~"${tenant:regex}", namespace="a", kvresponder=~".+"}';
  const alert = (alertname: string, state: string, namespace = "a") => ({ labels: { alertname, namespace, tenant: "t", kvresponder: "k" }, annotations: { summary: `<${alertname}>` }, state, activeAt: "2026-01-01T00:00:00Z" });
  expect([selects(filter, { namespace: "a", kvresponder: "k" }), selects(filter, { namespace: "a" }), selects(filter, { namespace: "b", kvresponder: "k" })]).toEqual([true, false, false]);
  const { html } = alertList(panel({ options: { alertInstanceLabelFilter: filter } }), [alert("Later", "pending"), alert("Now", "firing"), alert("Elsewhere", "firing", "b")], 0);
  expect([...html.matchAll(/&lt;(\w+)&gt;/g)].map(([, name]) => name)).toEqual(["Now", "Later"]);
});

test("of the log, what the panel's query lets through", () => {
  const lines = [{ level: "info", msg: "request", status: 200, durationMs: 3 }, { level: "info", route: "metrics", durationMs: 300 }, { level: "warn" }, { level: "info", status: 503 }, { level: "info", durationMs: 101 }];
  expect(lines.map(unusual)).toEqual([false, false, true, true, true]);
});
