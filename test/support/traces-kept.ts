// Tracing that keeps what it is told, for tests: every n-th piece of work is sampled, or what the caller wants.
import { drawContext } from "#telemetry/trace-context";
import type { SpanRecord, Tracing } from "#telemetry/tracing";

export interface KeptTraces extends Tracing {
  readonly spans: readonly SpanRecord[];
}

export const keepTraces = ({ every = Infinity, late = true } = {}): KeptTraces => {
  const spans: SpanRecord[] = [];
  let seen = 0;
  return {
    isOn: true,
    spans,
    samples: (caller) => (caller ? caller.sampled : seen++ % every === every - 1),
    samplesLate: () => late,
    setRatio: () => {},
    begin: drawContext,
    record: (span) => void spans.push(span),
    shutdown: () => Promise.resolve(),
  };
};
