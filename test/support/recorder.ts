// A recorder with what a test does not care about filled in: no traces, one request in a hundred logged, a hash that shows.
import type { responderMetrics } from "#contract/metrics";
import { parseRuntime, type RequestLogging } from "#contract/runtime";
import { systemClock, type Clock } from "#lib/clock";
import type { Instruments } from "#telemetry/instruments";
import type { Log } from "#telemetry/logger";
import { noTracing, type Tracing } from "#telemetry/tracing";
import { createRecorder, type Recorder } from "../../responder/http/exchange.ts";

export interface TestRecorderOptions {
  readonly metrics: Instruments<typeof responderMetrics>;
  readonly log: Log;
  readonly clock?: Clock;
  readonly tracing?: Tracing;
  /** Filled in with the defaults; may be changed while it is used. */
  readonly logging?: Partial<RequestLogging>;
  readonly onSpent?: (signal: "metrics" | "logs", seconds: number) => void;
}

export const testRecorder = ({ metrics, log, clock = systemClock, tracing = noTracing, logging = {}, onSpent = () => {} }: TestRecorderOptions): Recorder => {
  const requests = Object.assign(logging, { ...parseRuntime("{}").requests, ...logging });
  return createRecorder({ metrics, log, clock, tracing, logging: () => requests, hashKey: (_bytes, from, to) => `hash of ${to - from} bytes`, onSpent });
};
