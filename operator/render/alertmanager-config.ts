// Where the tenant's alerts are sent, and which of them hide others.
import type { Routing } from "#crds/routing";
import { childName } from "#crds/names";
import * as notice from "../observability/notices.ts";
import { atLeast, groupBy, inhibitRules, ownAlerts } from "../observability/routing.ts";
import type { Renderer } from "./context.ts";
import { child } from "./meta.ts";

type Config = Record<string, unknown>;

const slack = ({ apiURL, channel }: NonNullable<Routing["slack"]>): Config => ({ apiURL, channel, title: notice.title, text: notice.slackText, fallback: notice.title });

const pagerduty = ({ routingKey }: NonNullable<Routing["pagerduty"]>): Config => ({
  routingKey,
  description: notice.headline,
  severity: notice.groupLabel("severity"),
  class: notice.groupLabel("alertname"),
  component: notice.groupLabel("kvresponder"),
  group: notice.groupLabel("namespace"),
  // a link without an address is left out
  pagerDutyLinkConfigs: [
    { href: notice.address("runbook_url"), alt: "Runbook" },
    { href: notice.address("dashboard_url"), alt: "Dashboard" },
  ],
});

const webhook = ({ url, urlSecret }: NonNullable<Routing["webhook"]>): Config => (urlSecret ? { urlSecret } : { url });

const email = ({ to, from, smarthost, authUsername, authPassword, requireTLS = true }: NonNullable<Routing["email"]>): Config => ({
  to,
  from,
  smarthost,
  ...(authUsername !== undefined && { authUsername, authPassword }),
  requireTLS,
  headers: [{ key: "Subject", value: notice.title }],
});

interface Receiver {
  readonly name: string;
  readonly minSeverity: Parameters<typeof atLeast>[0];
  readonly configs: Record<string, Config[]>;
}

const receivers = (routing: Routing): Receiver[] => {
  const receiver = <T extends { minSeverity?: Receiver["minSeverity"] | undefined; sendResolved?: boolean | undefined }>(name: string, of: T | undefined, to: (of: T) => Config): Receiver[] =>
    of === undefined ? [] : [{ name, minSeverity: of.minSeverity ?? "warning", configs: { [`${name}Configs`]: [{ sendResolved: of.sendResolved ?? true, ...to(of) }] } }];
  return [
    ...receiver("slack", routing.slack, slack),
    ...receiver("pagerduty", routing.pagerduty, pagerduty),
    ...receiver("webhook", routing.webhook, webhook),
    ...receiver("email", routing.email, email),
  ];
};

/** For what is too slight for all of them: a route must lead somewhere. */
const nobody = "nobody";

export const alertmanagerConfig: Renderer = (context) => {
  const { name, spec } = context;
  const { routing } = spec.monitoring;
  const to = receivers(routing);
  if (routing.mode === "Disabled" || to.length === 0) return undefined;
  const { groupWait, groupInterval, repeatInterval, labels } = routing;
  return child(
    context,
    { apiVersion: "monitoring.coreos.com/v1alpha1", kind: "AlertmanagerConfig", name: childName.workload(name), component: "monitoring", labels: { ...context.options.monitoringLabels, ...labels } },
    {
      spec: {
        route: {
          receiver: nobody,
          matchers: ownAlerts(context),
          groupBy: [...groupBy],
          groupWait,
          groupInterval,
          repeatInterval,
          // one alert may be for several of them
          routes: to.map((r) => ({ receiver: r.name, matchers: [atLeast(r.minSeverity)], continue: true })),
        },
        receivers: [{ name: nobody }, ...to.map((r) => ({ name: r.name, ...r.configs }))],
        inhibitRules: inhibitRules(context),
      },
    },
  );
};
