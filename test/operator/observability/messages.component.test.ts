// What Slack, PagerDuty, a webhook and a mailbox are told, by the real Alertmanager.
import { afterAll, beforeAll, expect, test } from "vitest";
import { resolveTools } from "../../cluster/toolchain.ts";
import { waitFor } from "../../cluster/wait.ts";
import { alertmanagerYaml, startAlertmanager } from "../../support/alertmanager.ts";
import { startMails, startPosts, type Posts } from "../../support/notified.ts";
import { alertmanagerNamespace, base, configOf, fast, named, orders } from "./tenants.ts";

let posts: Posts;

beforeAll(async () => {
  await resolveTools(["alertmanager", "alertmanager-config"]);
  posts = await startPosts();
}, 1_800_000);
afterAll(() => posts?.[Symbol.asyncDispose]());

/** Of what was posted there, once it has come. */
const first = (where: string): Promise<Record<string, unknown>> => waitFor(`a message at ${where}`, () => posts.at(where)[0] as Record<string, unknown> | undefined);

test("each kind of receiver is told what it is about, whose it is and where to go", async () => {
  await using mails = await startMails();
  const spec = {
    ...fast,
    slack: { apiURL: { name: "chat", key: "slack" }, channel: "#orders" },
    pagerduty: { routingKey: { name: "pager", key: "key" } },
    webhook: { urlSecret: { name: "chat", key: "hook" } },
    email: { to: "a@example.com, b@example.com", from: "alerts@example.com", smarthost: `127.0.0.1:${mails.port}`, requireTLS: false },
  };
  const config = await alertmanagerYaml({
    namespace: alertmanagerNamespace,
    strategy: "OnNamespace",
    base: `global:\n  pagerduty_url: ${posts.url}/pagerduty\n${base}`,
    configs: [configOf(orders, spec)],
    secrets: { "team/chat": { slack: `${posts.url}/slack`, hook: `${posts.url}/hook` }, "team/pager": { key: "k3y" } },
  });
  await using alertmanager = await startAlertmanager(config);
  const alert = named(orders, "KVResponderMemoryFull");
  const { summary = "", description = "", runbook_url = "" } = alert.annotations ?? {};
  await alertmanager.post([alert]);

  const slack = await first("/slack");
  const [attachment] = slack["attachments"] as { title: string; text: string }[];
  expect(slack).toMatchObject({ channel: "#orders" });
  expect(attachment?.title).toBe(`[FIRING] critical: ${summary}`);
  expect(attachment?.text).toContain(description);
  expect(attachment?.text).toContain(`<${runbook_url}|Runbook>`);

  const pagerduty = await first("/pagerduty");
  expect(pagerduty).toMatchObject({ routing_key: "k3y", event_action: "trigger", payload: { summary, severity: "critical", class: "KVResponderMemoryFull", component: "orders", group: "team" } });
  expect(pagerduty["links"]).toContainEqual({ href: runbook_url, text: "Runbook" });

  expect(await first("/hook")).toMatchObject({ status: "firing", groupLabels: { alertname: "KVResponderMemoryFull", namespace: "team", kvresponder: "orders", severity: "critical" }, alerts: [alert] });

  const mail = await waitFor("a mail", () => mails.all[0]);
  expect(mail).toMatch(/^To: a@example\.com, b@example\.com$/m);
  expect(mail).toContain(`Subject: [FIRING] critical: ${summary}`);
});

test("an alert without annotations has a headline all the same", async () => {
  const config = await alertmanagerYaml({
    namespace: alertmanagerNamespace,
    strategy: "None",
    base,
    configs: [configOf(orders, { ...fast, slack: { apiURL: { name: "chat", key: "slack" }, channel: "#orders" } })],
    secrets: { "team/chat": { slack: `${posts.url}/bare` } },
  });
  await using alertmanager = await startAlertmanager(config);
  await alertmanager.post([{ labels: { alertname: "Mine", severity: "warning", namespace: "team", tenant: "acme", kvresponder: "orders" } }]);
  const [attachment] = (await first("/bare"))["attachments"] as { title: string }[];
  expect(attachment?.title).toBe("[FIRING] warning: Mine of team/orders");
});

test("a Secret or a key that is missing is found before it reaches any Alertmanager", async () => {
  const of = (secrets: Record<string, Record<string, string>>) =>
    alertmanagerYaml({ namespace: alertmanagerNamespace, strategy: "None", base, configs: [configOf(orders, { webhook: { urlSecret: { name: "chat", key: "hook" } } })], secrets });
  await expect(of({ "team/chat": { other: "x" } })).rejects.toThrow('key "hook" in secret "chat" not found');
});
