// Lines of the manual, run word for word in a shell that has kubectl, helm and the cluster's kubeconfig.
import { execFile } from "node:child_process";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { resolveTools } from "../cluster/toolchain.ts";
import type { Cluster } from "../cluster/types.ts";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");

export interface Shell {
  /** Standard output of a line; throws with its standard error. */
  line(text: string, timeoutMs?: number): Promise<string>;
}

export const shell = async (cluster: Cluster): Promise<Shell> => {
  const { helm } = await resolveTools(["helm"]);
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, PATH: `${dirname(cluster.kubectlPath)}:${dirname(helm)}:${process.env["PATH"] ?? ""}` };
  return {
    line: async (text, timeoutMs = 60_000) => (await run("bash", ["-o", "pipefail", "-c", text], { cwd: root, env, timeout: timeoutMs, maxBuffer: 16 << 20 })).stdout,
  };
};
