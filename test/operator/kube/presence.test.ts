import { expect, test } from "vitest";
import { createPresence } from "../../../operator/kube/presence.ts";
import type { Kind } from "../../../operator/kinds.ts";
import { manualTime, settle, silentLog } from "../../support/manual-time.ts";
import { failure } from "./scripted-client.ts";

const monitor: Kind = { group: "monitoring.coreos.com", version: "v1", kind: "ServiceMonitor", plural: "servicemonitors" };
const rule: Kind = { ...monitor, kind: "PrometheusRule", plural: "prometheusrules" };

const make = () => {
  const time = manualTime();
  const told: string[] = [];
  const asked: string[] = [];
  const served: { now: readonly string[] | undefined | Error } = { now: undefined };
  const client = {
    discover: (groupVersion: string) => {
      asked.push(groupVersion);
      return served.now instanceof Error ? Promise.reject(served.now) : Promise.resolve(served.now && new Set(served.now));
    },
  };
  const presence = createPresence({ client, kinds: [monitor, rule], timers: time, log: silentLog, onChange: (k, present) => told.push(`${k.kind} ${present}`) });
  return { time, told, asked, served, presence };
};

test("tells each kind once at the start, then only changes; one question a group", async () => {
  const { presence, told, time, served, asked } = make();
  await presence.start();
  expect(told.splice(0)).toEqual(["ServiceMonitor false", "PrometheusRule false"]);
  expect(asked).toEqual(["monitoring.coreos.com/v1"]);
  await time.advanceAsync(15_000);
  expect(told).toEqual([]);
  served.now = ["servicemonitors"];
  await time.advanceAsync(15_000);
  expect(told.splice(0)).toEqual(["ServiceMonitor true"]);
  expect([presence.has(monitor), presence.has(rule)]).toEqual([true, false]);
  served.now = undefined;
  await time.advanceAsync(15_000);
  expect(told).toEqual(["ServiceMonitor false"]);
});

test("an API server that does not answer changes nothing", async () => {
  const { presence, told, time, served } = make();
  served.now = ["servicemonitors", "prometheusrules"];
  await presence.start();
  told.splice(0);
  served.now = failure("network");
  await time.advanceAsync(60_000);
  expect(told).toEqual([]);
  expect(presence.has(rule)).toBe(true);
});

test("is silent after stop, also about an answer that was under way", async () => {
  const { presence, told, time, asked } = make();
  const started = presence.start();
  await presence.stop();
  await started;
  await settle();
  expect(told).toEqual([]);
  await time.advanceAsync(60_000);
  expect(asked).toHaveLength(1);
  expect(time.pending).toBe(0);
});
