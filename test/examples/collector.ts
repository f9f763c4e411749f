// The collector of the example as a process: its configuration word for word but for what names another machine or takes long.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reservePort } from "../cluster/ports.ts";
import { resolveTools } from "../cluster/toolchain.ts";
import { startServerProcess } from "../support/server-process.ts";
import { configFile } from "./documents.ts";

export const collectorFile = "opentelemetry-collector.yaml";
export const collectorConfig = configFile(collectorFile, "otel-collector", "config.yaml");

export interface CollectorOptions {
  /** Where it finds pods. */
  readonly kubeconfig: string;
  /** Where it sends what it keeps. */
  readonly jaegerUrl: string;
}

export interface Collector extends AsyncDisposable {
  /** For KVR_TRACE_ENDPOINT. */
  readonly url: string;
}

/** Each of these stands once in the text, or the example has changed and this with it. */
const replaced = (text: string, pairs: Readonly<Record<string, string>>): string =>
  Object.entries(pairs).reduce((before, [from, to]) => {
    const parts = before.split(from);
    if (parts.length !== 2) throw new Error(`examples/${collectorFile} has ${JSON.stringify(from)} ${parts.length - 1} times`);
    return parts.join(to);
  }, text);

/** Resolves when it takes spans. */
export const startCollector = async ({ kubeconfig, jaegerUrl }: CollectorOptions): Promise<Collector> => {
  const [{ otelcol }, otlp, health] = await Promise.all([resolveTools(["otelcol"]), reservePort(), reservePort()]);
  const dir = await mkdtemp(join(tmpdir(), "otelcol-"));
  const config = join(dir, "config.yaml");
  const at = ({ port }: { readonly port: number }) => `127.0.0.1:${port}`;
  const text = replaced(collectorConfig, {
    "0.0.0.0:4318": at(otlp),
    "0.0.0.0:13133": at(health),
    "http://jaeger-collector.observability:4318": jaegerUrl,
    // the same account's token, not from where a pod has it
    "auth_type: serviceAccount": "auth_type: kubeConfig",
    "decision_wait: 10s": "decision_wait: 1s",
  });
  await writeFile(config, text);
  const tidy = async () => {
    for (const each of [otlp, health]) each.release();
    await rm(dir, { recursive: true });
  };
  const command = ["/usr/bin/env", `KUBECONFIG=${kubeconfig}`, otelcol, `--config=${config}`];
  const server = await startServerProcess({ what: "the collector", command, readyUrl: `http://${at(health)}/`, tidy });
  return { url: `http://${at(otlp)}`, [Symbol.asyncDispose]: () => server[Symbol.asyncDispose]() };
};
