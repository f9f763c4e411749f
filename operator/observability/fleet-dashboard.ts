// The dashboard of whoever runs the platform: all tenants that the data source shows, the largest of them, and the way to each one's own dashboard.
import { alertsRow, overviewRow, tenantsRow } from "./dashboards/fleet/overview-row.ts";
import { topRow, trendRow } from "./dashboards/fleet/top-row.ts";
import { annotation } from "./grafana/annotations.ts";
import { dashboard, dashboardsLink } from "./grafana/dashboard.ts";
import { datasourceVariable, labelVariable, limitVariable } from "./grafana/variables.ts";
import { fleetDashboardUid } from "./platform-links.ts";
import { seriesWithin } from "./subject.ts";
import { tenantTag } from "./tenant-dashboard.ts";

/** Grafana cannot compute the uid of a tenant's dashboard, but it can look for its title: one result, one click more. */
const drillDown = { title: "Its dashboard", url: `/dashboards?tag=${tenantTag}&query=\${__data.fields.Namespace}%2F\${__data.fields.Instance}` };

export const fleetDashboard = (): object => {
  // other programs' series may have a tenant too
  const scope = { tenant: { regex: "$tenant" }, namespace: { regex: "$namespace" }, kvresponder: { regex: ".+" } } as const;
  const q = seriesWithin({ ...scope, job: { regex: "$job" }, instance: { regex: "$instance" } });
  // only a responder has it
  const has = seriesWithin({}).gauge("kv_build_info");
  const chosen = seriesWithin(scope).gauge("kv_build_info");
  return dashboard({
    uid: fleetDashboardUid,
    title: "KVResponder fleet",
    description: "All KVResponders that this data source shows. Made by kv-responder: changes made here are lost.",
    tags: ["kv-responder"],
    variables: [
      datasourceVariable("Prometheus"),
      labelVariable({ label: "tenant", shown: "Tenant", of: has }),
      labelVariable({ label: "namespace", shown: "Namespace", of: has }),
      limitVariable,
      // up and the process's series are everybody's: All means the jobs of responders
      labelVariable({ label: "job", shown: "Job", of: chosen, hidden: true }),
      labelVariable({ label: "instance", shown: "Instance", of: chosen, hidden: true }),
    ],
    annotations: [annotation({ name: "Critical alerts", color: "red", expr: seriesWithin(scope).gauge("ALERTS", { alertstate: "firing", severity: "critical" }), title: "{{alertname}}", text: "{{tenant}}: {{namespace}}/{{kvresponder}}" })],
    links: [dashboardsLink("Tenants' dashboards", tenantTag)],
    rows: [overviewRow(q), alertsRow, tenantsRow(q, drillDown), topRow(q), trendRow(q)],
  });
};
