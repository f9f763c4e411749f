// The tenant's Grafana dashboard. Namespace and name are constants in every query, so that it shows one instance and nobody else's.
import { dashboardUid } from "./dashboard-link.ts";
import { datasource, layOut } from "./panels.ts";
import { seriesOf, type Subject } from "./subject.ts";
import { tenantRows } from "./tenant-rows.ts";

const variables = (subject: Subject): object[] => [
  { name: "datasource", label: "Data source", type: "datasource", query: "prometheus", refresh: 1 },
  {
    name: "pod",
    label: "Pod",
    type: "query",
    datasource,
    query: { qryType: 1, query: `label_values(${seriesOf(subject).gauge("up").text}, pod)`, refId: "pod" },
    // pods come and go: look again whenever the time range changes
    refresh: 2,
    sort: 1,
    multi: true,
    includeAll: true,
    allValue: ".+",
    current: { text: "All", value: "$__all" },
  },
];

const firingAlerts = (subject: Subject): object => ({
  name: "Alerts",
  datasource,
  enable: true,
  iconColor: "red",
  expr: seriesOf(subject).gauge("ALERTS", { alertstate: "firing" }).text,
  titleFormat: "{{alertname}}",
  textFormat: "{{severity}}",
  step: "60s",
});

export const tenantDashboard = (subject: Subject): object => ({
  uid: dashboardUid(subject),
  title: `KVResponder ${subject.namespace}/${subject.name}`,
  description: `The cache ${subject.name} of tenant ${subject.tenant} in namespace ${subject.namespace}. Managed by kv-responder: changes made here are lost.`,
  tags: ["kv-responder", `tenant:${subject.tenant}`],
  schemaVersion: 39,
  editable: false,
  graphTooltip: 1,
  refresh: "30s",
  time: { from: "now-1h", to: "now" },
  timezone: "browser",
  templating: { list: variables(subject) },
  annotations: { list: [firingAlerts(subject)] },
  panels: layOut(tenantRows(seriesOf(subject, { pod: { regex: "$pod" } }))),
});
