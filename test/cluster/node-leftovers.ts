// Looks for what a node cluster may have left on the machine: processes, mounts, network namespaces, cgroups, settings.
import { existsSync, globSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { basename } from "node:path";
import { members } from "./node-cgroup.ts";
import { processesMentioning } from "./processes.ts";

/** Kernel settings of the whole machine that a kubelet or kube-proxy is known to change. */
const settings = [
  "vm/overcommit_memory",
  "vm/panic_on_oom",
  "kernel/panic",
  "kernel/panic_on_oops",
  "kernel/keys/root_maxkeys",
  "kernel/keys/root_maxbytes",
  "net/netfilter/nf_conntrack_max",
  "net/ipv4/ip_forward",
  "net/ipv4/conf/all/route_localnet",
];

const orNothing = (read: () => string): string => {
  try {
    return read();
  } catch {
    return "";
  }
};

/** What the machine looks like to everyone else; the same before and after. */
export const machine = (): { readonly settings: Readonly<Record<string, string>>; readonly interfaces: readonly string[]; readonly hostname: string; readonly files: readonly string[] } => ({
  settings: Object.fromEntries(settings.map((name) => [name, orNothing(() => readFileSync(`/proc/sys/${name}`, "utf8").trim())])),
  interfaces: Object.keys(networkInterfaces()),
  hostname: readFileSync("/proc/sys/kernel/hostname", "utf8").trim(),
  // where a kubelet, a runtime and network plugins put things when they are not told otherwise
  files: ["/run", "/var/lib", "/var/log", "/opt", "/etc", "/usr/libexec", "/usr/lib"].flatMap((folder) => readdirSync(folder).map((name) => `${folder}/${name}`)),
});

const namespaceOf = (pid: string): string => orNothing(() => readlinkSync(`/proc/${pid}/ns/net`));

const pids = (): readonly string[] => globSync("/proc/[0-9]*").map((path) => basename(path));

/** The network namespaces, other than this process's, that the cluster's processes are in: the node's and its pods'. */
export const networkNamespaces = (cgroup: string): readonly string[] => [
  ...new Set(members(cgroup).map((pid) => namespaceOf(String(pid))).filter((ns) => ns !== "" && ns !== namespaceOf("self"))),
];

/** One line for each thing that is left of the cluster of this directory. */
export const leftovers = async (dir: string, namespaces: readonly string[]): Promise<readonly string[]> => {
  const name = basename(dir);
  const all = pids();
  return [
    ...(await processesMentioning(name)).map((line) => `process ${line}`),
    ...all.filter((pid) => orNothing(() => readFileSync(`/proc/${pid}/mountinfo`, "utf8")).includes(name)).map((pid) => `a mount, seen by process ${pid}`),
    ...all.filter((pid) => namespaces.includes(namespaceOf(pid))).map((pid) => `a network namespace, held by process ${pid}`),
    ...globSync(`/sys/fs/cgroup/**/${name}`).map((path) => `cgroup ${path}`),
    ...(existsSync(dir) ? [`directory ${dir}`] : []),
  ];
};
