// Every child of a KVResponder, in the order of application.
import { alertmanagerConfig } from "./alertmanager-config.ts";
import type { Renderer } from "./context.ts";
import { dashboard } from "./dashboard.ts";
import { deployment } from "./deployment.ts";
import { grafanaDashboard } from "./grafana-dashboard.ts";
import { horizontalPodAutoscaler } from "./horizontal-pod-autoscaler.ts";
import { networkPolicy } from "./network-policy.ts";
import { peersService } from "./peers-service.ts";
import { podDisruptionBudget } from "./pod-disruption-budget.ts";
import { prometheusRule } from "./prometheus-rule.ts";
import { runtimeConfig } from "./runtime-config.ts";
import { serviceAccount } from "./service-account.ts";
import { serviceMonitor } from "./service-monitor.ts";
import { service } from "./service.ts";
import { tokenOwners } from "./token-owner.ts";

/** As ownedKinds orders their kinds: what a pod needs comes before the pod. */
export const children: readonly Renderer[] = [
  serviceAccount,
  runtimeConfig,
  ...tokenOwners,
  dashboard,
  service,
  peersService,
  networkPolicy,
  deployment,
  horizontalPodAutoscaler,
  podDisruptionBudget,
  serviceMonitor,
  prometheusRule,
  alertmanagerConfig,
  grafanaDashboard,
];
