// Edges of spec.monitoring.routing: receivers whose fields are valid only in company, and whole ones.
type Edges = readonly (readonly [path: string, values: readonly unknown[]])[];

const a = (length: number): string => "a".repeat(length);
const ref = { name: "mine", key: "k" };
const at = "monitoring.routing";

const receivers = {
  slack: { apiURL: ref, channel: "#a" },
  pagerduty: { routingKey: ref },
  webhook: { url: "http://a" },
  email: { to: "a@example.com", from: "b@example.com", smarthost: "smtp.example.com:587", authUsername: "u", authPassword: ref },
} as const;

/** What a field below `path` needs around it to be valid; the first that fits. */
export const company: readonly (readonly [path: string, object: string, good: object])[] = [
  [`${at}.webhook.urlSecret`, `${at}.webhook`, { urlSecret: ref }],
  ...Object.entries(receivers).map(([name, good]) => [`${at}.${name}`, `${at}.${name}`, good] as const),
];

const severity = ["critical", "warning", "info", "Critical", "none", "", 1, null];
const flag = [true, false, "true", 0, null];
const secretName = ["a", a(253), a(254), "a.b", "a..b", ".a", "a.", "-a", "A", "a_b", "ü", "a\n", "", 1, null];
const secretKey = ["k", a(253), a(254), "A.b_c-d", "..", "a/b", "a b", "ü", "k\n", "", 1, null];
const reference = (path: string): Edges => [
  [`${at}.${path}.name`, secretName],
  [`${at}.${path}.key`, secretKey],
  [`${at}.${path}`, [{}, { name: "a" }, { key: "k" }, { ...ref, optional: true }, "text", 1, [], null]],
];
const address = ["a@b", "a.b+c_d-e@x-y.example.com", "a", "@b", "a@", "a b@c", "A <a@b>", "{{.}}@b", "a@b\n", "a@b,", `${a(64)}@${a(63)}`, "", 1, null];
const host = ["a:25", "smtp.example.com:587", "a", "a:", ":25", "a:0", "a:65535", "a:65536", "a:b", "a:25:25", "[::1]:25", "a b:25", "a:25\n", `${a(255)}:65535`, `${a(256)}:65535`, "", 1, null];

const without = (good: object, ...fields: string[]): object => Object.fromEntries(Object.entries(good).filter(([field]) => !fields.includes(field)));

export const routingEdges: Edges = [
  ...Object.entries(receivers).flatMap(([name, good]): Edges => [
    [`${at}.${name}`, [good, {}, [], "text", 1, null, { ...good, unknown: 1 }, ...Object.keys(good).map((field) => without(good, field))]],
    [`${at}.${name}.minSeverity`, severity],
    [`${at}.${name}.sendResolved`, flag],
  ]),
  [`${at}.webhook`, [{ urlSecret: ref }, { url: "http://a", urlSecret: ref }]],
  [`${at}.email`, [without(receivers.email, "authUsername", "authPassword")]],
  ...["slack.apiURL", "pagerduty.routingKey", "webhook.urlSecret", "email.authPassword"].flatMap(reference),
  [`${at}.slack.channel`, ["#a", "@jo", "a", "C024BE91L", "#", "##a", `#${a(80)}`, a(81), a(82), "#ü", "# a", "a,b", "{{.}}", "#a\n", "", 1, null]],
  [`${at}.webhook.url`, ["https://a.b-c:4318/x", "http://a:65536", "http://a:", "a:4318", "ftp://a", "http://u:p@a", "http://a?b", "http://a#b", "http://a/{{.}}", `http://${a(505)}`, `http://${a(506)}`, "http://a\n", "", 1, null]],
  [`${at}.email.to`, [...address, "a@b,c@d", "a@b, c@d", "a@b,,c@d", "a@b , c@d", "a@b;c@d", `${"a@b,".repeat(127)}a@b`, `${"a@b,".repeat(127)}a@bc`, `${"a@b,".repeat(127)}a@bcd`]],
  [`${at}.email.from`, [...address, `${a(190)}@${a(63)}`, `${a(191)}@${a(63)}`]],
  [`${at}.email.smarthost`, host],
  [`${at}.email.authUsername`, ["u", "a@b", 'DOMAIN\\u"{', a(253), a(254), "a b", "ü", "a\n", "", 1, null]],
  [`${at}.email.requireTLS`, flag],
  [at, [{}, { slack: receivers.slack, email: receivers.email }, "text", [], null]],
];
