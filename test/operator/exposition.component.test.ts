// The operator's exposition as Prometheus' own tool judges it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { beforeAll, expect, test } from "vitest";
import { createTelemetry } from "#telemetry/instruments";
import { operatorMetrics } from "../../operator/metrics.ts";
import { resolveTools } from "../cluster/toolchain.ts";

let promtool = "";
// a build from source, on a machine that has none yet
beforeAll(async () => void ({ promtool } = await resolveTools(["promtool"])), 1_800_000);

test("promtool finds nothing to say about it", async () => {
  const { metrics, render } = createTelemetry(operatorMetrics, { processMetrics: false });
  const of = { resource_namespace: "team", kvresponder: "a" };
  metrics.kvoperator_resource_info.set({ ...of, tenant: "acme", version: "0.1.0" }, 1);
  metrics.kvoperator_resource_condition.set({ ...of, type: "Ready", status: "True" }, 1);
  const child = spawn(promtool, ["check", "metrics"]);
  child.stdin.end(await render());
  const [complaints, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  expect(complaints).toBe("");
  expect(code).toBe(0);
});
