// A real OpenTelemetry Collector takes the configuration of the example, which fits the other examples.
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { resolveTools } from "../cluster/toolchain.ts";
import { collectorConfig as config, collectorFile as file } from "./collector.ts";
import { exampleDocuments, exampleObject } from "./documents.ts";

const run = promisify(execFile);

let [dir, otelcol] = ["", ""];
beforeAll(async () => {
  ({ otelcol } = await resolveTools(["otelcol"]));
  dir = await mkdtemp(join(tmpdir(), "otelcol-"));
}, 600_000);
afterAll(() => rm(dir, { recursive: true, force: true }));

const validate = async (text: string) => {
  const path = join(dir, "config.yaml");
  await writeFile(path, text);
  await run(otelcol, ["validate", `--config=${path}`]);
};

test("a real collector takes the configuration", async () => validate(config));

test("and refuses a misspelt option", async () => expect(validate(config.replace("threshold_ms", "threshold_milliseconds"))).rejects.toThrow("threshold_milliseconds"));

interface Config {
  readonly receivers: { readonly otlp: { readonly protocols: { readonly http: { readonly endpoint: string } } } };
  readonly exporters: { readonly otlp_http: { readonly endpoint: string } };
}

test("it listens where its Service and the comment say, and sends to the Jaeger of the other example", () => {
  const { receivers, exporters } = parse(config) as Config;
  expect(receivers.otlp.protocols.http.endpoint).toBe("0.0.0.0:4318");
  const service = exampleObject("jaeger.yaml", "Service", "jaeger-collector") as unknown as { metadata: { name: string; namespace: string }; spec: { ports: [{ port: number }] } };
  expect(exporters.otlp_http.endpoint).toBe(`http://${service.metadata.name}.${service.metadata.namespace}:${service.spec.ports[0].port}`);
  expect(exampleDocuments(file).map(({ kind }) => kind)).toContain("Service");
});
