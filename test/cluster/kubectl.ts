// Runs kubectl as the admin of a cluster.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { guarded } from "./guard.ts";
import type { ApplyOptions, KubectlOptions } from "./types.ts";

export interface KubectlDeps {
  readonly program: string;
  readonly kubeconfig: string;
  readonly dir: string;
}

export type Kubectl = (args: readonly string[], options?: KubectlOptions) => Promise<string>;

export const createKubectl =
  ({ program, kubeconfig, dir }: KubectlDeps): Kubectl =>
  async (args, { input, timeoutMs = 60_000 } = {}) => {
    const [command = "", ...rest] = guarded([program, ...args]);
    const child = spawn(command, rest, {
      cwd: dir,
      // the discovery cache too belongs to this cluster alone
      env: { PATH: process.env.PATH, HOME: dir, KUBECONFIG: kubeconfig, KUBECACHEDIR: join(dir, "kubectl-cache") },
      timeout: timeoutMs,
      killSignal: "SIGKILL",
    });
    // a kubectl that fails early does not read its input
    child.stdin.on("error", () => {});
    child.stdin.end(input ?? "");
    const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, "close") as Promise<[number | null]>]);
    if (code !== 0) throw new Error(`kubectl ${args.join(" ")}: ${code === null ? `killed after ${timeoutMs} ms` : stderr.trim()}`);
    return stdout;
  };

/** kubectl's arguments and input for a server-side apply of YAML text, an object, several, or a path. */
export const applyCommand = (
  what: string | object | readonly object[],
  { namespace, fieldManager = "kvr-test", force = false }: ApplyOptions = {},
): { readonly args: readonly string[]; readonly input?: string } => {
  const isPath = typeof what === "string" && !what.includes("\n") && existsSync(what);
  const args = [
    "apply",
    "--server-side",
    `--field-manager=${fieldManager}`,
    ...(force ? ["--force-conflicts"] : []),
    ...(namespace === undefined ? [] : [`--namespace=${namespace}`]),
    "-f",
    isPath ? what : "-",
  ];
  if (isPath) return { args };
  if (typeof what === "string") return { args, input: what };
  return { args, input: JSON.stringify(Array.isArray(what) ? { apiVersion: "v1", kind: "List", items: what } : what) };
};
