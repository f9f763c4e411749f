// The tenant chart, rendered by the real helm.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { resolveTools } from "../cluster/toolchain.ts";

export const chart = "config/helm/kv-responder";

const run = promisify(execFile);

/** Standard output; throws with standard error. Sees nothing of the user's own configuration. */
export const helm = async (args: readonly string[], env: Record<string, string> = {}): Promise<string> => {
  const { helm: program } = await resolveTools(["helm"]);
  const { stdout } = await run(program, args, { env: { HOME: "/nonexistent", KUBECONFIG: "/dev/null", ...env } });
  return stdout;
};

/** Without the pod of `helm test`. */
export const template = (release: string, ...args: readonly string[]): Promise<string> => helm(["template", release, chart, "--kube-version=1.36.3", "--skip-tests", ...args]);
