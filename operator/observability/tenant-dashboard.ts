// The tenant's Grafana dashboard. Namespace, tenant and name are constants in every query, so that it shows one instance and nobody else's.
import { childName } from "#crds/names";
import type { Objectives } from "#crds/objectives";
import { times } from "#telemetry/promql";
import { dashboardUid } from "./dashboard-link.ts";
import { aboutRow, runtimeRow, telemetryRow } from "./dashboards/tenant/runtime-row.ts";
import { capacityRow } from "./dashboards/tenant/capacity-row.ts";
import { logsRow } from "./dashboards/tenant/logs-row.ts";
import { peersRow } from "./dashboards/tenant/peers-row.ts";
import { serviceLevelRow } from "./dashboards/tenant/service-level-row.ts";
import { latencyRow, trafficRow } from "./dashboards/tenant/traffic-row.ts";
import { annotation } from "./grafana/annotations.ts";
import { dashboard } from "./grafana/dashboard.ts";
import { withoutPrefix } from "./grafana/legends.ts";
import { datasourceVariable, labelVariable } from "./grafana/variables.ts";
import { seriesOf, type Subject } from "./subject.ts";

/** Of the tenants' dashboards alone: the menu of the fleet's dashboard lists them by it. */
export const tenantTag = "kv-responder-tenant";

/** Longer ones do not fit the table of tags, and Grafana would refuse the dashboard. */
const longestTag = 50;

export const tenantDashboard = (subject: Subject, objectives: Objectives): object => {
  const uid = dashboardUid(subject);
  const all = seriesOf(subject);
  const q = seriesOf(subject, { pod: { regex: "$pod" }, job: { regex: "$job" }, instance: { regex: "$instance" } });
  const [up, started] = [all.gauge("up"), q.gauge("process_start_time_seconds")];
  return dashboard({
    uid,
    title: `KVResponder ${subject.namespace}/${subject.name}`,
    description: `The cache ${subject.name} of tenant ${subject.tenant} in namespace ${subject.namespace}. Managed by kv-responder: changes made here are lost.`,
    tags: ["kv-responder", tenantTag, `tenant:${subject.tenant}`].filter((tag) => tag.length <= longestTag),
    variables: [
      datasourceVariable("Prometheus"),
      datasourceVariable("Loki"),
      labelVariable({ label: "pod", shown: "Pod", of: up }),
      labelVariable({ label: "job", shown: "Job", of: up, hidden: true }),
      labelVariable({ label: "instance", shown: "Instance", of: up, hidden: true }),
    ],
    annotations: [
      annotation({ name: "Alerts", color: "red", expr: all.gauge("ALERTS", { alertstate: "firing" }), title: "{{alertname}}", text: "{{severity}}" }),
      annotation({ name: "Pod starts", color: "blue", expr: times(started, 1000), title: "{{pod}} started", text: "A rollout, a new pod, or a restart: its cache was empty.", atValue: true }),
    ],
    rows: withoutPrefix(
      [
        serviceLevelRow(q, subject, objectives, { title: "The last 30 days", url: `/d/${uid}?from=now-30d&to=now&\${__all_variables}` }),
        trafficRow(q),
        latencyRow(q),
        capacityRow(q),
        peersRow(q),
        runtimeRow(q),
        logsRow(subject),
        telemetryRow(q),
        aboutRow(q),
      ],
      childName.workload(subject.name),
    ),
  });
};
