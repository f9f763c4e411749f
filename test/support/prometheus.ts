// A real Prometheus on a free loopback port that scrapes what it is told to and evaluates rules, once a second, and keeps exemplars.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { reservePort } from "../cluster/ports.ts";
import { resolveTools } from "../cluster/toolchain.ts";
import { startServerProcess } from "./server-process.ts";

export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** The `data` of an answer of its API. */
  ask(path: string, query: Readonly<Record<string, string>>): Promise<unknown>;
}

/** host:port, and the labels that its series get. */
export interface ScrapeTarget {
  readonly address: string;
  readonly labels: Readonly<Record<string, string>>;
}

export interface PrometheusOptions {
  /** Where blocks are already; it is kept. */
  readonly data?: string;
  /** Default 1s. */
  readonly scrapeInterval?: string;
  /** Further sections of its configuration, or others in place of ours. */
  readonly config?: object;
}

/** `targets`: host:port by job, or several of a job. `groups`: of rules. Resolves when it answers. */
export const startPrometheus = async (targets: Readonly<Record<string, string | readonly ScrapeTarget[]>>, groups: readonly object[] = [], { data, scrapeInterval = "1s", config = {} }: PrometheusOptions = {}): Promise<Prometheus> => {
  const { prometheus } = await resolveTools(["prometheus"]);
  const folder = await mkdtemp(join(tmpdir(), "kvr-prometheus-"));
  const scrape_configs = Object.entries(targets).map(([job_name, found]) => ({
    job_name,
    static_configs: (typeof found === "string" ? [{ address: found, labels: {} }] : found).map(({ address, labels }) => ({ targets: [address], labels })),
  }));
  // JSON is YAML
  await writeFile(join(folder, "rules.yml"), JSON.stringify({ groups }));
  await writeFile(join(folder, "prometheus.yml"), JSON.stringify({ global: { scrape_interval: scrapeInterval, evaluation_interval: "1s" }, rule_files: ["rules.yml"], scrape_configs, ...config }));
  const reserved = await reservePort();
  const address = `127.0.0.1:${reserved.port}`;
  const args = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${data ?? `${folder}/data`}`, `--web.listen-address=${address}`, "--enable-feature=exemplar-storage", "--log.level=error"];
  const tidy = async () => {
    reserved.release();
    await rm(folder, { recursive: true, force: true });
  };
  const server = await startServerProcess({ what: "Prometheus", command: [prometheus, ...args], readyUrl: `http://${address}/-/ready`, tidy });
  return {
    url: `http://${address}`,
    pid: server.pid,
    ask: async (path, query) => {
      const answer = (await (await fetch(`http://${address}/api/v1/${path}?${new URLSearchParams(query)}`)).json()) as { status: string; error?: string; data: unknown };
      if (answer.status !== "success") throw new Error(`${path}: ${answer.error}`);
      return answer.data;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
};
