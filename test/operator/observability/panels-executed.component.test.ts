// Every query of every panel, asked of a real Prometheus that scrapes real pods under load: a panel that shows nothing while there is something to show is broken.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { objectives } from "#crds/objectives";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { operatorJob, operatorNamespace } from "../../../operator/observability/platform-links.ts";
import { ruleGroup } from "../../../operator/observability/rules.ts";
import { resolveTools } from "../../cluster/toolchain.ts";
import { startPrometheus, type Prometheus } from "../../support/prometheus.ts";
import { startMesh, type Mesh } from "../../responder/replication/mesh.ts";
import { boards, panelsOf, subject, tenantBoard, type Board, type BoardName, type Target } from "./boards.ts";
import { startBusyOperator, type BusyOperator } from "./busy-operator.ts";
import { limits, startLoad, type Load } from "./load.ts";
import { asGrafanaAsks } from "./promql-reader.ts";

let mesh: Mesh | undefined;
let operator: BusyOperator | undefined;
let prometheus: Prometheus;
let load: Load | undefined;
/** Takes every span. */
const collector = createServer((request, response) => void request.resume().on("end", () => response.setHeader("content-type", "application/json").end("{}")));

/** An objective that loopback does not keep, so that there is something to spend. */
const promised = objectives.parse({ latency: { threshold: "100us" } });
const shownBoards = { ...boards, tenant: tenantBoard(subject, promised) } as const;

const input = { ...subject, replicas: 3, scraped: true, sampleLimit: 2_000, evictionPolicy: "TinyLFU", objectives: promised, overrides: { KVResponderReplicasUnavailable: { for: "0s" } } };

beforeAll(async () => {
  await resolveTools(["prometheus"]);
  await new Promise<void>((listening) => collector.listen(0, "127.0.0.1", listening));
  const traces = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  mesh = await startMesh("ab", { env: { KVR_TRACE_ENDPOINT: traces, KVR_TENANT: subject.tenant, KVR_NAMESPACE: subject.namespace, KVR_NAME: subject.name, ...limits } });
  operator = await startBusyOperator();
  const { namespace, tenant, name } = subject;
  prometheus = await startPrometheus(
    {
      "kv-responder-orders": mesh.pods.map((pod) => ({ address: new URL(pod.management).host, labels: { namespace, tenant, kvresponder: name, pod: pod.name, service: "kv-responder-orders" } })),
      // of another tenant, whose only pod does not answer
      "kv-responder-billing": [{ address: "127.0.0.1:1", labels: { namespace: "team-b", tenant: "globex", kvresponder: "billing", pod: "billing-0", service: "kv-responder-billing" } }],
      [operatorJob]: [{ address: operator.address, labels: { namespace: operatorNamespace, pod: "operator-0", service: operatorJob } }],
    },
    // one pod fewer than is asked for, so that an alert fires at once
    [ruleGroup(input)],
  );
  load = startLoad(mesh);
}, 1_800_000);

afterAll(async () => {
  await load?.stop();
  await prometheus?.[Symbol.asyncDispose]();
  await mesh?.[Symbol.asyncDispose]();
  await operator?.[Symbol.asyncDispose]();
  collector.closeAllConnections();
  collector.close();
});

interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

/** A number to show; NaN is what a share of nothing, or a quantile of no observation, comes to. */
const shown = async (expr: string): Promise<Sample[]> => {
  const query = asGrafanaAsks(expr, { __rate_interval: "20s", __range: "1m" });
  const { result } = (await prometheus.ask("query", { query })) as { result: Sample[] };
  return result.filter(({ value: [, number] }) => number !== "NaN");
};

/** What is 0 here though it answers, and what would change that. */
const quiet: Readonly<Record<string, string>> = {
  "Connections closed on clients A": "thousands of connections",
  "Connections closed on clients B": "a client that reads nothing for long",
  "Failed log-ins A": "pods that ask for a token",
  "Queue A": "more than goes out between two scrapes",
  "Lookups of peers A": "peers that are found by DNS",
  "Clocks ahead A": "a clock that is wrong",
  "Draining A": "a pod that ends",
  "Restarts A": "a container that starts again in its pod",
  "Dropped A": "a log that nobody reads",
  "Dropped B": "a collector that takes nothing",
  "Instances C": "pods that do not reach each other",
};

const patient = { timeout: 30_000, interval: 500 };
const asked = (board: Board) => panelsOf(board).flatMap((p) => (p.targets ?? []).filter((t) => t.datasource.type === "prometheus").map((t): Target & { where: string } => ({ ...t, where: `${p.title} ${t.refId}` })));

describe.each(Object.keys(boards) as BoardName[])("%s", (name) => {
  test.each(asked(shownBoards[name]))("$where", async ({ expr, where, legendFormat = "", format }) => {
    const isSomething = (samples: readonly Sample[]) => samples.some(({ value: [, number] }) => Number(number) !== 0);
    await expect.poll(async () => (await shown(expr)).length, patient).toBeGreaterThan(0);
    if (!Object.hasOwn(quiet, where)) await expect.poll(async () => isSomething(await shown(expr)), patient).toBe(true);
    const samples = await shown(expr);
    // each line has a name of its own
    const named = (metric: Sample["metric"]) => legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label: string) => metric[label] ?? "?");
    const names = samples.map(({ metric }) => (format === "table" ? JSON.stringify(metric) : named(metric)));
    expect(new Set(names).size, names.join(", ")).toBe(samples.length);
    expect(names.filter((n) => n.includes("?"))).toEqual([]);
  });

  test("what it looks up is found, and what it marks happens", async () => {
    for (const { name: label, query } of shownBoards[name].templating.list.filter((v) => v.type === "query")) {
      const [, series = ""] = /^label_values\((.*), \w+\)$/.exec((query as { query: string }).query) ?? [];
      expect(await prometheus.ask(`label/${label}/values`, { "match[]": asGrafanaAsks(series) }), label).not.toEqual([]);
    }
    // an alert of the tenant fires; it is no critical one, which the fleet's dashboard marks
    for (const { expr } of shownBoards[name].annotations.list) await expect.poll(async () => (await shown(expr.replace('severity="critical"', 'severity="warning"'))).length, patient).toBeGreaterThan(0);
  });
});

test("of a neighbour's dashboard no query finds anything, whoever it is: another tenant, another name, another namespace", async () => {
  for (const other of [{ tenant: "globex" }, { name: "billing" }, { namespace: "team-b" }]) {
    for (const { expr, where } of asked(tenantBoard({ ...subject, ...other }))) expect(await shown(expr), where).toEqual([]);
  }
});

test("the points of latency panels are traces that Prometheus gives back for their queries", async () => {
  const traced = asked(shownBoards.tenant).filter((t) => t.exemplar === true);
  expect(traced.length).toBeGreaterThan(3);
  for (const { expr, where } of traced) {
    const points = async (): Promise<unknown[]> => {
      const now = Date.now() / 1_000;
      const found = (await prometheus.ask("query_exemplars", { query: asGrafanaAsks(expr), start: String(now - 300), end: String(now) })) as { exemplars: { labels: Record<string, string> }[] }[];
      return found.flatMap(({ exemplars }) => exemplars.map(({ labels }) => labels["trace_id"]));
    };
    await expect.poll(points, { ...patient, message: where }).toEqual(expect.arrayContaining([expect.stringMatching(/^[0-9a-f]{32}$/)]));
  }
});
