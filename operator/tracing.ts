// Starts tracing when the flags name a collector; what it cannot send is counted.
import { systemClock, systemTimers } from "#lib/clock";
import type { Logger } from "#telemetry/logger";
import { noTracing, startTracing, type Tracing } from "#telemetry/tracing";
import { traceResource, type Identity } from "./identity.ts";
import type { OperatorMetrics } from "./instrument.ts";
import type { Options } from "./options.ts";

export interface TracingParts {
  readonly who: Identity;
  readonly log: Logger;
  readonly metrics: Pick<OperatorMetrics, "kvoperator_spans_dropped_total" | "kvoperator_telemetry_seconds_total">;
}

/** Traces are worth no reconcile: when they cannot be had, the process goes on without. */
export const startOperatorTracing = async ({ traceEndpoint: endpoint, traceSampleRatio: sampleRatio }: Pick<Options, "traceEndpoint" | "traceSampleRatio">, { who, log, metrics }: TracingParts): Promise<Tracing> => {
  if (endpoint === undefined) return noTracing;
  const spent = metrics.kvoperator_telemetry_seconds_total.with({ signal: "traces" });
  try {
    const tracing = await startTracing({
      endpoint,
      sampleRatio,
      resource: traceResource(who),
      // a reconcile is about one tenant, the next one about another
      attributes: {},
      log,
      clock: systemClock,
      timers: systemTimers,
      onDropped: (reason, spans) => metrics.kvoperator_spans_dropped_total.inc({ reason }, spans),
      onSpent: (ms) => spent.inc(ms / 1_000),
    });
    log.info({ endpoint, sampleRatio }, "tracing");
    return tracing;
  } catch (err) {
    log.warn({ err, endpoint }, "tracing could not be started");
    return noTracing;
  }
};
