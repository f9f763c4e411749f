// spec.monitoring: what the tenant's Prometheus, Alertmanager and Grafana get.
import { z } from "zod";
import { celNoLonger, duration, extraLabels, mode, noLonger } from "./fields.ts";
import { matches, withRules } from "./rules.ts";

const serviceMonitor = withRules(
  z.object({
    mode: mode("ServiceMonitor"),
    // two samples must fall into the five minutes that alerts look back, with one scrape lost
    interval: duration("How often Prometheus scrapes, for example 15s.", "1s", "2m").default("30s"),
    scrapeTimeout: duration("When Prometheus gives up on a scrape. At most the interval.", "100ms", "2m").default("10s"),
    labels: extraLabels("Labels by which your Prometheus selects ServiceMonitors, for example release: kube-prometheus-stack.").optional(),
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
  })
  .prefault({})
  .meta({ description: "The tenant's alerting rules." });

const dashboard = z
  .object({
    mode: mode("dashboard ConfigMap"),
    // the sidecar makes a directory of it: no '/', and no leading '.'
    folder: withRules(
      z.string().max(128),
      [matches("^[A-Za-z0-9][-A-Za-z0-9_. ]*$", "must begin with a letter or digit and hold only letters, digits, spaces, '-', '_' and '.'")],
      { description: "Grafana folder, as the annotation that the Grafana sidecar reads." },
    ).optional(),
    labels: extraLabels('Labels by which the Grafana sidecar selects dashboards. Absent: grafana_dashboard: "1".').optional(),
  })
  .prefault({})
  .meta({ description: "The tenant's Grafana dashboard." });

export const monitoring = z
  .object({ serviceMonitor, rules, dashboard })
  .prefault({})
  .meta({ description: "What the tenant's Prometheus and Grafana get." });
