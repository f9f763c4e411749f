// The texts of docs/alerts.md and of the index of the runbooks, from the catalogues of alerts and of recorded series.
import { alertNames, alertThresholds, thresholdBounds, type AlertName, type Threshold } from "#crds/alerts";
import { specSchema } from "#crds/kvresponder";
import type { Catalogue } from "#telemetry/catalogue";
import { type AlertInput, leastRate } from "./observability/alerts/alert.ts";
import { alerts, ownThreshold } from "./observability/alerts/catalogue.ts";
import { windows } from "./observability/alerts/objectives.ts";
import { fleetSeries } from "./observability/fleet.ts";
import { platformAlertNames, platformAlerts } from "./observability/platform-alerts.ts";
import { recordedSeries } from "./observability/recorded.ts";
import { recordedOf, seriesOf } from "./observability/subject.ts";

/** One of which every alert can say something. */
const example: AlertInput = {
  namespace: "team-a",
  name: "orders",
  tenant: "acme",
  replicas: 3,
  scraped: true,
  sampleLimit: 2_000,
  evictionPolicy: "NoEviction",
  objectives: specSchema.parse({}).monitoring.rules.objectives,
};

const row = (...cells: string[]): string => `| ${cells.join(" | ")} |`;
const page = (name: string, folder: string): string => `[${name}](${folder}${name}.md)`;

const heldFor = (duration: string): string => (duration === "0s" ? "at once" : duration);

const firesAfter = (rules: readonly { readonly for: string; readonly window?: string }[]): string =>
  rules.map((rule) => (rule.window === undefined ? heldFor(rule.for) : `${heldFor(rule.for)} (window ${rule.window})`)).join(", ");

const rulesOf = (name: AlertName) => alerts[name].rules(example, { q: seriesOf(example), stored: recordedOf(example), threshold: ownThreshold(name, example) });

const thresholdOf = (name: AlertName): string => {
  const threshold: Threshold | undefined = alertThresholds[name];
  if (!threshold) return "";
  const [least, most] = thresholdBounds[threshold.bounds];
  return `${threshold.default} ${threshold.unit}; ${least} to ${most}`;
};

const tenantTable = (): string =>
  [
    row("alert", "severity", "signal", "fires after", "when", "threshold; bounds"),
    "|---|---|---|---|---|---|",
    ...alertNames.map((name) => row(page(name, "runbooks/"), alerts[name].severity, alerts[name].signal, firesAfter(rulesOf(name)), alerts[name].when, thresholdOf(name))),
  ].join("\n");

const platformTable = (): string =>
  [
    row("alert", "severity", "signal", "fires after", "when"),
    "|---|---|---|---|---|",
    ...platformAlertNames.map((name) => {
      const { severity, signal, when, rules } = platformAlerts[name];
      return row(page(name, "runbooks/"), severity, signal, firesAfter(rules), when);
    }),
  ].join("\n");

const valuesOf = (values: unknown): string => (Array.isArray(values) ? values.join(", ") : "");

const recordedTable = (catalogue: Catalogue): string =>
  [
    row("series", "labels beside those of its subject", "meaning"),
    "|---|---|---|",
    ...Object.entries(catalogue).map(([name, { labels = {}, help }]) => row(`\`${name}\``, Object.entries(labels).map(([label, values]) => `\`${label}\`: ${valuesOf(values)}`).join("<br>"), help)),
  ].join("\n");

const burnTable = (): string =>
  [
    row("alerts", "severity", "long window", "short window", "factor", "fires after"),
    "|---|---|---|---|---:|---|",
    ...Object.entries(windows).flatMap(([speed, all]) => all.map(({ long, short, factor, for: held }) => row(`...BudgetBurn${speed}`, speed === "Fast" ? "critical" : "warning", long, short, `${factor}`, held))),
  ].join("\n");

export const alertsPage = (): string => `# Alerts

<!-- Made from operator/observability/ and crds/alerts.ts by \`make generate\`; do not edit. -->

The operator makes a PrometheusRule for each KVResponder: rules that record, and alerts that speak of this one instance. A platform adds one group of its own, about the operator and about all tenants together.

- [Alerts of a tenant](#alerts-of-a-tenant), in the tenant's namespace, from \`spec.monitoring.rules\`.
- [Alerts of the platform](#alerts-of-the-platform), in kv-responder-system: \`kubectl apply -k config/prometheus\`.
- [Recorded series](#recorded-series).

Each alert links a page with what to do (\`runbook_url\`, all of them in [runbooks](runbooks/README.md)) and a dashboard (\`dashboard_url\`; a path, unless the operator's \`--grafana-url\` says where Grafana is).

## How they are made

**Objectives.** A tenant is promised two things, over 30 days: that a share of the operations does not fail by the cache's fault (99.9 % unless set), and that a share of them takes no longer than a threshold in the pod (99 % within 10ms unless set).

\`\`\`yaml
spec:
  monitoring:
    rules:
      objectives:
        availability: 99.95
        latency: { percent: 99, threshold: 5ms }
\`\`\`

**Burn rates.** What may fail is the budget: of 99.9 %, one in a thousand. An alert tells when it goes so fast that it will not last. 1 is the rate at which it is spent after exactly 30 days; each alert wants its rate in a long window, so that it means something, and in a short one, so that it ends soon after its cause (Google, The Site Reliability Workbook, chapter 5):

${burnTable()}

**Minimum traffic.** A ratio of next to nothing says nothing: one error of a quiet tenant would spend the budget of a month. Burn-rate alerts want more than ${leastRate} operation a second on average over their long window. Below that, \`KVResponderErrors\` counts what fails.

**One severity a name.** critical wakes somebody, warning is for working hours, info is context. A name never has two, unless you override it: kube-prometheus-stack lets a critical alert hide the warning of the same name in the same namespace, whosever it is, so a name with two severities would let one tenant hide another's. \`signal\` says what is wrong, in one word; for one instance, the routes that the operator makes let a critical alert hide what is less severe of the same signal, and \`KVResponderDown\`, as long as it is critical, everything.

**Labels are static.** \`namespace\`, \`tenant\` and \`kvresponder\` are written into each rule, beside the aggregations that keep them: \`absent()\` has no labels left, and an alert that cannot say whose it is cannot be routed. They come from the resource, never from what a pod says of itself. Nobody can set them by \`extraLabels\`.

## To change them

Single alerts, by name. A name that does not exist, or a threshold out of bounds, is refused by the API server:

\`\`\`yaml
spec:
  monitoring:
    rules:
      overrides:
        KVResponderEvictionsYoung: { enabled: false }
        KVResponderMemoryHigh: { threshold: 0.8, for: 30m }
        KVResponderReplicasUnavailable: { severity: critical }
\`\`\`

Labels on all alerts of the resource, by which a platform routes (\`labels\` is for the object, by which a Prometheus selects it):

\`\`\`yaml
spec:
  monitoring:
    rules:
      labels: { release: kube-prometheus-stack }
      extraLabels: { team: checkout }
\`\`\`

Rules of your own are best in a PrometheusRule of your own: the operator puts its own right again.

## Alerts of a tenant

Some are there only where they can say something: those of peers and replication and \`KVResponderReplicasUnavailable\` from two replicas on, \`KVResponderDown\` from one, \`KVResponderMemoryHigh\` with \`evictionPolicy: NoEviction\`, \`KVResponderScrapeTruncated\` where the operator makes the ServiceMonitor.

${tenantTable()}

## Alerts of the platform

\`kubectl apply -k config/prometheus\` brings a Service and a ServiceMonitor of the operator's metrics, and these rules. They are one file for all, so they are changed by a patch in a kustomization of your own, as are the labels by which your Prometheus selects:

\`\`\`yaml
apiVersion: kustomize.config.k8s.io/v1beta1
kind: Kustomization
resources:
  - https://github.com/kv-responder/kv-responder//config/prometheus?ref=main
labels:
  - pairs: { release: kube-prometheus-stack }
\`\`\`

\`KVResponderFleetErrorBudgetBurn\` needs a Prometheus that sees the series of all tenants, and that does not enforce a namespace on the rules of kv-responder-system (\`excludedFromEnforcement\` of the Prometheus resource). The others read the operator's own series, of the job \`kv-responder-operator-metrics\`. All carry \`namespace: kv-responder-system\`; where the operator runs in another one, patch that too.

${platformTable()}

## Recorded series

Of each tenant, with its \`namespace\`, \`tenant\` and \`kvresponder\`. Raw series are read over minutes alone; long windows are made of what was recorded.

${recordedTable(recordedSeries)}

Of all tenants together, by the platform's rules:

${recordedTable(fleetSeries)}
`;

const index = (names: readonly { readonly name: string; readonly severity: string; readonly when: string }[]): string =>
  [row("alert", "severity", "when"), "|---|---|---|", ...names.map(({ name, severity, when }) => row(page(name, ""), severity, when))].join("\n");

export const runbookIndex = (): string => `# Runbooks

<!-- Made from operator/observability/ by \`make generate\`; do not edit. -->

One page for each alert, which links it in its annotation \`runbook_url\`. Each says what the alert means, what clients feel, how to find the cause, what to do about it and what that costs, and how to tune it. All thresholds, objectives and overrides: [alerts.md](../alerts.md).

Severities: **critical** wakes somebody, **warning** is for working hours, **info** is context beside other alerts.

An alert of a tenant names one instance in the labels \`namespace\`, \`kvresponder\` and \`tenant\`. Commands take these from two variables, and queries have them as \`team-a\` and \`orders\`, to be replaced by yours:

    NS=team-a      # label namespace
    NAME=orders    # label kvresponder

Queries are for Prometheus' own page, or Grafana's Explore. Commands want \`kubectl\`, and some \`curl\` and \`jq\`. Our images have no shell, so there is no \`kubectl exec\`: \`port-forward\` and \`curl\` stand in its place.

## Of a tenant

${index(alertNames.map((name) => ({ name, ...alerts[name] })))}

## Of the platform

${index(platformAlertNames.map((name) => ({ name, ...platformAlerts[name] })))}
`;
