// What the rules of many tenants cost a real Prometheus: series by count, and processor time as the difference to one beside it that scrapes the same and evaluates nothing.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { objectives } from "#crds/objectives";
import { afterAll, beforeAll, expect, test } from "vitest";
import { identity } from "../../../operator/observability/subject.ts";
import { ruleGroup, type RulesInput } from "../../../operator/observability/rules.ts";
import { cpuMicros } from "../../bench/harness/cpu.ts";
import { resolveTools } from "../../cluster/toolchain.ts";
import { waitFor } from "../../cluster/wait.ts";
import { startPrometheus, type Prometheus } from "../../support/prometheus.ts";
import { startResponder } from "../../responder/process.ts";

const pods = 3;
/** `make soak` has a thousand. */
const tenants = Number(process.env["KVR_TENANTS"] ?? 100);
/** Recorded for each tenant, whatever its traffic and the number of its pods. */
const recordedSeries = 23;
/** Milliseconds of processor time for all rules of one tenant, once: at the usual 30 s a hundred tenants then take a tenth of a core. */
const budgetMs = 30;
/** Every tenant's rules run once a second, as far as two cores go: many tenants make up for the time. */
const measuredForMs = (count: number): number => (count === 1 ? 15_000 : 8_000);

/** The page of a real pod, for all: what it says does not matter, how much it is does. */
let page = "";
const server = createServer((_, response) => response.setHeader("content-type", "text/plain; version=0.0.4").end(page));
beforeAll(async () => {
  await resolveTools(["prometheus"]);
  await using responder = await startResponder();
  page = await (await fetch(`${responder.management}/metrics`)).text();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
}, 300_000);
afterAll(() => server.close());

const tenant = (n: number): RulesInput => ({ namespace: `team-${n % 10}`, name: `cache-${n}`, tenant: `tenant-${n}`, replicas: pods, scraped: true, sampleLimit: 2_000, evictionPolicy: "TinyLFU", objectives: objectives.parse({}) });

const number = async (prometheus: Prometheus, query: string): Promise<number> => {
  const { result } = (await prometheus.ask("query", { query })) as { result: readonly { readonly value: readonly [number, string] }[] };
  return Number(result[0]?.value[1] ?? 0);
};
/** Of Prometheus itself. */
const own = async ({ url }: Prometheus, metric: string): Promise<number> => {
  const text = await (await fetch(`${url}/metrics`)).text();
  return text.split("\n").reduce((sum, line) => (line.startsWith(`${metric}{`) || line.startsWith(`${metric} `) ? sum + Number(line.slice(line.lastIndexOf(" "))) : sum), 0);
};

test.each([1, tenants])("%i tenants", { timeout: 600_000 }, async (count) => {
  const { port } = server.address() as AddressInfo;
  const inputs = Array.from({ length: count }, (_, n) => tenant(n));
  // one address a pod: a target is an address and labels
  const targets = inputs.flatMap((input) => Array.from({ length: pods }, (_, pod) => ({ address: `127.0.0.1:${port}`, labels: { ...identity(input), pod: `${input.name}-${pod}`, __param_pod: String(pod) } })));
  // as many samples a second for a thousand tenants as for a hundred
  const scrapeInterval = `${Math.max(5, Math.ceil(count / 20))}s`;
  await using plain = await startPrometheus({ pods: targets }, [], { scrapeInterval });
  await using ruled = await startPrometheus({ pods: targets }, inputs.map(ruleGroup), { scrapeInterval });
  const both = [plain, ruled] as const;
  for (const prometheus of both) await waitFor("all pods to be scraped twice", async () => (await number(prometheus, "count(count_over_time(up[3m]) > 1)")) === count * pods, { timeoutMs: 240_000, intervalMs: 500 });
  await waitFor("all windows to be recorded", async () => (await number(ruled, 'count({__name__=~"kvresponder:.*"})')) >= count * 20, { timeoutMs: 240_000, intervalMs: 500 });

  const read = () => Promise.all(both.map(async (prometheus) => ({ cpu: cpuMicros([prometheus.pid]), rounds: await own(prometheus, "prometheus_rule_group_iterations_total") })));
  const before = await read();
  // a span of work, not a condition: what it costs is what is measured
  await sleep(measuredForMs(count));
  const after = await read();
  const used = after.map(({ cpu }, i) => (cpu - (before[i]?.cpu ?? 0)) / 1_000);
  const rounds = (after[1]?.rounds ?? 0) - (before[1]?.rounds ?? 0);
  const perTenant = ((used[1] ?? 0) - (used[0] ?? 0)) / rounds;
  const samples = await number(ruled, "max(scrape_samples_scraped)");
  const recorded = await number(ruled, 'count({__name__=~"kvresponder:.*"})');
  const rules = inputs.map(ruleGroup)[0]?.rules.length ?? 0;
  console.log(`${count} tenants of ${pods} pods: ${samples} samples a pod and scrape, ${recorded / count} series recorded a tenant by ${rules} rules, ${perTenant.toFixed(2)} ms of processor time for all rules of one tenant once (${rounds} evaluations; with rules ${used[1]?.toFixed(0)} ms, without ${used[0]?.toFixed(0)} ms)`);

  expect(samples).toBeLessThanOrEqual(500);
  expect(recorded / count).toBeLessThanOrEqual(recordedSeries);
  expect(await number(ruled, 'count(ALERTS{alertstate="firing"})')).toBe(0);
  expect(perTenant).toBeLessThanOrEqual(budgetMs);
});
