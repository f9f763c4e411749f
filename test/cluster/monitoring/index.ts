// The real prometheus-operator with one Prometheus over all ServiceMonitors and rules, in a node cluster.
import { readFile } from "node:fs/promises";
import { established } from "../established.ts";
import { toolImageArchives } from "../images.ts";
import type { Cluster, Forward } from "../types.ts";
import { waitFor } from "../wait.ts";
import { crdFile, crdNames } from "./crds.ts";

export interface MonitoringOptions {
  /** Seconds instead of minutes until a monitor or rule takes effect; default true. */
  readonly fast?: boolean;
}

export interface Monitoring {
  /** Prometheus's HTTP API on loopback. */
  readonly prometheus: Forward;
}

const monitoringNamespace = "monitoring";

/** Without the lines that only make it fast. */
export const manifestText = (text: string, fast: boolean): string => (fast ? text : text.replaceAll(/^.*#FAST$\n/gm, ""));

const manifest = async (name: string, fast: boolean): Promise<string> => manifestText(await readFile(new URL(`./${name}.yaml`, import.meta.url), "utf8"), fast);

/** Resolves when Prometheus answers. Monitors and rules then take effect within seconds; give them 15. */
export const installMonitoring = async (cluster: Cluster, { fast = true }: MonitoringOptions = {}): Promise<Monitoring> => {
  await cluster.loadImages(
    await toolImageArchives(["localhost/kvr/prometheus-operator:v0.85.0", "localhost/kvr/prometheus-config-reloader:v0.85.0", "localhost/kvr/prometheus:v3.13.5"]),
  );
  // the operator looks for them only when it starts; tests may have applied some of them as themselves
  for (const name of crdNames) await cluster.apply(crdFile(name), { force: true });
  await established(cluster, ...crdNames.map((name) => `${name}.monitoring.coreos.com`));
  await cluster.apply(await manifest("operator", fast));
  await cluster.apply(await manifest("prometheus", fast));
  const inNamespace = `--namespace=${monitoringNamespace}`;
  await cluster.kubectl("rollout", "status", inNamespace, "deployment/prometheus-operator", "--timeout=120s", { timeoutMs: 125_000 });
  await cluster.kubectl("wait", inNamespace, "--for=condition=Available", "prometheus/main", "--timeout=180s", { timeoutMs: 185_000 });
  const prometheus = await cluster.forward({ namespace: monitoringNamespace, service: "prometheus", port: "web" });
  await waitFor("Prometheus to answer", async () => (await fetch(`${prometheus.url}/-/ready`)).ok);
  return { prometheus };
};

export interface PromSample {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since the epoch, and the number as text. */
  readonly value: readonly [number, string];
}

type PromAnswer = { readonly status: "success"; readonly data: { readonly result: readonly PromSample[] } } | { readonly status: "error"; readonly error: string };

/** The samples of an instant query whose result is a vector; throws with Prometheus's words when it refuses the expression. */
export const promQuery = async (url: string, expression: string): Promise<readonly PromSample[]> => {
  const response = await fetch(`${url}/api/v1/query`, { method: "POST", body: new URLSearchParams({ query: expression }) });
  const answer = (await response.json()) as PromAnswer;
  if (answer.status === "error") throw new Error(`query ${expression}: ${answer.error}`);
  return answer.data.result;
};
