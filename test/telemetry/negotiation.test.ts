// Both programs' /metrics over HTTP: the format by Accept, and caches told so.
import { createTelemetry } from "#telemetry/instruments";
import { expect, test } from "vitest";
import { operatorMetrics } from "../../operator/metrics.ts";
import { startServer } from "../../operator/server.ts";
import { openApi } from "../responder/http/harness.ts";

const text = "text/plain; version=0.0.4; charset=utf-8";
const openMetrics = "application/openmetrics-text; version=1.0.0; charset=utf-8";

const startResponder = async () => {
  const api = await openApi();
  return { url: `http://127.0.0.1:${api.port}`, close: api.close };
};
const startOperator = () => startServer({ host: "127.0.0.1", port: 0, checks: {}, page: createTelemetry(operatorMetrics, { processMetrics: false }).page });

test.each([
  ["responder", startResponder],
  ["operator", startOperator],
])("the %s answers in the format that is asked for", async (_, start) => {
  const { url, close } = await start();
  const ask = async (accept: string) => {
    const answer = await fetch(`${url}/metrics`, { headers: { accept } });
    return { type: answer.headers.get("content-type"), vary: answer.headers.get("vary"), body: await answer.text() };
  };
  expect(await ask("*/*")).toMatchObject({ type: text, vary: "Accept", body: expect.not.stringContaining("# EOF") });
  expect(await ask("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.3")).toMatchObject({ type: openMetrics, vary: "Accept", body: expect.stringMatching(/\n# EOF\n$/) });
  expect((await ask("text/plain")).type).toBe(text);
  await close();
});
