// What kustomize and Helm print, and what the operator makes of the examples.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { version } from "#lib/version";
import { parseAllDocuments, stringify } from "yaml";
import { render } from "../../operator/cli/render.ts";
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

/** The KVResponders in each file of the examples that has some, as YAML. */
export const examples = (): [file: string, text: string][] =>
  readdirSync("examples", { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".yaml"))
    .map((file): [string, Manifest[]] => [file, objects(readFileSync(join("examples", file), "utf8")).filter(({ kind }) => kind === "KVResponder")])
    .filter(([, resources]) => resources.length > 0)
    .map(([file, resources]) => [file, resources.map((resource) => stringify(resource)).join("---\n")]);

/** What the operator makes of these resources. */
export const childrenOf = (...resources: readonly string[]): string => {
  const rendered = render(resources.join("---\n"), { namespace: "default", responderImage: `localhost/kvr/responder:${version}` });
  if (!rendered.ok) throw new Error(rendered.problems.join("\n"));
  return rendered.text;
};
