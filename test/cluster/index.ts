// Starts a real Kubernetes on this machine, and makes sure that nothing of it outlives this process.
import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createCluster } from "./cluster.ts";
import { watchCrashes } from "./component.ts";
import { startReaper } from "./reaper.ts";
import { resolveTools } from "./toolchain.ts";
import type { Cluster, ClusterOptions, Plane, ProviderDeps } from "./types.ts";

export type * from "./types.ts";
export { waitFor } from "./wait.ts";

/** kubectl with the rest, so that all that must be built is announced at once. */
const tools: ProviderDeps["tools"] = (...names) => resolveTools([...names, "kubectl"]);

const toStderr = (text: string) => void process.stderr.write(`${text}\n`);

const provide = async (options: ClusterOptions, deps: ProviderDeps): Promise<Plane> => {
  if (options.kind === "node") return (await import("./node.ts")).startNode(options, deps);
  return (await import("./control.ts")).startControl(options, deps);
};

/**
 * Resolves when the cluster answers and admits pods. Programs that are missing are built first, with progress on standard error.
 * KVR_KEEP=1 keeps the directory, with the logs, when the cluster ends.
 */
export const startCluster = async (options: ClusterOptions): Promise<Cluster> => {
  if (process.platform !== "linux") throw new Error("the local cluster needs Linux; use CONTEXT to test against another cluster");
  const { kind, log = () => {} } = options;
  const warn = options.log ?? toStderr;
  // short: Unix socket paths in it may not exceed 107 characters
  const keep = process.env.KVR_KEEP === "1";
  const reaper = await startReaper(join(tmpdir(), `kvr-${kind}-${randomBytes(4).toString("hex")}`), { keep });
  const logs = join(reaper.dir, "logs");
  if (keep) toStderr(`keeping ${logs}`);
  try {
    await mkdir(logs);
    const deps: ProviderDeps = { dir: reaper.dir, logs, reaper, tools, log, warn };
    const plane = await Promise.race([provide(options, deps), watchCrashes(reaper, logs, warn)]);
    const { kubectl: kubectlPath } = await tools();
    return await createCluster({ kind, plane, reaper, logs, kubectlPath });
  } catch (error) {
    await reaper.end();
    throw error;
  }
};
