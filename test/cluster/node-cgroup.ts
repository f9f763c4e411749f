// The cgroups that belong to one cluster: made at its start, emptied and removed at its end.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Hierarchy {
  readonly mount: string;
  readonly version: 1 | 2;
  /** cgroup v1: "memory", "cpu,cpuacct", "name=systemd" ...; empty in v2. */
  readonly controllers: readonly string[];
}

const unescaped = (path: string): string => path.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCodePoint(Number.parseInt(octal, 8)));

/** The cgroup hierarchies in a mountinfo; one mounted twice counts once. */
export const parseHierarchies = (mountinfo: string): readonly Hierarchy[] => {
  const found = new Map<string, Hierarchy>();
  for (const line of mountinfo.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [, , device = "", fsRoot = "", mount = ""] = before.split(" ");
    const [type, , options = ""] = after.split(" ");
    // a bind mount of a part is not a place for a cgroup beside the others
    if (fsRoot !== "/" || (type !== "cgroup" && type !== "cgroup2") || found.has(device)) continue;
    const controllers = type === "cgroup2" ? [] : options.split(",").filter((word) => !["rw", "ro", "xattr", "noprefix", "clone_children"].includes(word) && !word.startsWith("release_agent="));
    found.set(device, { mount: unescaped(mount), version: type === "cgroup2" ? 2 : 1, controllers });
  }
  return [...found.values()];
};

const hierarchies = (): readonly Hierarchy[] => parseHierarchies(readFileSync("/proc/self/mountinfo", "utf8"));

/** Where membership tells which processes are ours: containers are placed there too. */
const membership = (all: readonly Hierarchy[]): Hierarchy => {
  const chosen = all.find((h) => h.controllers.includes("pids")) ?? all.find((h) => h.version === 2);
  if (chosen === undefined) throw new Error("no pids cgroup is mounted: mount the cgroup file systems, as every distribution does");
  return chosen;
};

/** What a kubelet asks for. */
const wanted = new Set(["cpuset", "cpu", "io", "memory", "hugetlb", "pids"]);

const words = (dir: string, file: string): readonly string[] => readFileSync(join(dir, file), "utf8").trim().split(" ");

/** v2 hands controllers down by name; these are not handed down yet. */
const withheld = (dir: string): readonly string[] => {
  const handed = words(dir, "cgroup.subtree_control");
  return words(dir, "cgroup.controllers").filter((name) => wanted.has(name) && !handed.includes(name));
};

const quietly = <T>(work: () => T): T | undefined => {
  try {
    return work();
  } catch {
    return undefined;
  }
};

/** One by one: a controller that cannot be switched is the kubelet's to complain of, or still in use by others. */
const switchControllers = (dir: string, sign: "+" | "-", controllers: readonly string[]): void => {
  for (const name of controllers) quietly(() => writeFileSync(join(dir, "cgroup.subtree_control"), `${sign}${name}`));
};

/** The controllers that createCgroups will switch on for the whole machine, to be switched off again by removeCgroups; none in v1. */
export const borrowedControllers = (): readonly string[] => hierarchies().flatMap(({ mount, version }) => (version === 2 ? withheld(mount) : []));

/**
 * Makes `/<name>` in every hierarchy. Returns the file that takes the pid of a process to make it, and its children, ours.
 * Only one hierarchy is joined: the others keep the limits that this process runs under.
 */
export const createCgroups = (name: string): string => {
  const all = hierarchies();
  for (const { mount, version } of all) {
    const own = join(mount, name);
    mkdirSync(own, { recursive: true });
    if (version !== 2) continue;
    switchControllers(mount, "+", withheld(mount));
    switchControllers(own, "+", withheld(own));
  }
  // a leaf, because a v2 cgroup that hands controllers down may hold no process itself
  const leaf = join(membership(all).mount, name, "init");
  mkdirSync(leaf, { recursive: true });
  return join(leaf, "cgroup.procs");
};

const subtree = (dir: string): readonly string[] => {
  if (!existsSync(dir)) return [];
  const children = readdirSync(dir, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  // children first
  return [...children.flatMap((entry) => subtree(join(dir, entry.name))), dir];
};

/** The processes in the cgroups of this name. */
export const members = (name: string): readonly number[] => {
  const dirs = hierarchies().flatMap(({ mount }) => subtree(join(mount, name)));
  const pids = dirs.flatMap((dir) => (quietly(() => readFileSync(join(dir, "cgroup.procs"), "utf8")) ?? "").split("\n"));
  return [...new Set(pids.filter((pid) => pid !== "" && pid !== "0").map(Number))];
};

/** Removes the empty ones; true when none is left. */
export const removeCgroups = (name: string, borrowed: readonly string[] = []): boolean => {
  const all = hierarchies();
  const roots = all.map(({ mount }) => join(mount, name));
  for (const dir of roots.flatMap(subtree)) quietly(() => rmdirSync(dir));
  if (roots.some((dir) => existsSync(dir))) return false;
  for (const { mount, version } of all) if (version === 2) switchControllers(mount, "-", borrowed);
  return true;
};
