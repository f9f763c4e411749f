// Lines of the manual, run word for word in a shell that has kubectl, helm and the cluster's kubeconfig.
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { withLock } from "../cluster/lock-file.ts";
import { resolveTools } from "../cluster/toolchain.ts";
import type { Cluster } from "../cluster/types.ts";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../..");

/** The manual forwards to fixed ports of loopback (3000, 6379, ...): one test at a time has them, of all files that run beside each other. */
export const withManualsPorts = <T>(work: () => Promise<T>): Promise<T> => withLock(join(tmpdir(), "kvr-manuals-ports.lock"), work);

export interface Shell {
  /** Standard output of a line; throws with its standard error. */
  line(text: string, timeoutMs?: number): Promise<string>;
  /** A line that goes on until it is ended, such as a port-forward. */
  background(text: string): ChildProcess;
}

export const shell = async (cluster: Cluster): Promise<Shell> => {
  const { helm } = await resolveTools(["helm"]);
  const env = { ...process.env, KUBECONFIG: cluster.kubeconfig, PATH: `${dirname(cluster.kubectlPath)}:${dirname(helm)}:${process.env["PATH"] ?? ""}` };
  return {
    line: async (text, timeoutMs = 60_000) => (await run("bash", ["-o", "pipefail", "-c", text], { cwd: root, env, timeout: timeoutMs, maxBuffer: 16 << 20 })).stdout,
    // exec: the signal that ends it must reach the program, not the shell around it
    background: (text) => spawn("bash", ["-c", `exec ${text}`], { cwd: root, env, stdio: ["ignore", "pipe", "pipe"] }),
  };
};
