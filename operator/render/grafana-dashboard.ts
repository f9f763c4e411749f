// The dashboard as the Grafana Operator takes it, instead of the ConfigMap.
import { childName } from "#crds/names";
import type { Renderer } from "./context.ts";
import { dashboardJson } from "./dashboard.ts";
import { child } from "./meta.ts";

/** As the Grafana Operator's examples label a Grafana. */
const anyGrafana = { matchLabels: { dashboards: "grafana" } };

export const grafanaDashboard: Renderer = (context) => {
  const { mode, format, folder, labels, instanceSelector = anyGrafana } = context.spec.monitoring.dashboard;
  if (mode === "Disabled" || format !== "GrafanaDashboard") return undefined;
  return child(
    context,
    { apiVersion: "grafana.integreatly.org/v1beta1", kind: "GrafanaDashboard", name: childName.dashboard(context.name), component: "monitoring", labels },
    // a Grafana is hardly ever in the tenant's namespace, and only there it would be looked for
    { spec: { allowCrossNamespaceImport: true, instanceSelector, ...(folder !== undefined && { folder }), json: dashboardJson(context) } },
  );
};
