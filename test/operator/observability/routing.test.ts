// What a receiver is told, by the rendered object alone; routing.component.test.ts asks the real Alertmanager.
import { severities } from "#crds/alerts";
import { specSchema } from "#crds/kvresponder";
import { expect, test } from "vitest";
import { alertmanagerConfig } from "../../../operator/render/alertmanager-config.ts";
import { context } from "../render/contexts.ts";

interface Matcher {
  name: string;
  value: string;
  matchType: string;
}
interface Rendered {
  metadata: { name: string; labels: Record<string, string> };
  spec: {
    route: Record<string, unknown> & { matchers: Matcher[]; routes: { receiver: string; matchers: Matcher[]; continue: boolean }[] };
    receivers: ({ name: string } & Record<string, unknown>)[];
    inhibitRules: { sourceMatch: Matcher[]; targetMatch: Matcher[]; equal: string[] }[];
  };
}

const ref = { name: "mine", key: "url" };
const render = (routing: object, metadata: object = {}): Rendered | undefined => alertmanagerConfig(context({ tenant: "acme", monitoring: { routing } }, metadata)) as Rendered | undefined;
const hook = { webhook: { urlSecret: ref } };
const own = { namespace: "team-a", tenant: "acme", kvresponder: "orders" };
const plain = (matchers: Matcher[]): Record<string, string> => Object.fromEntries(matchers.map((m) => [m.name, `${m.matchType === "=" ? "" : m.matchType}${m.value}`]));

test("without a receiver, or with mode Disabled, there is nothing", () => {
  expect(render({})).toBeUndefined();
  expect(render({ ...hook, mode: "Disabled" })).toBeUndefined();
});

test("the route takes alerts of this instance only, and what nobody wants ends there", () => {
  const { metadata, spec } = render(hook) ?? expect.fail();
  expect(metadata.name).toBe("kv-responder-orders");
  expect(plain(spec.route.matchers)).toEqual(own);
  expect(spec.route).toMatchObject({ receiver: "nobody", groupWait: "30s", groupInterval: "5m", repeatInterval: "4h" });
  expect(spec.receivers).toEqual([{ name: "nobody" }, { name: "webhook", webhookConfigs: [{ sendResolved: true, urlSecret: ref }] }]);
});

test.each(severities)("minSeverity %s lets through what is as grave or graver", (minSeverity) => {
  const [route] = render({ webhook: { ...hook.webhook, minSeverity } })?.spec.route.routes ?? [];
  const { value = "", matchType } = route?.matchers[0] ?? {};
  const through = severities.filter((s) => (matchType === "=" ? s === value : new RegExp(`^(?:${value})$`).test(s)));
  expect(through).toEqual({ critical: ["critical"], warning: ["critical", "warning"], info: ["critical", "warning", "info"] }[minSeverity]);
});

test("each receiver has a route of its own, and none keeps an alert from the next", () => {
  const email = { to: "a@example.com", from: "b@example.com", smarthost: "smtp.example.com:25" };
  const { spec } = render({ ...hook, slack: { apiURL: ref, channel: "#a" }, pagerduty: { routingKey: ref, minSeverity: "critical" }, email }) ?? expect.fail();
  expect(spec.route.routes.map((r) => r.receiver)).toEqual(["slack", "pagerduty", "webhook", "email"]);
  expect(spec.route.routes.every((r) => r.continue)).toBe(true);
  expect(spec.receivers.map((r) => r.name)).toEqual(["nobody", "slack", "pagerduty", "webhook", "email"]);
  expect(spec.receivers[4]).toMatchObject({ emailConfigs: [{ ...email, requireTLS: true, sendResolved: true }] });
});

test("both sides of every inhibition are held to this instance", () => {
  const rules = render(hook)?.spec.inhibitRules ?? [];
  expect(rules.map((r) => [plain(r.sourceMatch), plain(r.targetMatch), r.equal])).toEqual([
    [{ ...own, alertname: "KVResponderDown", severity: "critical" }, { ...own, alertname: "!=KVResponderDown" }, ["namespace", "tenant", "kvresponder"]],
    [{ ...own, severity: "critical", signal: "=~.+" }, { ...own, severity: "=~warning|info", signal: "=~.+" }, ["namespace", "tenant", "kvresponder", "signal"]],
  ]);
});

test("no credential is in the object, and none can be: the schema takes references", () => {
  const refused = (routing: object) => specSchema.safeParse({ monitoring: { routing } }).error?.issues.map((i) => i.path.join(".")) ?? [];
  expect(refused({ webhook: { url: "https://user:secret@example.com/" } })).toEqual(["monitoring.routing.webhook.url"]);
  expect(refused({ webhook: { url: "https://example.com/?token=secret" } })).toEqual(["monitoring.routing.webhook.url"]);
  expect(refused({ slack: { apiURL: "https://hooks.slack.com/services/T/B/secret", channel: "#a" } })).toEqual(["monitoring.routing.slack.apiURL"]);
  expect(refused({ webhook: { url: "https://example.com", urlSecret: ref } })).toEqual(["monitoring.routing.webhook"]);
});

test("no text that a user gives can be a template", () => {
  const bad = "{{ .ExternalURL }}";
  const email = { to: "a@example.com", from: "b@example.com", smarthost: "smtp.example.com:25" };
  const accepted = [
    { slack: { apiURL: ref, channel: bad } },
    { webhook: { url: `http://a/${bad}` } },
    ...Object.keys(email).map((field) => ({ email: { ...email, [field]: bad } })),
  ].filter((routing) => specSchema.safeParse({ monitoring: { routing } }).success);
  expect(accepted).toEqual([]);
});
