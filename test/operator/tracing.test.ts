// The operator goes on without traces when they cannot be had.
import { createTelemetry } from "#telemetry/instruments";
import type { Logger } from "#telemetry/logger";
import { noTracing } from "#telemetry/tracing";
import { expect, test } from "vitest";
import { identity } from "../../operator/identity.ts";
import { operatorMetrics } from "../../operator/metrics.ts";
import { startOperatorTracing } from "../../operator/tracing.ts";
import { silentLog } from "../support/manual-time.ts";

test("what keeps tracing from starting is told, and is no end", async () => {
  const told: unknown[] = [];
  const log = { ...silentLog, warn: (fields: object, message: string) => void told.push({ ...fields, message }) } as unknown as Logger;
  // the flag's parser would not let it pass; the exporter cannot be made with it
  const traceEndpoint = "nowhere";
  const tracing = await startOperatorTracing({ traceEndpoint, traceSampleRatio: 1 }, { who: identity(), log, metrics: createTelemetry(operatorMetrics).metrics });
  expect(tracing).toBe(noTracing);
  expect(told).toEqual([{ err: expect.any(Error), endpoint: traceEndpoint, message: "tracing could not be started" }]);
});
