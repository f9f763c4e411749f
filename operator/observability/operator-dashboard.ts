// The dashboard of the operator itself.
import { times } from "#telemetry/promql";
import { costRow, processRow } from "./dashboards/operator/process-row.ts";
import { apiRow, overviewRow, queueRow, reconcileRow } from "./dashboards/operator/reconcile-row.ts";
import { childrenRow, resourcesRow, watchesRow } from "./dashboards/operator/resources-row.ts";
import { annotation } from "./grafana/annotations.ts";
import { dashboard } from "./grafana/dashboard.ts";
import { withoutPrefix } from "./grafana/legends.ts";
import { datasourceVariable, labelVariable } from "./grafana/variables.ts";
import { operatorSeries } from "./operator-series.ts";
import { operatorDashboardUid, operatorWorkload } from "./platform-links.ts";

export const operatorDashboard = (): object => {
  const q = operatorSeries({ pod: { regex: "$pod" }, job: { regex: "$job" }, instance: { regex: "$instance" } });
  // only our operator has it: the names of controller-runtime are those of every other operator too
  const has = operatorSeries({}).gauge("kvoperator_build_info");
  return dashboard({
    uid: operatorDashboardUid,
    title: "KVResponder operator",
    description: "What the operator of KVResponders does. Made by kv-responder: changes made here are lost.",
    tags: ["kv-responder"],
    variables: [
      datasourceVariable("Prometheus"),
      labelVariable({ label: "pod", shown: "Pod", of: has, onlyFound: true }),
      labelVariable({ label: "job", shown: "Job", of: has }),
      labelVariable({ label: "instance", shown: "Instance", of: has }),
    ],
    annotations: [annotation({ name: "Operator starts", color: "blue", expr: times(q.gauge("process_start_time_seconds"), 1000), title: "{{pod}} started", text: "A rollout or a restart: it reconciles everything once.", atValue: true })],
    rows: withoutPrefix([overviewRow(q), reconcileRow(q), queueRow(q), apiRow(q), resourcesRow(q), childrenRow(q), watchesRow(q), processRow(q), costRow(q)], operatorWorkload),
  });
};
