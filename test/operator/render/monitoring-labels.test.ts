// The operator's own labels on what Prometheus and Alertmanager select, without a word in the resource.
import { expect, test } from "vitest";
import type { RenderContext } from "../../../operator/render/context.ts";
import { desired } from "../../../operator/reconcile/desired.ts";
import { context } from "./contexts.ts";

const monitoring = {
  serviceMonitor: { labels: { release: "mine" } },
  routing: { webhook: { url: "https://hooks.example" } },
};
const rendered = (spec: object) => {
  const made: RenderContext = context(spec);
  return desired({ ...made, options: { ...made.options, monitoringLabels: { release: "stack", team: "platform" } } });
};

test("are on the three kinds that are selected, and on nothing else; the resource's own win, and ours over all", () => {
  const labels = Object.fromEntries(rendered({ monitoring }).map(({ kind, metadata }) => [kind, metadata.labels]));
  expect(labels["ServiceMonitor"]).toMatchObject({ release: "mine", team: "platform", "kvresponder.io/name": "orders" });
  expect(labels["PrometheusRule"]).toMatchObject({ release: "stack", team: "platform" });
  expect(labels["AlertmanagerConfig"]).toMatchObject({ release: "stack", team: "platform" });
  for (const kind of ["Deployment", "Service", "ConfigMap"]) expect(labels[kind]).not.toHaveProperty("team");
});
