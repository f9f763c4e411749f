// The platform's alerts as Prometheus evaluates them: promtool checks the shipped rules and plays one fault of the operator, or of many tenants, at a time.
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { operatorMetrics } from "../../../operator/metrics.ts";
import { platformAlertNames, platformAlerts, type PlatformAlertName } from "../../../operator/observability/platform-alerts.ts";
import { operatorJob, operatorNamespace } from "../../../operator/observability/platform-links.ts";
import { platformGroups } from "../../../operator/observability/platform-rules.ts";
import { runbookUrl } from "../../../operator/observability/runbooks.ts";
import { series, startPromtool, type Expected, type Promtool, type Series } from "./promtool.ts";

let promtool: Promtool;
beforeAll(async () => {
  promtool = await startPromtool();
}, 300_000);
afterAll(() => promtool?.[Symbol.asyncDispose]());

type Labels = Readonly<Record<string, string>>;

/** A series of the operator, one value a minute. */
const own = (metric: string, values: string, labels: Labels = {}): Series => series(metric, { job: operatorJob, namespace: operatorNamespace, pod: "operator-1", ...labels }, values);

const controller = { controller: "kvresponder" };
const orders = { resource_namespace: "team-a", kvresponder: "orders" };
const kinds = operatorMetrics.kvoperator_cache_synced.labels.kind;

/** Two tenants: so many operations a second in all, of which so many fail. */
const tenants = (operations: number, failed: number): Series[] =>
  ["orders", "billing"].flatMap((kvresponder) => {
    const labels = { namespace: "team-a", tenant: kvresponder, kvresponder };
    return [series("kvresponder:operations:rate5m", labels, `${operations / 2}x480`), series("kvresponder:operations_failed:rate5m", labels, `${failed / 2}x480`)];
  });

/** Of an operator that replaces the pods of two at once. */
const rollouts = ({ running = "0x480", stuck = "0x480", waiting = "0x480" }): Series[] => [
  ...Object.entries({ running, stuck, waiting }).map(([state, values]) => own("kvoperator_rollouts", values, { state })),
  own("kvoperator_max_concurrent_rollouts", "2x480"),
];

/** Each metric that an alert reads, of an operator that is well for eight hours. */
const well: Readonly<Record<string, readonly Series[]>> = {
  up: [own("up", "1x480")],
  reconciles: [own("controller_runtime_reconcile_total", "0+100x480", { ...controller, result: "success" }), own("controller_runtime_reconcile_errors_total", "0x480", controller)],
  longest: [own("workqueue_longest_running_processor_seconds", "2x480", { name: "kvresponder", ...controller })],
  ready: [own("kvoperator_resource_ready", "1x480", orders), own("kvoperator_resource_ready", "1x480", { ...orders, kvresponder: "billing" })],
  rollouts: rollouts({}),
  drift: [own("kvoperator_drift_corrected_total", "0x480", { kind: "Service" })],
  staleness: kinds.map((kind) => own("kvoperator_cache_staleness_seconds", "60x480", { kind })),
  synced: kinds.map((kind) => own("kvoperator_cache_synced", "1x480", { kind })),
  requests: [own("rest_client_requests_total", "0+100x480", { method: "GET", code: "2xx" }), own("rest_client_requests_total", "0+50x480", { method: "GET", code: "4xx" })],
  api: [own("kvoperator_api_available", "1x480", { group: "monitoring.coreos.com" })],
  drops: [own("kvoperator_logs_dropped_total", "0x480"), own("kvoperator_spans_dropped_total", "0+60x480", { reason: "throttled" }), own("kvoperator_spans_dropped_total", "0x480", { reason: "queue_full" })],
  fleet: tenants(100, 0.1),
};

interface Firing {
  name: PlatformAlertName;
  value?: string;
  labels?: Labels;
}

interface Case {
  what: string;
  /** What is other than well. */
  but: Partial<typeof well>;
  /** What fires at each of these times; every other alert is silent. */
  at: Readonly<Record<string, readonly Firing[]>>;
}

const fill = (text: string, labels: Labels, value = ""): string =>
  text.replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, name: string) => labels[name] ?? "").replaceAll(/\{\{[^}]*\}\}/g, value);

const firing = ({ name, value, labels = {} }: Firing): Expected => {
  const { severity, signal, summary, description, ...alert } = platformAlerts[name];
  return {
    exp_labels: { severity, signal, namespace: operatorNamespace, ...labels },
    exp_annotations: {
      summary: fill(summary, labels),
      description: fill(typeof description === "string" ? description : description(labels["window"] ?? ""), labels, value),
      runbook_url: runbookUrl(name),
      dashboard_url: "ofFleet" in alert ? "/d/kv-responder-fleet" : "/d/kv-responder-operator",
    },
  };
};

const down: Firing = { name: "KVOperatorDown" };
const stuck = (value: string): Firing => ({ name: "KVOperatorReconcileStuck", value });
const notReady: Firing = { name: "KVOperatorResourceNotReady", labels: orders };
const stopped = (value: string): Firing => ({ name: "KVOperatorRolloutsStopped", value });
const drift = (value: string): Firing => ({ name: "KVOperatorDriftLoop", value, labels: { kind: "Service" } });
const stale = (value: string): Firing => ({ name: "KVOperatorWatchStale", value, labels: { kind: "Service" } });
const missing: Firing = { name: "KVOperatorMonitoringApiMissing", labels: { group: "monitoring.coreos.com" } };
const drops = (value: string): Firing => ({ name: "KVOperatorTelemetryDropping", value });
const burn = (window: string, value: string): Firing => ({ name: "KVResponderFleetErrorBudgetBurn", value, labels: { window } });
const instead = (from: readonly Series[] | undefined, ...others: Series[]): Series[] => [...(from ?? []).filter((s) => !others.some((o) => o.series === s.series)), ...others];
/** The same of the pod that comes after. */
const ofNext = ({ series: name, values }: Series): Series => ({ series: name.replace("operator-1", "operator-2"), values });
const reconciles = (errors: string): Series[] => instead(well["reconciles"], own("controller_runtime_reconcile_errors_total", errors, controller));

const cases: Case[] = [
  { what: "nothing fires while all is well", but: {}, at: { "5m": [], "20m": [], "1h": [], "8h": [] } },
  { what: "an operator that does not answer", but: { up: [own("up", "0x480")] }, at: { "4m": [], "5m": [down] } },
  { what: "no target at all", but: { up: [] }, at: { "4m": [], "5m": [down] } },
  { what: "an operator that dies and comes back", but: { up: [own("up", "1x9 0x19 1x60")] }, at: { "14m": [], "15m": [down], "29m": [down], "30m": [] } },
  { what: "one of two pods answers", but: { up: [own("up", "0x480"), own("up", "1x480", { pod: "operator-2" })] }, at: { "1h": [] } },
  { what: "more than a tenth of the reconciles fail", but: { reconciles: reconciles("0+11x480") }, at: { "5m": [], "6m": [{ name: "KVOperatorReconcileErrors", value: "11%" }] } },
  { what: "less than a tenth fails", but: { reconciles: reconciles("0+9x480") }, at: { "20m": [], "1h": [] } },
  {
    what: "two of four reconciles fail",
    but: { reconciles: [own("controller_runtime_reconcile_total", "0x9 4x470", { ...controller, result: "success" }), own("controller_runtime_reconcile_errors_total", "0x9 2x470", controller)] },
    at: { "15m": [], "20m": [] },
  },
  { what: "a reconcile does not end", but: { longest: [own("workqueue_longest_running_processor_seconds", "0+60x480", controller)] }, at: { "5m": [], "6m": [stuck("6m 0s")] } },
  { what: "a resource is not ready", but: { ready: instead(well["ready"], own("kvoperator_resource_ready", "0x480", orders)) }, at: { "14m": [], "15m": [notReady] } },
  {
    what: "not ready before and after a restart of the operator",
    but: { ready: [own("kvoperator_resource_ready", "0x9 stale", orders), own("kvoperator_resource_ready", "_x9 0x480", { ...orders, pod: "operator-2" })] },
    at: { "14m": [], "15m": [notReady] },
  },
  {
    what: "a resource that is paused is not ready on purpose",
    but: { ready: [own("kvoperator_resource_ready", "0x480", orders), own("kvoperator_resource_condition", "1x480", { ...orders, type: "Paused", status: "True" })] },
    at: { "1h": [] },
  },
  { what: "a resource that was deleted", but: { ready: [own("kvoperator_resource_ready", "0x9 stale", orders)] }, at: { "15m": [], "1h": [] } },
  { what: "a long upgrade: one each 45 minutes", but: { rollouts: rollouts({ running: "2x480", waiting: "11x44 10x44 9x44 8x44 7x44 6x44 5x44 4x44 3x44 2x75" }) }, at: { "2h": [], "4h": [], "8h": [] } },
  { what: "one is stuck, an upgrade goes on beside", but: { rollouts: rollouts({ running: "1x480", stuck: "1x480", waiting: "30x29 29x29 28x29 27x390" }) }, at: { "20m": [], "1h": [], "3h": [] } },
  { what: "two are stuck, and nobody waits", but: { rollouts: rollouts({ stuck: "2x480" }) }, at: { "1h": [], "3h": [] } },
  { what: "an upgrade breaks the first two", but: { rollouts: rollouts({ running: "2x9 0x470", stuck: "0x9 2x470", waiting: "9x480" }) }, at: { "19m": [], "20m": [stopped("9")], "3h": [stopped("9")] } },
  { what: "it has stopped, an author's change goes on", but: { rollouts: rollouts({ running: "0x19 1x4 0x455", stuck: "2x480", waiting: "9x19 8x460" }) }, at: { "9m": [], "10m": [stopped("9")], "30m": [stopped("8")] } },
  { what: "they are stuck for a moment, and go on", but: { rollouts: rollouts({ running: "2x9 0x5 2x464", stuck: "0x9 2x5 0x464", waiting: "9x29 8x29 7x29 6x390" }) }, at: { "15m": [], "20m": [], "30m": [] } },
  { what: "it has stopped, then a release mends it", but: { rollouts: rollouts({ running: "0x39 2x440", stuck: "2x39 0x440", waiting: "9x39 8x440" }) }, at: { "10m": [stopped("9")], "39m": [stopped("9")], "40m": [] } },
  { what: "one is stuck, one is held back by hand", but: { rollouts: rollouts({ running: "1x480", stuck: "1x480", waiting: "0x4 9x475" }) }, at: { "2h": [], "134m": [], "136m": [stopped("9")] } },
  {
    what: "an upgrade goes on by a new operator",
    but: { rollouts: [...rollouts({ waiting: "0x240 stale" }), ...rollouts({ running: "_x240 2x240", stuck: "_x240 0x240", waiting: "_x240 9x60 8x60 7x60 6x60" }).map(ofNext)] },
    at: { "4h": [], "295m": [], "6h": [] },
  },
  { what: "a Service is put right every four minutes", but: { drift: [own("kvoperator_drift_corrected_total", "0+0.25x480", { kind: "Service" })] }, at: { "40m": [], "41m": [drift("10")] } },
  { what: "somebody changes many Services, once", but: { drift: [own("kvoperator_drift_corrected_total", "0x9 50x470", { kind: "Service" })] }, at: { "24m": [], "30m": [], "1h": [] } },
  { what: "four times an hour", but: { drift: [own("kvoperator_drift_corrected_total", "0+0.066x480", { kind: "Service" })] }, at: { "2h": [], "4h": [] } },
  { what: "the watch of a kind is silent", but: { staleness: [own("kvoperator_cache_staleness_seconds", "0+60x480", { kind: "Service" })] }, at: { "8m": [], "9m": [stale("9m 0s")] } },
  { what: "a kind was never listed", but: { synced: instead(well["synced"], own("kvoperator_cache_synced", "0x480", { kind: "Service" })) }, at: { "4m": [], "5m": [stale("0s")] } },
  { what: "a kind that is not installed is not listed", but: { synced: instead(well["synced"], own("kvoperator_cache_synced", "0x480", { kind: "ServiceMonitor" })) }, at: { "1h": [] } },
  {
    what: "the API server fails",
    but: { requests: instead(well["requests"], own("rest_client_requests_total", "0+20x480", { method: "GET", code: "5xx" }), own("rest_client_requests_total", "0+30x480", { method: "GET", code: "error" })) },
    at: { "10m": [], "11m": [{ name: "KVOperatorApiErrors", value: "25%" }] },
  },
  {
    what: "a few requests fail while there are few",
    but: { requests: [own("rest_client_requests_total", "0+1x480", { method: "GET", code: "2xx" }), own("rest_client_requests_total", "0+0.5x480", { method: "GET", code: "error" })] },
    at: { "1h": [] },
  },
  { what: "the Prometheus Operator's kinds are missing", but: { api: [own("kvoperator_api_available", "0x480", { group: "monitoring.coreos.com" })] }, at: { "14m": [], "15m": [missing] } },
  {
    what: "lines are dropped for twenty minutes: it stays a quarter of an hour longer than its cause",
    but: { drops: [own("kvoperator_logs_dropped_total", "0+60x20 1200x460"), own("kvoperator_spans_dropped_total", "0x480", { reason: "queue_full" })] },
    at: { "15m": [], "16m": [drops("1")], "30m": [drops("0.25")], "1h": [] },
  },
  { what: "two in a hundred operations of all tenants fail", but: { fleet: tenants(100, 2) }, at: { "1m": [], "2m": [burn("1h", "2%")], "15m": [burn("1h", "2%"), burn("6h", "2%")] } },
  { what: "one in a hundred fails", but: { fleet: tenants(100, 1) }, at: { "14m": [], "15m": [burn("6h", "1%")] } },
  { what: "one in two hundred fails: slow enough for the tenants' own alerts", but: { fleet: tenants(100, 0.5) }, at: { "8h": [] } },
  { what: "a fleet with next to no traffic", but: { fleet: tenants(0.9, 0.5) }, at: { "8h": [] } },
];

/** "15m" or "8h". */
const minutes = (time: string): number => Number.parseInt(time, 10) * (time.endsWith("h") ? 60 : 1);

test("promtool accepts the rules", async () => {
  expect(await promtool.check(platformGroups())).toContain("SUCCESS: 14 rules found");
});

describe("what fires, when, and what stays silent", () => {
  test.each(cases)("$what", async ({ but, at }) => {
    const checks = Object.entries(at).flatMap(([time, fires]) =>
      platformAlertNames.map((alertname) => ({ alertname, minute: minutes(time), expected: fires.filter((f) => f.name === alertname).map(firing) })),
    );
    const input = Object.values({ ...well, ...but }).flatMap((each) => each ?? []);
    expect(await promtool.test(platformGroups(), input, checks)).toBe("");
  });

  test.each(platformAlertNames)("%s is seen firing, and seen silent at a time before", (name) => {
    const found = cases.filter(({ at }) => Object.values(at).some((fires) => fires.some((f) => f.name === name)));
    expect(found.some(({ at }) => Object.values(at)[0]?.every((f) => f.name !== name))).toBe(true);
  });
});
