// The Prometheus and Alertmanager that kube-prometheus-stack makes of its values, as far as our example sets any: the chart hands these fields on as they are.
import type { Manifest } from "../cluster/types.ts";
import { exampleDocuments } from "./documents.ts";

export interface StackValues {
  readonly prometheus: { readonly prometheusSpec: Readonly<Record<string, unknown>> };
  readonly alertmanager: { readonly alertmanagerSpec: Readonly<Record<string, unknown>> };
  readonly grafana: {
    readonly sidecar: {
      readonly dashboards: { readonly label: string; readonly labelValue: string; readonly folderAnnotation: string; readonly searchNamespace: string };
      readonly datasources: { readonly exemplarTraceIdDestinations: { readonly datasourceUid: string; readonly traceIdLabelName: string } };
    };
    readonly additionalDataSources: readonly { readonly uid: string; readonly type: string; readonly jsonData: Readonly<Record<string, unknown>>; readonly secureJsonData?: Readonly<Record<string, string>> }[];
  };
}

export const stackValues = (): StackValues => exampleDocuments<StackValues>("kube-prometheus-stack-values.yaml")[0] as StackValues;

const object = (kind: string, name: string, spec: object): Manifest => ({ apiVersion: "monitoring.coreos.com/v1", kind, metadata: { name, namespace: "monitoring" }, spec });

export const stackObjects = (): Manifest[] => {
  const { prometheus, alertmanager } = stackValues();
  // the chart's own switches, not fields: they keep it from filling in its release's label
  const spec = Object.fromEntries(Object.entries(prometheus.prometheusSpec).filter(([key]) => !key.endsWith("NilUsesHelmValues")));
  return [object("Prometheus", "kube-prometheus-stack-prometheus", spec), object("Alertmanager", "kube-prometheus-stack-alertmanager", alertmanager.alertmanagerSpec)];
};
