// Budgets over windows of up to three days, on a real Prometheus whose history promtool has written: what the rules that read the pods' series would have recorded.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type RulesInput, ruleGroup } from "../../../operator/observability/rules.ts";
import { resolveTools } from "../../cluster/toolchain.ts";
import { waitFor } from "../../cluster/wait.ts";
import { startPrometheus } from "../../support/prometheus.ts";

const run = promisify(execFile);
const days = 3.1;
const minutes = days * 24 * 60;
/** Operations a second. */
const rate = 10;
const budgets = ["KVResponderErrorBudgetBurnFast", "KVResponderErrorBudgetBurnSlow", "KVResponderLatencyBudgetBurnFast", "KVResponderLatencyBudgetBurnSlow"] as const;

interface History {
  /** Shares of the operations, by minutes before now. */
  readonly failed: (ago: number) => number;
  readonly slow: (ago: number) => number;
  /** The long windows that must have noticed. */
  readonly fires: { readonly errors: readonly string[]; readonly latency: readonly string[] };
}

const since = (hours: number, share: number) => (ago: number) => (ago < hours * 60 ? share : 0);

const histories: Readonly<Record<string, History>> = {
  steady: { failed: () => 0, slow: () => 0, fires: { errors: [], latency: [] } },
  "ten-minutes": { failed: since(1 / 6, 0.2), slow: since(1 / 6, 1), fires: { errors: ["1h"], latency: ["1h"] } },
  "five-hours": { failed: since(5, 0.012), slow: since(5, 0.12), fires: { errors: ["6h"], latency: ["6h"] } },
  // whatever spends a day's part has spent three days' part too
  "twenty-hours": { failed: since(20, 0.005), slow: since(20, 0.05), fires: { errors: ["1d", "3d"], latency: ["1d", "3d"] } },
  "two-days": { failed: since(48, 0.002), slow: since(48, 0.02), fires: { errors: ["3d"], latency: ["3d"] } },
  // within the budget, for ever
  allowed: { failed: () => 0.0009, slow: () => 0.009, fires: { errors: [], latency: [] } },
  // only six hours are short enough for an alert and long enough to remember it
  "three-hours-ago": { failed: (ago) => (ago > 180 && ago < 210 ? 0.2 : 0), slow: (ago) => (ago > 180 && ago < 240 ? 1 : 0), fires: { errors: ["3d"], latency: ["3d"] } },
  // the long windows remember it, the short ones know that it is over
  over: { failed: (ago) => (ago > 420 && ago < 450 ? 0.2 : 0), slow: (ago) => (ago > 420 && ago < 480 ? 1 : 0), fires: { errors: [], latency: [] } },
};

const instance = (name: string): RulesInput => ({
  namespace: "shared",
  name,
  tenant: name,
  replicas: 1,
  scraped: true,
  sampleLimit: 2_000,
  evictionPolicy: "TinyLFU",
  objectives: { availability: 99.9, latency: { percent: 99, threshold: "10ms" } },
  // how long it must hold is promtool's to prove
  overrides: Object.fromEntries(budgets.map((name) => [name, { for: "0s" }])),
});
const instances = Object.keys(histories).map(instance);

const stepMinutes = 2;

/** What the recording rules would have stored for all instances up to `now`, had they been there, in OpenMetrics. */
const openMetrics = (now: number): string => {
  const stored = {
    "kvresponder:operations:rate5m": () => rate,
    "kvresponder:operations_failed:rate5m": ({ failed }: History, ago: number) => rate * failed(ago),
    "kvresponder:operations_timed:rate5m": () => rate,
    "kvresponder:operations_slow:rate5m": ({ slow }: History, ago: number) => rate * slow(ago),
  };
  const lines: string[] = [];
  for (const [metric, valueOf] of Object.entries(stored)) {
    lines.push(`# TYPE ${metric} gauge`);
    for (const [name, history] of Object.entries(histories)) {
      const labels = `namespace="shared",tenant="${name}",kvresponder="${name}"`;
      for (let ago = minutes; ago >= 0; ago -= stepMinutes) lines.push(`${metric}{${labels}} ${valueOf(history, ago)} ${now - ago * 60}`);
    }
  }
  return `${lines.join("\n")}\n# EOF\n`;
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "kvr-history-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

test("each window notices what has lasted long enough for it, and nothing else", async () => {
  const { promtool } = await resolveTools(["promtool"]);
  const now = Math.floor(Date.now() / 1_000);
  const data = join(folder, "data");
  await writeFile(join(folder, "history.om"), openMetrics(now));
  await run(promtool, ["tsdb", "create-blocks-from", "openmetrics", "--quiet", join(folder, "history.om"), data]);

  const groups = instances.map(ruleGroup);
  await using prometheus = await startPrometheus({}, groups, { data });
  const firing = async (): Promise<string[]> => {
    const { alerts } = (await prometheus.ask("alerts", {})) as { alerts: { state: string; labels: Record<string, string> }[] };
    return alerts.flatMap(({ state, labels }) => (state === "firing" && labels["window"] !== undefined ? [`${labels["alertname"]} ${labels["kvresponder"]} ${labels["window"]}`] : [])).toSorted();
  };
  const speed = (window: string): string => (["1h", "6h"].includes(window) ? "Fast" : "Slow");
  const expected = Object.entries(histories)
    .flatMap(([name, { fires }]) => [...fires.errors.map((window) => `KVResponderErrorBudgetBurn${speed(window)} ${name} ${window}`), ...fires.latency.map((window) => `KVResponderLatencyBudgetBurn${speed(window)} ${name} ${window}`)])
    .toSorted();
  await waitFor("the rules to be evaluated", async () => ((await prometheus.ask("rules", { type: "alert" })) as { groups: { rules: { lastEvaluation: string }[] }[] }).groups.every(({ rules }) => rules.every(({ lastEvaluation }) => !lastEvaluation.startsWith("0001"))));
  await waitFor("the windows to be recorded and the alerts to be evaluated after them", async () => (await firing()).length >= expected.length, { timeoutMs: 60_000 });
  expect(await firing()).toEqual(expected);
}, 240_000);
