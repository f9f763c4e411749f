// The alert catalogue of a tenant: one entry for each name that the resource may override. Rules, docs, routing and the tests are made from it.
import { alertThresholds, type AlertName } from "#crds/alerts";
import type { Alert, AlertInput } from "./alert.ts";
import { availabilityAlerts } from "./availability.ts";
import { capacityAlerts } from "./capacity.ts";
import { objectiveAlerts } from "./objectives.ts";
import { replicationAlerts } from "./replication.ts";
import { runtimeAlerts } from "./runtime.ts";

export const alerts: Readonly<Record<AlertName, Alert>> = { ...availabilityAlerts, ...objectiveAlerts, ...replicationAlerts, ...capacityAlerts, ...runtimeAlerts };

/** The alert's own; 0 for one that has none, and reads none. */
export const ownThreshold = (name: AlertName, input: AlertInput): number => alerts[name].defaultThreshold?.(input) ?? alertThresholds[name]?.default ?? 0;
