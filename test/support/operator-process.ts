// The operator as a process, as a user would run it: under its own ServiceAccount's token, never as admin.
import { spawn, type ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { resolve } from "node:path";
import { established } from "../cluster/established.ts";
import type { Cluster } from "../cluster/types.ts";
import { compileCache } from "./compile-cache.ts";

const root = resolve(import.meta.dirname, "../..");

export const operatorNamespace = "kv-responder-system";
export const operatorAccount = "kv-responder-operator";
export const operatorUser = `system:serviceaccount:${operatorNamespace}:${operatorAccount}`;

export type LogLine = Readonly<Record<string, unknown>> & { readonly level: string; readonly msg: string };

export interface OperatorProcess extends AsyncDisposable {
  readonly url: string;
  readonly process: ChildProcess;
  readonly logs: readonly LogLine[];
  /** Sum of the samples of this metric whose labels include the given ones; 0 when there is none. */
  metric(name: string, labels?: Readonly<Record<string, string>>): Promise<number>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

/** CRD, namespace, ServiceAccount and exactly the shipped RBAC. */
export const installOperatorObjects = async (cluster: Cluster, kustomization = resolve(root, "config/default")): Promise<void> => {
  const text = await cluster.kubectl("kustomize", kustomization);
  const documents = text.split(/^---$/m).filter((d) => !/^kind: Deployment$/m.test(d));
  await cluster.apply(documents.join("\n---\n"));
  await established(cluster, "kvresponders.kvresponder.io");
  // it would take up to 40 s to notice the new kind, and children to go with their owner
  await cluster.refreshGarbageCollector();
};

export const startOperator = async (cluster: Cluster, args: readonly string[] = []): Promise<OperatorProcess> => {
  const kubeconfig = await cluster.serviceAccountKubeconfig(operatorNamespace, operatorAccount);
  const child = spawn(
    process.execPath,
    [resolve(root, "operator/main.ts"), "--kubeconfig", kubeconfig, "--responder-image", "localhost/kvr/responder:test", "--host", "127.0.0.1", "--port", "0", ...args],
    { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...compileCache } },
  );
  const exited = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
  const logs: LogLine[] = [];
  const noise: string[] = [];
  let url: string | undefined;
  createInterface({ input: child.stderr }).on("line", (line) => noise.push(line));
  createInterface({ input: child.stdout }).on("line", (text) => {
    if (!text.startsWith("{")) return void noise.push(text);
    const line = JSON.parse(text) as LogLine;
    logs.push(line);
    if (line.msg === "listening") url = String(line["url"]);
  });
  const tail = () => [...noise, ...logs.slice(-20).map((l) => JSON.stringify(l))].join("\n");

  await cluster.waitFor(
    "the operator is ready",
    async () => {
      if (child.exitCode !== null) throw new Error(`the operator ended with code ${child.exitCode}:\n${tail()}`);
      return url !== undefined && (await fetch(`${url}/readyz`)).ok;
    },
    { timeoutMs: 60_000 },
  ).catch((cause: unknown) => {
    child.kill("SIGKILL");
    throw new Error(`start the operator:\n${tail()}`, { cause });
  });
  const base = url ?? "";

  const stop = async () => {
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    return exited;
  };
  return {
    url: base,
    process: child,
    logs,
    stop,
    metric: async (name, labels = {}) => {
      const text = await (await fetch(`${base}/metrics`)).text();
      return text
        .split("\n")
        .filter((l) => (l.startsWith(`${name} `) || l.startsWith(`${name}{`)) && Object.entries(labels).every(([k, v]) => l.includes(`${k}="${v}"`)))
        .reduce((sum, l) => sum + Number(l.slice(l.lastIndexOf(" ") + 1)), 0);
    },
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
};
