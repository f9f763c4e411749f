// Who is told of what, by the real Alertmanager: prometheus-operator's own code makes its configuration out of the AlertmanagerConfigs of tenants that share a namespace, a tenant's name or both.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { alertNames } from "#crds/alerts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { resolveTools } from "../../cluster/toolchain.ts";
import { waitFor } from "../../cluster/wait.ts";
import { alertmanagerYaml, startAlertmanager, strategies, type Alert, type Alertmanager, type Labels, type Seen, type Strategy } from "../../support/alertmanager.ts";
import { startPosts, type Posts } from "../../support/notified.ts";
import { alertmanagerNamespace, alertsOf, base, configOf, down, fast, named, orders, path, receiver, severityOf, tenants, type Who } from "./tenants.ts";

const run = promisify(execFile);

let folder: string;
let amtool: string;
let posts: Posts;

beforeAll(async () => {
  ({ amtool } = await resolveTools(["alertmanager", "amtool", "alertmanager-config"]));
  folder = await mkdtemp(join(tmpdir(), "kvr-routing-"));
  posts = await startPosts();
}, 1_800_000);
afterAll(async () => {
  await posts?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

/** Each tenant's alerts to a path of its own. */
const configuration = (strategy: Strategy, under = ""): Promise<string> =>
  alertmanagerYaml({ namespace: alertmanagerNamespace, strategy, base, configs: tenants.map((who) => configOf(who, { ...fast, webhook: { url: `${posts.url}${under}${path(who)}` } })) });

describe.each(strategies)("with the matcher strategy %s", (strategy) => {
  test("amtool accepts the configuration and sends every alert to its own tenant's receiver only", async () => {
    const file = join(folder, `${strategy}.yml`);
    await writeFile(file, await configuration(strategy));
    const { stdout } = await run(amtool, ["check-config", file]);
    expect(stdout).toContain("SUCCESS");
    const wrong: string[] = [];
    let asked = 0;
    for (const who of tenants) {
      await Promise.all(
        alertsOf(who).map(async (alert) => {
          const { stdout: said } = await run(amtool, ["config", "routes", "test", `--config.file=${file}`, ...Object.entries(alert.labels).map(([k, v]) => `${k}=${v}`)]);
          const own = severityOf(alert) === "info" ? receiver(who, "nobody") : receiver(who, "webhook");
          const wanted = severityOf(alert) === "critical" ? `${own},platform` : own;
          asked += 1;
          if (said.trim() !== wanted) wrong.push(`${JSON.stringify(alert.labels)}: ${said.trim()}`);
        }),
      );
    }
    expect(wrong).toEqual([]);
    expect(asked).toBe(tenants.length * alertNames.length);
  });
});

interface Message {
  readonly receiver: string;
  readonly status: string;
  readonly alerts: readonly { readonly status: string; readonly labels: Labels }[];
}

/** `firing` or `resolved` and the alert's name, once each, of what arrived for this tenant. */
const told = (under: string, who: Who): string[] => {
  const messages = posts.at(`${under}${path(who)}`) as readonly Message[];
  return [...new Set(messages.flatMap((m) => m.alerts.map((a) => `${a.status} ${a.labels["alertname"] ?? ""}`)))].toSorted();
};

const firing = (alerts: readonly Alert[]): string[] => alerts.map((a) => `firing ${a.labels["alertname"] ?? ""}`).toSorted();

const isSame = (a: Labels, b: Labels): boolean => Object.entries(a).every(([k, v]) => b[k] === v) && Object.keys(b).every((k) => k in a);

const seen = (all: readonly Seen[], alert: Alert): Seen | undefined => all.find((a) => isSame(a.labels, alert.labels));

/** Posts them and waits until Alertmanager, which inhibits in its own time, has judged each. */
const postAndSee = async (alertmanager: Alertmanager, alerts: readonly Alert[]): Promise<readonly Seen[]> => {
  await alertmanager.post(alerts);
  return waitFor("the alerts to be judged", async () => {
    const all = await alertmanager.alerts();
    return alerts.every((a) => (seen(all, a)?.status.state ?? "unprocessed") !== "unprocessed") && all;
  });
};

/** Posts what hides others first: what is posted with it may be sent before it is known. */
const withSource = async (alertmanager: Alertmanager, source: readonly Alert[], others: readonly Alert[]): Promise<readonly Seen[]> => {
  await postAndSee(alertmanager, source);
  return postAndSee(alertmanager, others);
};

const isHidden = (all: readonly Seen[], alert: Alert): boolean => seen(all, alert)?.status.state === "suppressed";

describe.each(strategies)("a running Alertmanager with the matcher strategy %s", (strategy) => {
  const under = (test: string): string => `/${test}-${strategy}`;

  test("critical hides what is less grave where the signal is the same, of the same instance only, for as long as it lasts", async () => {
    await using alertmanager = await startAlertmanager(await configuration(strategy, under("critical")));
    const critical = alertsOf(orders).filter((a) => severityOf(a) === "critical" && a.labels["alertname"] !== down);
    const rest = alertsOf(orders).filter((a) => severityOf(a) !== "critical");
    const others = tenants.slice(1).flatMap((who) => alertsOf(who).filter((a) => severityOf(a) !== "critical"));
    const all = await withSource(alertmanager, critical, [...rest, ...others]);

    const signals = new Set(critical.map((a) => a.labels["signal"]));
    const isCovered = (a: Alert) => signals.has(a.labels["signal"]);
    const covered = rest.filter(isCovered);
    expect(covered.length).toBeGreaterThan(3);
    expect(rest.filter((a) => isHidden(all, a))).toEqual(covered);
    expect([...critical, ...others].filter((a) => isHidden(all, a))).toEqual([]);

    const warnings = (alerts: readonly Alert[]) => alerts.filter((a) => severityOf(a) === "warning");
    const heard = [...critical, ...warnings(rest).filter((a) => !isCovered(a))];
    await waitFor("every tenant to be told of its own", () => told(under("critical"), orders).length >= heard.length && tenants.slice(1).every((who) => told(under("critical"), who).length >= warnings(alertsOf(who)).length));
    expect(told(under("critical"), orders)).toEqual(firing(heard));
    for (const who of tenants.slice(1)) expect(told(under("critical"), who)).toEqual(firing(warnings(alertsOf(who))));

    // the end of what hid them brings the warnings, and tells that it has ended
    await alertmanager.post(critical.map((a) => ({ ...a, endsAt: new Date(Date.now() - 1_000).toISOString() })));
    const after = [...firing([...heard, ...warnings(covered)]), ...critical.map((a) => `resolved ${a.labels["alertname"] ?? ""}`)];
    await waitFor("the warnings to come", () => told(under("critical"), orders).length >= after.length);
    expect(told(under("critical"), orders)).toEqual(after.toSorted());
    expect(tenants.slice(1).flatMap((who) => told(under("critical"), who)).filter((m) => m.startsWith("resolved"))).toEqual([]);
  });

  test("Down hides all the rest of its own instance, and nothing of any other", async () => {
    await using alertmanager = await startAlertmanager(await configuration(strategy, under("down")));
    const source = named(orders, down);
    const rest = alertsOf(orders).filter((a) => a.labels["alertname"] !== down);
    const others = tenants.slice(1).flatMap((who) => alertsOf(who).filter((a) => severityOf(a) !== "critical"));
    const all = await withSource(alertmanager, [source], [...rest, ...others]);
    expect(rest.filter((a) => !isHidden(all, a))).toEqual([]);
    expect([source, ...others].filter((a) => isHidden(all, a))).toEqual([]);
    await waitFor("the others to be told", () => tenants.slice(1).every((who) => told(under("down"), who).length >= alertsOf(who).filter((a) => severityOf(a) === "warning").length));
    expect(told(under("down"), orders)).toEqual(firing([source]));
  });
});

test("Down that an override has made less than critical hides nothing: a receiver may not have been told of it", async () => {
  await using alertmanager = await startAlertmanager(await configuration("None", "/overridden"));
  const source = named(orders, down);
  const rest = alertsOf(orders).filter((a) => severityOf(a) === "warning");
  const all = await withSource(alertmanager, [{ ...source, labels: { ...source.labels, severity: "info" } }], rest);
  expect(rest.filter((a) => isHidden(all, a))).toEqual([]);
});

test("alerts of the user's own that carry the tenant's labels are routed, and hide nothing of ours for want of a signal", async () => {
  await using alertmanager = await startAlertmanager(await configuration("None", "/own"));
  const own = (alertname: string, severity: string): Alert => ({ labels: { alertname, severity, namespace: orders.namespace, tenant: orders.tenant, kvresponder: orders.name } });
  const all = await withSource(alertmanager, [own("Mine", "critical")], [own("MineToo", "warning"), named(orders, "KVResponderReplicasUnavailable")]);
  expect(all.filter((a) => a.status.state === "suppressed")).toEqual([]);
  await waitFor("three messages", () => told("/own", orders).length === 3);
});
