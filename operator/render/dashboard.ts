// The dashboard as a ConfigMap, in the way that Grafana's sidecar picks it up.
import { childName } from "#crds/names";
import { tenantDashboard } from "../observability/tenant-dashboard.ts";
import type { RenderContext, Renderer } from "./context.ts";
import { child } from "./meta.ts";

/** What the sidecar of kube-prometheus-stack selects by, unless told otherwise. */
const sidecarLabels = { grafana_dashboard: "1" };

/** The sidecar's default; a chart that sets folderAnnotation differently has its own. */
const folderAnnotation = "k8s-sidecar-target-directory";

/** One line: what Grafana imports. */
export const dashboardJson = ({ namespace, name, tenant, spec }: RenderContext): string =>
  JSON.stringify(tenantDashboard({ namespace, name, tenant }, spec.monitoring.rules.objectives));

export const dashboard: Renderer = (context) => {
  const { namespace, name, spec } = context;
  const { mode, format, folder, labels } = spec.monitoring.dashboard;
  if (mode === "Disabled" || format !== "ConfigMap") return undefined;
  return child(
    context,
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      name: childName.dashboard(name),
      component: "monitoring",
      labels: labels ?? sidecarLabels,
      annotations: folder === undefined ? undefined : { [folderAnnotation]: folder },
    },
    // the sidecar writes all namespaces' files into one directory, so the key is unique among them
    { data: { [`kvresponder-${namespace}-${name}.json`]: dashboardJson(context) } },
  );
};
