// What the machine must bring before a node can start; each lack is named with its cure.
import { readFile, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { isExecutable } from "./executable.ts";

/** Called by the node's own parts, by containerd (runc) or by kube-proxy (iptables). */
const programs: Readonly<Record<string, string>> = { runc: "runc", iptables: "iptables", ip: "iproute2", unshare: "util-linux", nsenter: "util-linux", mount: "mount" };

/** Root's own directories are not in every PATH. */
export const systemPath = [...new Set([...(process.env.PATH ?? "").split(delimiter), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])].join(delimiter);

const found = async (program: string, path: string): Promise<boolean> => {
  for (const dir of path.split(delimiter)) if (dir !== "" && (await isExecutable(join(dir, program)))) return true;
  return false;
};

export const lacks = async (uid = process.getuid?.(), path = systemPath): Promise<readonly string[]> => {
  const missing: string[] = [];
  if (uid !== 0) missing.push("root, to make namespaces, mounts and cgroups: run it with sudo, or use CONTEXT with a cluster of yours");
  const packages = new Set<string>();
  for (const [program, name] of Object.entries(programs)) if (!(await found(program, path))) packages.add(name);
  if (packages.size > 0) missing.push(`packages ${[...packages].join(", ")}: run test/cluster/install-packages.sh`);
  if (!(await readFile("/proc/filesystems", "utf8")).includes("\toverlay\n")) missing.push("the overlay file system: run modprobe overlay");
  if (!(await stat("/proc/sys/net/bridge").catch(() => undefined))) missing.push("packet filtering on bridges: run modprobe br_netfilter");
  return missing;
};

/** Throws with everything that is lacking at once. */
export const demandNode = async (): Promise<void> => {
  const missing = await lacks();
  if (missing.length > 0) throw new Error(`this machine cannot start a node cluster; it lacks:\n${missing.map((line) => `- ${line}`).join("\n")}`);
};
