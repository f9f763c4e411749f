// What is recorded of all tenants together. It needs a Prometheus that sees the series of all of them.
import { defineCatalogue } from "#telemetry/catalogue";
import { promql, sum, type Series, type Vector } from "#telemetry/promql";
import { recordedSeries } from "./recorded.ts";

export const fleetSeries = defineCatalogue({
  "kvresponder_fleet:operations:rate5m": { type: "gauge", help: "Operations a second of all tenants." },
  "kvresponder_fleet:operations_failed:rate5m": { type: "gauge", help: "Operations a second of all tenants that failed by the cache's fault." },
});

export type FleetSeries = keyof typeof fleetSeries;

export interface FleetRule {
  record: FleetSeries;
  expr: string;
}

export const fleet = (name: FleetSeries): Series<never, "gauge"> => promql(fleetSeries, {}).gauge(name);

const tenants = promql(recordedSeries, {});

const rule = (record: FleetSeries, expression: Vector<never>): FleetRule => ({ record, expr: expression.text });

export const fleetRules: readonly FleetRule[] = [
  rule("kvresponder_fleet:operations:rate5m", sum(tenants.gauge("kvresponder:operations:rate5m"), [])),
  rule("kvresponder_fleet:operations_failed:rate5m", sum(tenants.gauge("kvresponder:operations_failed:rate5m"), [])),
];
