// The dashboards as Grafana's own linter judges them: each of its rules, at its strictest, and no exclusion. Each rule is shown to bite.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { text } from "node:stream/consumers";
import { objectives } from "#crds/objectives";
import { beforeAll, describe, expect, test } from "vitest";
import { resolveTools } from "../../cluster/toolchain.ts";
import { boards, subject, tenantBoard, type Board } from "./boards.ts";

let linter: string;
// a build from source, on a machine that has none yet
beforeAll(async () => void ({ "dashboard-linter": linter } = await resolveTools(["dashboard-linter"])), 1_800_000);

interface Verdict {
  readonly code: number;
  /** What it has to say beside the name of each rule and that it holds. */
  readonly findings: readonly string[];
  /** How often a rule held. */
  readonly held: number;
}

/** In a folder without a file of exclusions. */
const lint = async (board: unknown): Promise<Verdict> => {
  const child = spawn(linter, ["lint", "--strict", "--verbose", "--stdin"], { cwd: tmpdir(), env: {} });
  child.stdin.end(JSON.stringify(board));
  const [said, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close") as Promise<[number]>]);
  const lines = `${said}${errors}`.split("\n").filter((line) => line !== "" && !line.startsWith("Checks that"));
  const findings = lines.filter((line) => !line.endsWith("OK"));
  return { code, findings, held: lines.length - findings.length };
};

test.each([
  ["tenant", boards.tenant],
  ["fleet", boards.fleet],
  ["operator", boards.operator],
  ["tenant with the longest names", tenantBoard({ namespace: "n".repeat(63), name: "i".repeat(50), tenant: "t".repeat(63) })],
  ["tenant with other objectives", tenantBoard(subject, objectives.parse({ availability: 99.999, latency: { percent: 95, threshold: "100us" } }))],
])("%s: every rule holds", async (_, board) => {
  const { code, findings, held } = await lint(board);
  expect(findings).toEqual([]);
  expect(held).toBeGreaterThan(300);
  expect(code).toBe(0);
});

/** The parts of a dashboard that the plants below change. */
interface Planted {
  editable: boolean;
  templating: { list: { name: string; label: string; query: { query: string }; refresh: number; multi: boolean }[] };
  panels: { type: string; title: string; description?: string; datasource?: { uid: string }; fieldConfig: { defaults: { unit?: string } }; targets?: { expr: string }[]; panels: Planted["panels"] }[];
}

const variable = (name: string, change: (v: Planted["templating"]["list"][number]) => void) => (board: Planted) => board.templating.list.filter((v) => v.name === name).forEach(change);
const panel = (change: (p: Planted["panels"][number]) => void) => (board: Planted) => change(board.panels.findLast((p) => p.type === "timeseries") as Planted["panels"][number]);
/** In a closed row too. */
const hidden = (change: (p: Planted["panels"][number]) => void) => (board: Planted) => change(board.panels.flatMap((p) => p.panels ?? []).find((p) => p.type === "timeseries") as Planted["panels"][number]);
const expression = (pattern: RegExp, by: string) => panel((p) => p.targets?.forEach((t) => void (t.expr = t.expr.replaceAll(pattern, by))));

describe.each<[rule: string, plant: (board: Planted) => unknown, said: RegExp]>([
  ["template-datasource-rule", (b) => (b.templating.list = b.templating.list.filter((v) => !v.name.endsWith("datasource"))), /does not have a templated data source/],
  ["template-job-rule", variable("job", (v) => void (v.multi = false)), /job template should be a multi select/],
  ["template-instance-rule", (b) => (b.templating.list = b.templating.list.filter((v) => v.name !== "instance")), /missing the instance template/],
  ["template-label-promql-rule", variable("pod", (v) => void (v.query.query = "up{")), /invalid templated label/],
  ["template-on-time-change-reload-rule", variable("pod", (v) => void (v.refresh = 1)), /should be set to be refreshed/],
  ["panel-datasource-rule", panel((p) => void (p.datasource = { uid: "prometheus" })), /does not use a templated datasource/],
  ["panel-title-description-rule", panel((p) => delete p.description), /missing title or description/],
  ["panel-title-description-rule, in a closed row", hidden((p) => delete p.description), /missing title or description/],
  ["panel-units-rule", panel((p) => void (p.fieldConfig.defaults.unit = "wishes")), /no or invalid units/],
  ["panel-no-targets-rule", panel((p) => delete p.targets), /has no targets/],
  ["target-promql-rule", expression(/\{/g, ""), /invalid PromQL/],
  ["target-rate-interval-rule", hidden((p) => p.targets?.forEach((t) => void (t.expr = t.expr.replaceAll("$__rate_interval", "5m")))), /should use \$__rate_interval/],
  ["target-job-rule", expression(/job=~"\$job",/g, ""), /job selector not found/],
  ["target-instance-rule", expression(/instance=~"\$instance",/g, ""), /instance selector not found/],
  ["target-counter-agg-rule", hidden((p) => p.targets?.forEach((t) => void (t.expr = "sum(some_total)"))), /counter metric 'some_total' is not aggregated/],
  ["uneditable-dashboard", (b) => (b.editable = true), /is editable/],
])("%s", (_, plant, words) => {
  test("bites", async () => {
    const board = structuredClone(boards.tenant) as Board & Planted;
    plant(board);
    const { code, findings } = await lint(board);
    expect(findings.join("\n")).toMatch(words);
    expect(code).not.toBe(0);
  });
});

test("the panel of logs asks in valid LogQL, which the linter looks at in panels of other types alone", async () => {
  const said = async (change: (expr: string) => string): Promise<string[]> => {
    const board: Planted = structuredClone(boards.tenant) as Board & Planted;
    const logs = board.panels.find((p) => p.type === "logs") as Planted["panels"][number];
    logs.type = "stat";
    for (const target of logs.targets ?? []) target.expr = change(target.expr);
    return (await lint(board)).findings.filter((line) => line.includes("LogQL"));
  };
  expect(await said((expr) => expr)).toEqual([]);
  expect(await said((expr) => expr.replace("| json", "| jason"))).toContainEqual(expect.stringContaining("invalid LogQL query"));
});
