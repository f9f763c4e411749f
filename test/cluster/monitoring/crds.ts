// The custom resources of prometheus-operator and grafana-operator: files that can be applied without the operator.
import { fileURLToPath } from "node:url";

/** As in tools/prometheus-operator/go.mod. */
export const operatorVersion = "v0.85.0";

/** What the operator demands before it serves Prometheus and Alertmanager resources. */
export const crdNames = ["servicemonitors", "prometheusrules", "podmonitors", "probes", "prometheuses", "alertmanagers", "alertmanagerconfigs"] as const;
type CrdName = (typeof crdNames)[number];

/** Later ones do not resolve as a Go module. */
export const grafanaOperatorVersion = "v5.18.0";

export const crdFile = (name: CrdName | "grafanadashboards"): string => fileURLToPath(new URL(`./crds/${name}.yaml`, import.meta.url));

/** All that a KVResponder's children need. */
export const crdPaths: readonly string[] = [crdFile("servicemonitors"), crdFile("prometheusrules"), crdFile("alertmanagerconfigs"), crdFile("grafanadashboards")];
