// spec.monitoring: what the tenant's Prometheus, Alertmanager and Grafana get.
import { z } from "zod";
import { alertLabels, overrides } from "./alerts.ts";
import { celNoLonger, duration, extraLabels, matchLabels, mode, noLonger } from "./fields.ts";
import { objectives } from "./objectives.ts";
import { routing } from "./routing.ts";
import { matches, withRules } from "./rules.ts";

const serviceMonitor = withRules(
  z.object({
    mode: mode("ServiceMonitor"),
    // two samples must fall into the five minutes that alerts look back, with one scrape lost
    interval: duration("How often Prometheus scrapes, for example 15s.", "1s", "2m").default("30s"),
    scrapeTimeout: duration("When Prometheus gives up on a scrape. At most the interval.", "100ms", "2m").default("10s"),
    labels: extraLabels("Labels by which your Prometheus selects ServiceMonitors, for example release: kube-prometheus-stack.").optional(),
    // a pod has at most 500 samples of at most 12 labels
    sampleLimit: z.int32().min(500).max(1_000_000).default(2_000).meta({ description: "Samples of one scrape. A scrape with more is refused as a whole; a pod has at most 500." }),
    labelLimit: z.int32().min(20).max(1_000).default(30).meta({ description: "Labels of one sample, those included that Prometheus puts on." }),
    // a pod's name has at most 80 characters
    labelValueLengthLimit: z.int32().min(100).max(10_000).default(128).meta({ description: "Characters of one label's value." }),
    bodySizeLimit: withRules(
      z.string().max(16),
      [matches("^[1-9][0-9]{0,5}[KMG]i?B$", "must be a size such as 4MB, 512KiB or 1GB")],
      { description: "Bytes of one scrape. A pod's has some 60 kB." },
    ).default("4MB"),
  }),
  [
    {
      cel: celNoLonger("self.scrapeTimeout", "self.interval"),
      message: "scrapeTimeout (10s when absent) must not be longer than interval; set both",
      fieldPath: ".scrapeTimeout",
      test: (monitor) => noLonger(monitor.scrapeTimeout, monitor.interval),
    },
  ],
  { description: "The tenant's ServiceMonitor." },
).prefault({});

const rules = z
  .object({
    mode: mode("PrometheusRule"),
    labels: extraLabels("Labels by which your Prometheus selects PrometheusRules.").optional(),
    extraLabels: alertLabels.optional(),
    objectives,
    overrides: overrides.optional(),
  })
  .prefault({})
  .meta({ description: "The tenant's recording and alerting rules." });

const dashboard = z
  .object({
    mode: mode("dashboard's object"),
    format: z
      .enum(["ConfigMap", "GrafanaDashboard"])
      .default("ConfigMap")
      .meta({ description: "ConfigMap: for the sidecar of a Grafana. GrafanaDashboard: for the Grafana Operator." }),
    // the sidecar makes a directory of it: no '/', and no leading '.'
    folder: withRules(
      z.string().max(128),
      [matches("^[A-Za-z0-9][-A-Za-z0-9_. ]*$", "must begin with a letter or digit and hold only letters, digits, spaces, '-', '_' and '.'")],
      { description: "Grafana folder: the annotation that the Grafana sidecar reads, or the folder of the GrafanaDashboard." },
    ).optional(),
    labels: extraLabels('Labels by which the Grafana sidecar selects ConfigMaps. Absent: grafana_dashboard: "1". A GrafanaDashboard gets them too.').optional(),
    instanceSelector: z
      .object({ matchLabels: matchLabels("Labels of the Grafana resources.") })
      .optional()
      .meta({ description: "Grafana resources, in any namespace, that show a GrafanaDashboard. Absent: those with dashboards: grafana. When it changes, the object is made anew." }),
  })
  .prefault({})
  .meta({ description: "The tenant's Grafana dashboard." });

export const monitoring = z
  .object({ serviceMonitor, rules, dashboard, routing })
  .prefault({})
  .meta({ description: "What the tenant's Prometheus and Grafana get." });
