// What kustomize and Helm print, as objects.
import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { parseAllDocuments } from "yaml";
import { resolveTools } from "../cluster/toolchain.ts";
import type { Manifest } from "../cluster/types.ts";
import { helm } from "../helm/chart.ts";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");

export const operatorChart = "config/helm/kv-responder-operator";

/** Whatever can be switched on. */
export const everything = ["--set", "serviceMonitor.enabled=true,prometheusRule.enabled=true,dashboards.enabled=true,networkPolicy.enabled=true"];

/** A document that holds nothing is what a template that is switched off leaves. Throws on what is no YAML, a key twice included. */
export const objects = (text: string): Manifest[] =>
  parseAllDocuments(text).flatMap((document) => {
    for (const error of document.errors) throw error;
    const object = document.toJS() as Manifest | null;
    return object === null ? [] : [object];
  });

/** The text of a folder under config. */
export const kustomize = async (folder: string): Promise<string> => {
  const { kubectl } = await resolveTools(["kubectl"]);
  return (await run(kubectl, ["kustomize", resolve(root, "config", folder)], { maxBuffer: 16 << 20 })).stdout;
};

export const operatorTemplate = (...args: readonly string[]): Promise<string> =>
  helm(["template", "kv-responder-operator", operatorChart, "--namespace=kv-responder-system", "--kube-version=1.36.3", ...args]);

export const inWords = ({ kind, metadata }: Manifest): string => `${kind} ${metadata.namespace === undefined ? "" : `${metadata.namespace}/`}${metadata.name}`;
