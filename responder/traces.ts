// Traces of this process, from the configuration: to an endpoint, or none.
import type { ResponderConfig } from "#contract/env";
import type { responderMetrics } from "#contract/metrics";
import { systemClock, systemTimers } from "#lib/clock";
import { version } from "#lib/version";
import type { Instruments } from "#telemetry/instruments";
import type { Log } from "#telemetry/logger";
import { noTracing, startTracing, type Tracing } from "#telemetry/tracing";

export interface TracesDeps {
  readonly config: ResponderConfig;
  readonly sampleRatio: number;
  readonly metrics: Instruments<typeof responderMetrics>;
  readonly log: Log;
  /** Seconds of processor time. */
  readonly onSpent: (seconds: number) => void;
}

/** Traces are worth no cache: when they cannot be had, the process goes on without. */
export const startTraces = async ({ config, sampleRatio, metrics, log, onSpent }: TracesDeps): Promise<Tracing> => {
  const { traceEndpoint: endpoint, tenant, namespace, pod, service } = config;
  if (endpoint === undefined) return noTracing;
  try {
    const tracing = await startTracing({
      endpoint,
      sampleRatio,
      resource: {
        "service.name": service,
        "service.version": version,
        "service.instance.id": config.podUid ?? pod,
        "k8s.namespace.name": namespace,
        "k8s.pod.name": pod,
        // named like the Service
        "k8s.deployment.name": service,
        "tenant.id": tenant,
      },
      attributes: { "tenant.id": tenant },
      log,
      clock: systemClock,
      timers: systemTimers,
      onDropped: (reason, spans) => metrics.kv_spans_dropped_total.inc({ reason }, spans),
      onSpent: (ms) => onSpent(ms / 1000),
    });
    log.info({ endpoint, sampleRatio }, "tracing");
    return tracing;
  } catch (err) {
    log.warn({ err, endpoint }, "tracing could not be started");
    return noTracing;
  }
};
