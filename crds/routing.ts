// spec.monitoring.routing: who is told of the tenant's alerts, by way of an AlertmanagerConfig. Credentials only by reference: the operator reads no Secret.
import { z } from "zod";
import { severities } from "./alerts.ts";
import { celNoLonger, dnsName, duration, extraLabels, mode, noLonger } from "./fields.ts";
import { celString, matches, withRules } from "./rules.ts";
import { host, port, traceEndpoint } from "./telemetry.ts";

const name = `^${dnsName}$`;
const key = "^[-A-Za-z0-9_.]+$";

const secretKey = (description: string) =>
  withRules(
    z.object({
      name: z.string().max(253).meta({ description: "The Secret." }),
      key: z.string().max(253).meta({ description: "Its key." }),
    }),
    [
      {
        cel: `self.name.matches(${celString(name)}) && self.key.matches(${celString(key)})`,
        message: "must name a Secret (a-z, 0-9, '-' and '.') and a key of it (letters, digits, '-', '_' and '.')",
        test: (ref) => new RegExp(name).test(ref.name) && new RegExp(key).test(ref.key),
      },
    ],
    { description },
  );

// no defaults here: a receiver as a whole may be absent, and what is below it would not be filled in
const common = {
  minSeverity: z.enum(severities).optional().meta({ description: "Least severity that is sent here. Absent: warning." }),
  sendResolved: z.boolean().optional().meta({ description: "Whether its end is sent too. Absent: true." }),
};

// what Alertmanager would take for a template, a list or a header is kept out of each text
const slack = z
  .object({
    ...common,
    apiURL: secretKey("URL of the incoming webhook, in a Secret of this namespace."),
    channel: withRules(z.string().max(81), [matches("^[#@]?[-A-Za-z0-9_.]+$", "must be a channel such as #alerts, a user such as @jo, or an ID such as C024BE91L")], {
      description: "Channel, for example #alerts.",
    }),
  })
  .meta({ description: "A Slack channel." });

const pagerduty = z
  .object({ ...common, routingKey: secretKey("Integration key of Events API v2, in a Secret of this namespace.") })
  .meta({ description: "A PagerDuty service. The incident's severity is the alert's." });

const webhook = withRules(
  z.object({
    ...common,
    url: withRules(z.string().max(512), [matches(traceEndpoint.pattern, "must be a URL without credentials or query; one with such belongs into urlSecret")], {
      description: "Where alerts are posted to, as Alertmanager's JSON.",
    }).optional(),
    urlSecret: secretKey("The URL in a Secret of this namespace.").optional(),
  }),
  [{ cel: "has(self.url) != has(self.urlSecret)", message: "set one of url and urlSecret", test: ({ url, urlSecret }) => (url === undefined) !== (urlSecret === undefined) }],
  { description: "An HTTP endpoint of your own." },
);

const address = `[-A-Za-z0-9_.+]+@${host}`;

const email = withRules(
  z.object({
    ...common,
    to: withRules(z.string().max(512), [matches(`^${address}(, ?${address})*$`, "must be one or more e-mail addresses with commas between them")], { description: "To whom: one address, or several with commas." }),
    from: withRules(z.string().max(254), [matches(`^${address}$`, "must be an e-mail address")], { description: "The sender's address." }),
    smarthost: withRules(z.string().max(261), [matches(`^${host}${port}$`, "must be host:port, such as smtp.example.com:587")], { description: "The SMTP server." }),
    authUsername: withRules(z.string().max(253), [matches("^[!-~]+$", "must be ASCII without spaces")], { description: "User at the SMTP server, if it wants one." }).optional(),
    authPassword: secretKey("Its password, in a Secret of this namespace.").optional(),
    requireTLS: z.boolean().optional().meta({ description: "Whether TLS is a must. Absent: true." }),
  }),
  [
    {
      cel: "has(self.authUsername) == has(self.authPassword)",
      message: "set authUsername and authPassword, or neither",
      test: ({ authUsername, authPassword }) => (authUsername === undefined) === (authPassword === undefined),
    },
  ],
  { description: "E-mail." },
);

export const routing = withRules(
  z.object({
    mode: mode("AlertmanagerConfig"),
    labels: extraLabels("Labels by which your Alertmanager selects AlertmanagerConfigs.").optional(),
    groupWait: duration("How long alerts of one name are gathered before the first message.", "0s", "1h").default("30s"),
    groupInterval: duration("How long until a message about changes in them.", "1s", "24h").default("5m"),
    // an Alertmanager forgets after 120h, unless told otherwise, that it has sent something
    repeatInterval: duration("How long until a message that they still fire.", "1m", "120h").default("4h"),
    slack: slack.optional(),
    pagerduty: pagerduty.optional(),
    webhook: webhook.optional(),
    email: email.optional(),
  }),
  [
    {
      cel: celNoLonger("self.groupInterval", "self.repeatInterval"),
      message: "groupInterval (5m when absent) must not be longer than repeatInterval (4h when absent)",
      fieldPath: ".groupInterval",
      test: ({ groupInterval, repeatInterval }) => noLonger(groupInterval, repeatInterval),
    },
  ],
  { description: "Where the tenant's alerts are sent. Without a receiver there is no AlertmanagerConfig: alerts carry the tenant's label, and a platform's own routes can go by it." },
).prefault({});

export type Routing = z.output<typeof routing>;

/** Names of the Secrets that the receivers refer to, each once; none where nothing is routed. */
export const routingSecrets = ({ mode, slack, pagerduty, webhook, email }: Routing): string[] => {
  if (mode === "Disabled") return [];
  const refs = [slack?.apiURL, pagerduty?.routingKey, webhook?.urlSecret, email?.authPassword];
  return [...new Set(refs.flatMap((ref) => ref?.name ?? []))];
};
