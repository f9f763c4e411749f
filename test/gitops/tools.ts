// Asks the programs that are made of Argo CD's and Flux's own code (test/cluster/tools/{argocd-lua,flux-status}).
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { parse } from "yaml";
import { resolveTools } from "../cluster/toolchain.ts";
import type { ToolName } from "../cluster/tools.ts";
import type { Action } from "./fixtures.ts";
import type { Health } from "./scripts.ts";

const ask = async <A>(tool: ToolName, question: object): Promise<A> => {
  const { [tool]: program } = await resolveTools([tool]);
  const child = spawn(program, { stdio: ["pipe", "pipe", "pipe"] });
  const [out, errors]: [string[], string[]] = [[], []];
  child.stdout.setEncoding("utf8").on("data", (chunk: string) => out.push(chunk));
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => errors.push(chunk));
  child.stdin.end(JSON.stringify(question));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new Error(`${tool} ended with ${code}: ${errors.join("")}`);
  return JSON.parse(out.join("")) as A;
};

interface Failure {
  readonly error: string;
}

export interface ArgoQuestion {
  readonly health?: readonly object[];
  readonly actions?: readonly object[];
  readonly run?: readonly { readonly object: object; readonly action: string }[];
  readonly diffs?: readonly { readonly manifest: object; readonly live: object; readonly predicted?: object }[];
  /** Path of the API server's /openapi/v2, for diffs with `predicted`. */
  readonly openAPI?: string;
  readonly manifests?: readonly string[];
  readonly applications?: readonly { readonly manifest: string; readonly parameters: object }[];
}

/** null where nothing was asked. */
export interface ArgoAnswer {
  readonly health: readonly (Health | Failure)[] | null;
  readonly actions: readonly (readonly Action[] | Failure)[] | null;
  readonly run: readonly object[] | null;
  readonly diffs: readonly ({ readonly modified: boolean; readonly where: readonly string[] } | Failure)[] | null;
  /** What is wrong with each, "" where nothing is. */
  readonly manifests: readonly string[] | null;
  readonly applications: readonly object[] | null;
}

const configMap: unknown = parse(readFileSync(resolve(import.meta.dirname, "../../config/argocd/customization/argocd-cm.yaml"), "utf8"));

/** With our customisation installed as we ship it. */
export const askArgo = (question: ArgoQuestion): Promise<ArgoAnswer> => ask("argocd-lua", { configMap, ...question });

export interface FluxAnswer {
  readonly status: readonly ({ readonly status: "Current" | "InProgress" | "Failed" | "Terminating"; readonly message: string } | Failure)[] | null;
  readonly manifests: readonly string[] | null;
}

export const askFlux = (question: { readonly status?: readonly object[]; readonly manifests?: readonly string[] }): Promise<FluxAnswer> => ask("flux-status", question);
