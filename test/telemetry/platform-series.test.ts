// The series that we rely on without defining them are the ones that the process exposes.
import { processSeries } from "#telemetry/platform-series";
import { collectDefaultMetrics, Registry } from "prom-client";
import { expect, test } from "vitest";

test("every process series is exposed under its name, as its type", async () => {
  const register = new Registry();
  collectDefaultMetrics({ register });
  const text = await register.metrics();
  for (const [name, { type }] of Object.entries(processSeries)) expect(text).toContain(`# TYPE ${name} ${type}\n`);
});
