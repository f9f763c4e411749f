// The operator's series, as its dashboard reads them.
import { processSeries, prometheusSeries } from "#telemetry/platform-series";
import { promql, type Scope } from "#telemetry/promql";
import { operatorMetrics } from "../metrics.ts";

export const operatorSeries = (scope: Scope) => promql({ ...operatorMetrics, ...processSeries, ...prometheusSeries }, scope);

export type OperatorSeries = ReturnType<typeof operatorSeries>;
