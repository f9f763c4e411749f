// The namespaces and cgroups of a node, and a reaper inside them. All of it goes with the harness, however that ends.
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { logTail } from "./component.ts";
import { borrowedControllers, createCgroups } from "./node-cgroup.ts";
import { network } from "./node-config.ts";
import { systemPath } from "./node-requirements.ts";
import { startReaper, type Reaper } from "./reaper.ts";

export interface NodeNamespace {
  /** Starts processes inside. */
  readonly inside: Reaper;
  /** Of a process that is in the network namespace, as seen from outside. */
  readonly pid: number;
  /** Name of the cluster's cgroups, under the root of each hierarchy. */
  readonly cgroup: string;
  /** Takes the pid of a process that is to end with the cluster. */
  readonly procsFile: string;
}

const cleanupFile = fileURLToPath(new URL("./node-cleanup.ts", import.meta.url));
const initFile = fileURLToPath(new URL("./node-init.sh", import.meta.url));

/** Joins the cgroup before anything is started, so that no process can be missed by the clean-up. */
const joining = (procsFile: string): readonly string[] => ["/bin/sh", "-c", 'echo $$ >"$0" && exec "$@"', procsFile];

const unsharing = ["unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--mount-proc", "--"];

/** The clean-up is registered with `outer` first: it ends what is in the cgroups even if this process is killed half-way. */
export const enterNamespace = async (dir: string, logs: string, outer: Reaper): Promise<NodeNamespace> => {
  const cgroup = basename(dir);
  await outer.cleanup([process.execPath, cleanupFile, cgroup, ...borrowedControllers()]);
  const procsFile = createCgroups(cgroup);
  const init = ["/bin/sh", initFile, dir, network.node, network.dns];
  try {
    // a folder of its own, because a reaper removes its folder: from inside, mounts in the cluster's folder would be emptied through
    const inside = await startReaper(join(dir, "inside"), { through: [...joining(procsFile), ...unsharing, ...init] });
    return { inside, pid: inside.pid, cgroup, procsFile };
  } catch (cause) {
    throw new Error(`set up the node's namespaces: ${(await logTail(join(logs, "node-init.log"))) || String(cause)}`, { cause });
  }
};

/** PATH of the processes inside: the cluster's own programs first. */
export const insidePath = (bin: string): string => `${bin}:${systemPath}`;
