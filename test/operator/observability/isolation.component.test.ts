// Isolation as a property: whatever goes wrong with one tenant's pods, its alert fires, its receiver is told, and nobody else's alert stirs. Every part is the real one.
import { alertNames, type AlertName } from "#crds/alerts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resolveTools } from "../../cluster/toolchain.ts";
import { identity } from "../../../operator/observability/subject.ts";
import { waitFor } from "../../cluster/wait.ts";
import type { Labels } from "../../support/alertmanager.ts";
import { faults } from "./isolation/faults.ts";
import { startStage, type Stage } from "./isolation/stage.ts";
import { faulty, isOf, others, tenants } from "./isolation/tenants.ts";
import type { Who } from "./tenants.ts";

let stage: Stage;
const seen = new Set<AlertName>();

beforeAll(async () => {
  await resolveTools(["prometheus", "promtool", "alertmanager", "alertmanager-config"]);
  stage = await startStage();
}, 1_800_000);
afterAll(() => stage?.[Symbol.asyncDispose]());

const isTold = (who: Who, name: AlertName): boolean => stage.told(who).some(({ status, labels }) => status === "firing" && labels["alertname"] === name);

const expectQuiet = async (them: readonly Who[], when: string): Promise<void> => {
  for (const who of them) {
    expect(await stage.alertsOf(who), when).toEqual([]);
    expect(stage.told(who).map(({ labels: { alertname, namespace, kvresponder } }) => `${alertname} of ${namespace}/${kvresponder}`), when).toEqual([]);
  }
};

const patient = { timeoutMs: 90_000, intervalMs: 250 };

test("every pod is scraped, and nothing of the others stirs", async () => {
  const scraped = async () => ((await stage.prometheus.ask("query", { query: 'process_start_time_seconds{service=~".+"}' })) as { result: unknown[] }).result.length;
  await waitFor("every pod to be scraped", async () => (await scraped()) === tenants.flatMap(({ pods }) => [...pods]).length, patient);
  await expectQuiet(others, "at the beginning");
});

describe.each(faults)("$title", ({ fires, early, inject, meanwhile }) => {
  test(`fires ${fires.map((name) => name.replace("KVResponder", "")).join(", ")} of the one, and nothing of the others`, { timeout: 300_000 }, async () => {
    const before = await stage.alertsOf(faulty);
    if (!early) expect(before.filter((name) => (fires as readonly string[]).includes(name))).toEqual([]);
    const undo = await inject(stage);
    try {
      for (const name of fires) {
        const isFiring = async () => {
          await meanwhile?.(stage);
          return stage.isFiring(name);
        };
        await waitFor(`${name} to fire`, isFiring, patient);
        seen.add(name);
        await waitFor(`its receiver to be told of ${name}`, () => isTold(faulty, name), patient);
        await expectQuiet(others, name);
      }
    } finally {
      await undo();
    }
  });
});

test("every alert of the catalogue has fired", () => {
  expect([...seen].toSorted()).toEqual(alertNames.toSorted());
});

test("nothing of the others was pending or firing at any moment, and none of their receivers was told of anything", async () => {
  const { result } = (await stage.prometheus.ask("query", { query: "count by (namespace, tenant, kvresponder) (count_over_time(ALERTS[1h]))" })) as { result: { metric: Labels }[] };
  expect(result.map(({ metric }) => metric)).toEqual([identity(faulty)]);
  await expectQuiet(others, "at the end");
});

test("every expression was evaluated without an error, and every recording rule has found the tenant's own", async () => {
  const { groups } = (await stage.prometheus.ask("rules", {})) as { groups: { rules: { name: string; type: string; health: string; lastError?: string; labels: Labels }[] }[] };
  const rules = groups.flatMap((group) => group.rules);
  expect(groups).toHaveLength(tenants.length);
  expect(rules.filter(({ health, lastError }) => health !== "ok" || lastError !== undefined)).toEqual([]);
  const recorded = rules.filter(({ type, labels }) => type === "recording" && isOf(faulty, labels));
  expect(recorded.length).toBeGreaterThan(20);
  for (const { name, labels } of recorded) {
    const matchers = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
    const { result } = (await stage.prometheus.ask("query", { query: `last_over_time({__name__="${name}",${matchers.join(",")}}[1h])` })) as { result: unknown[] };
    expect(result, `${name} ${matchers.join(",")}`).toHaveLength(1);
  }
});

test("the others' receivers do hear of what is theirs, each of its own alone, also while the one is down", { timeout: 300_000 }, async () => {
  const timesDown = () => stage.told(faulty).filter(({ status, labels }) => status === "firing" && labels["alertname"] === "KVResponderDown").length;
  const before = timesDown();
  for (const letter of faulty.pods) await stage.meshOf(faulty).kill(letter);
  await waitFor("the one to be down again", () => timesDown() > before, patient);
  for (const [i, who] of others.entries()) {
    await stage.meshOf(who).kill(who.pods[0] ?? "");
    await waitFor("its own receiver to be told", () => isTold(who, "KVResponderReplicasUnavailable"), patient);
    await expectQuiet(others.slice(i + 1), who.namespace);
  }
  for (const who of tenants) expect(stage.told(who).filter(({ labels }) => !isOf(who, labels))).toEqual([]);
});
