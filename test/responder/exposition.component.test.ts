// The exposition as Prometheus' own tool judges it.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { responderMetrics } from "#contract/metrics";
import { createTelemetry } from "#telemetry/instruments";
import { beforeAll, expect, test } from "vitest";
import { resolveTools } from "../cluster/toolchain.ts";

let promtool = "";
// a build from source, on a machine that has none yet
beforeAll(async () => void ({ promtool } = await resolveTools(["promtool"])), 1_800_000);

const check = async (exposition: string) => {
  const child = spawn(promtool, ["check", "metrics"]);
  child.stdin.end(exposition);
  const [complaints, [code]] = await Promise.all([text(child.stderr), once(child, "close")]);
  return { code: code as number, complaints };
};

/** prom-client's own names that promtool does not like; they are what every Node dashboard expects. */
const known = /^(nodejs|process)_\w+ /;

test("promtool finds nothing to say about our series", async () => {
  const telemetry = createTelemetry(responderMetrics);
  telemetry.metrics.kv_info.set({ tenant: 'a"b\\c' }, 1);
  telemetry.metrics.kv_http_request_duration_seconds.observe({ route: "kv" }, 0.01);
  const { complaints } = await check(await telemetry.render());
  expect(complaints.split("\n").filter((line) => line !== "" && !known.test(line))).toEqual([]);
});

test("it would speak up about a wrong name and about text that is no exposition", async () => {
  expect(await check("# HELP kv_things_count Things.\n# TYPE kv_things_count counter\nkv_things_count 1\n")).toMatchObject({ code: 3, complaints: expect.stringContaining("_total") });
  expect((await check('kv_x{a="b} 1\n')).code).not.toBe(0);
});
