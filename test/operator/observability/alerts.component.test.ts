// The alerts as Prometheus evaluates them: promtool checks the rules and plays faults of one tenant beside another in the same namespace.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { alertNames, alerts, type AlertInput, type AlertName } from "../../../operator/observability/alerts.ts";
import { alertGroup, type RuleGroup } from "../../../operator/observability/rules.ts";
import { runbookUrl } from "../../../operator/observability/runbooks.ts";
import { resolveTools } from "../../cluster/toolchain.ts";

const run = promisify(execFile);

let promtool: string;
let dir: string;
beforeAll(async () => {
  ({ promtool } = await resolveTools(["promtool"]));
  dir = await mkdtemp(join(tmpdir(), "kvr-rules-"));
}, 300_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

/** Two tenants in one namespace. */
const a: AlertInput = { namespace: "shared", name: "orders", tenant: "acme", replicas: 3, scraped: true };
const b: AlertInput = { namespace: "shared", name: "billing", tenant: "globex", replicas: 3, scraped: true };

interface Series {
  series: string;
  values: string;
}

const series = (metric: string, i: AlertInput, pod: number, values: string, more: Record<string, string> = {}): Series => {
  const labels = { namespace: i.namespace, tenant: i.tenant, kvresponder: i.name, pod: `${i.name}-${pod}`, ...more };
  const text = Object.entries(labels).map(([k, v]) => `${k}="${v}"`);
  return { series: `${metric}{${text.join(",")}}`, values };
};

/** One value of up for each pod, for two hours. */
const up = (i: AlertInput, ...pods: string[]): Series[] => pods.map((values, pod) => series("up", i, pod, values));
/** Lookups per minute in one pod, for two hours. */
const traffic = (i: AlertInput, hits: number, misses: number): Series[] => [
  series("kv_operations_total", i, 0, `0+${hits}x120`, { operation: "get", result: "hit" }),
  series("kv_operations_total", i, 0, `0+${misses}x120`, { operation: "get", result: "miss" }),
];

const healthy = "1x120";
const dead = "0x120";
/** Dies after half an hour. */
const dies = "1x30 0x90";
const fine = (i: AlertInput): Series[] => [...up(i, healthy, healthy, healthy), ...traffic(i, 600, 100)];

const firing = (name: AlertName, i: AlertInput, value: string) => ({
  exp_labels: { severity: alerts[name].severity, namespace: i.namespace, tenant: i.tenant, kvresponder: i.name },
  exp_annotations: {
    summary: alerts[name].summary(i),
    description: alerts[name].description(i).replace(/\{\{[^}]*\}\}/, value),
    runbook_url: runbookUrl(name),
  },
});

interface Case {
  what: string;
  input: Series[];
  at: string;
  /** The alerts of both tenants at that time; every other alert must be silent. */
  fires: { name: AlertName; of: AlertInput; value: string }[];
  instances?: AlertInput[];
}

const cases: Case[] = [
  { what: "nothing fires while all is well", input: [...fine(a), ...fine(b)], at: "2h", fires: [] },
  {
    what: "no pod of billing answers",
    input: [...fine(a), ...up(b, dead, dead, dead)],
    at: "6m",
    fires: [{ name: "KVResponderDown", of: b, value: "" }],
  },
  { what: "not before five minutes have passed", input: [...fine(a), ...up(b, dead, dead, dead)], at: "4m", fires: [] },
  { what: "billing has no targets at all", input: fine(a), at: "6m", fires: [{ name: "KVResponderDown", of: b, value: "" }] },
  {
    what: "billing dies after half an hour",
    input: [...fine(a), ...up(b, dies, dies, dies)],
    at: "37m",
    fires: [{ name: "KVResponderDown", of: b, value: "" }],
  },
  { what: "one pod that answers is not down", input: [...fine(a), ...up(b, healthy, dead, dead)], at: "10m", fires: [] },
  {
    what: "one of billing's pods is missing",
    input: [...fine(a), ...up(b, healthy, healthy)],
    at: "16m",
    fires: [{ name: "KVResponderReplicasUnavailable", of: b, value: "2" }],
  },
  { what: "not before a quarter of an hour has passed", input: [...fine(a), ...up(b, healthy, healthy)], at: "14m", fires: [] },
  {
    what: "billing misses more than it hits",
    input: [...fine(a), ...up(b, healthy, healthy, healthy), ...traffic(b, 100, 300)],
    at: "1h",
    fires: [{ name: "KVResponderHitRatioLow", of: b, value: "25%" }],
  },
  {
    what: "billing never hits",
    input: [...fine(a), ...up(b, healthy, healthy, healthy), ...traffic(b, 0, 300)],
    at: "1h",
    fires: [{ name: "KVResponderHitRatioLow", of: b, value: "0%" }],
  },
  { what: "a ratio of next to nothing says nothing", input: [...fine(a), ...up(b, healthy, healthy, healthy), ...traffic(b, 5, 40)], at: "2h", fires: [] },
  {
    what: "both down are two alerts",
    input: [...up(a, dead), ...up(b, dead)],
    at: "10m",
    fires: [
      { name: "KVResponderDown", of: a, value: "" },
      { name: "KVResponderDown", of: b, value: "" },
    ],
  },
  { what: "scaled to zero is not down", input: fine(a), at: "2h", fires: [], instances: [a, { ...b, replicas: 0 }] },
  { what: "scraped by somebody else: no target is no news", input: fine(a), at: "2h", fires: [], instances: [a, { ...b, scraped: false }] },
  {
    what: "scraped by somebody else: targets that do not answer are",
    input: [...fine(a), ...up(b, dead, dead, dead)],
    at: "6m",
    fires: [{ name: "KVResponderDown", of: { ...b, scraped: false }, value: "" }],
    instances: [a, { ...b, scraped: false }],
  },
];

const write = async (name: string, content: object): Promise<string> => {
  const file = join(dir, name);
  await writeFile(file, stringify(content, { lineWidth: 0 }));
  return file;
};

const groups = (instances: readonly AlertInput[]): { groups: RuleGroup[] } => ({ groups: instances.map(alertGroup) });

test("promtool accepts the rules of every kind of instance", async () => {
  const file = await write("check.yaml", groups([a, { ...b, replicas: 0 }, { ...b, name: "one", replicas: 1 }, { ...b, name: "foreign", scraped: false }]));
  const { stdout } = await run(promtool, ["check", "rules", "--lint=all", "--lint-fatal", file]);
  expect(stdout).toContain("SUCCESS: 9 rules found");
});

describe("what fires, for whom, and what stays silent", () => {
  test.each(cases.map((c, i) => ({ ...c, i })))("$what", async ({ i, input, at, fires, instances = [a, b] }) => {
    await write(`rules-${i}.yaml`, groups(instances));
    const file = await write(`test-${i}.yaml`, {
      rule_files: [`rules-${i}.yaml`],
      evaluation_interval: "1m",
      tests: [
        {
          interval: "1m",
          input_series: input,
          alert_rule_test: alertNames.map((name) => ({
            eval_time: at,
            alertname: name,
            exp_alerts: fires.filter((f) => f.name === name).map((f) => firing(name, f.of, f.value)),
          })),
        },
      ],
    });
    // promtool prints what it expected and what it got
    const { failure } = await run(promtool, ["test", "rules", file]).then(
      () => ({ failure: "" }),
      (error: { stdout: string; stderr: string }) => ({ failure: `${error.stdout}${error.stderr}` }),
    );
    expect(failure).toBe("");
  });

  test.each(alertNames)("%s is seen firing", (name) => expect(cases.some((c) => c.fires.some((f) => f.name === name))).toBe(true));
});
