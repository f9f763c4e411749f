// What happens to pods and between them: in their own network namespaces and to their own processes, seen from the machine.
import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { systemPath } from "../../cluster/node-requirements.ts";
import { waitFor } from "../../cluster/index.ts";
import type { Pod } from "./pods.ts";

const run = promisify(execFile);
const read = (path: string): Promise<string> => readFile(path, "utf8").catch(() => "");

interface Process {
  readonly pid: number;
  readonly command: string;
}

/** The containers' first processes: the one that holds the namespaces, and the responder. Their cgroups are named after the pod. */
const processesOf = async ({ uid }: Pod): Promise<readonly Process[]> => {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      if (!(await read(`/proc/${pid}/cgroup`)).includes(`/pod${uid}/`)) return [];
      const isFirst = /^NSpid:.*\s1$/m.test(await read(`/proc/${pid}/status`));
      return isFirst ? [{ pid: Number(pid), command: (await read(`/proc/${pid}/cmdline`)).replaceAll("\0", " ").trim() }] : [];
    }),
  );
  return found.flat();
};

const isResponder = ({ command }: Process): boolean => command.includes("node");

/** Waits for it: a container may just be starting again. */
const responderOf = (pod: Pod): Promise<number> => waitFor(`the process of ${pod.name}`, async () => (await processesOf(pod)).find(isResponder)?.pid);

const inNetworkOf = async (pod: Pod, ...command: readonly string[]): Promise<string> => {
  const [any] = await processesOf(pod);
  if (!any) throw new Error(`${pod.name} has no process`);
  return (await run("nsenter", [`--target=${any.pid}`, "--net", "--", ...command], { env: { PATH: systemPath } })).stdout;
};

/** These pods do not hear those any more. */
export const deafen = async (pods: readonly Pod[], to: readonly Pod[]): Promise<void> => {
  for (const pod of pods) for (const { ip } of to) if (ip !== pod.ip) await inNetworkOf(pod, "iptables", "-w", "-A", "INPUT", "-s", ip, "-j", "DROP");
};

/** Neither hears the other. */
export const part = async (some: readonly Pod[], others: readonly Pod[]): Promise<void> => {
  await deafen(some, others);
  await deafen(others, some);
};

/** Of what pods send each other so much is lost, 0 to 1. */
export const lose = async (pods: readonly Pod[], share: number): Promise<void> => {
  for (const pod of pods) {
    for (const { ip } of pods) if (ip !== pod.ip) await inNetworkOf(pod, "iptables", "-w", "-A", "INPUT", "-s", ip, "-m", "statistic", "--mode", "random", "--probability", String(share), "-j", "DROP");
  }
};

/** Packets that were dropped on their way to these pods. */
export const dropped = async (pods: readonly Pod[]): Promise<number> => {
  const tables = await Promise.all(pods.map((pod) => inNetworkOf(pod, "iptables", "-w", "-nvxL", "INPUT")));
  return tables.join("\n").split("\n").filter((line) => / DROP /.test(line)).reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[0]), 0);
};

/** All that the pod sends, to peers and clients, goes through a narrow pipe. */
export const slowDown = async (pod: Pod, bitsPerSecond: number): Promise<void> =>
  void await inNetworkOf(pod, "tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", `${bitsPerSecond}bit`, "burst", "8kb", "latency", "500ms");

/** Packets that had to wait in the pipe. */
export const heldUp = async (pod: Pod): Promise<number> => {
  const [, count] = /qdisc tbf [\s\S]*? overlimits (\d+)/.exec(await inNetworkOf(pod, "tc", "-s", "qdisc", "show", "dev", "eth0")) ?? [];
  return Number(count ?? 0);
};

/** Everybody hears everybody, at full speed. */
export const heal = async (pods: readonly Pod[]): Promise<void> => {
  for (const pod of pods) {
    await inNetworkOf(pod, "iptables", "-w", "-F", "INPUT");
    // there is none on most of them
    await inNetworkOf(pod, "tc", "qdisc", "del", "dev", "eth0", "root").catch(() => undefined);
  }
};

/** Stops the pod's process where it is. */
export const freeze = async (pod: Pod): Promise<void> => void process.kill(await responderOf(pod), "SIGSTOP");

export const thaw = async (pod: Pod): Promise<void> => void process.kill(await responderOf(pod), "SIGCONT");

/** kill -9; resolves when the process is gone. The kubelet starts another one in the same pod. */
export const crash = async (pod: Pod): Promise<void> => {
  const pid = await responderOf(pod);
  process.kill(pid, "SIGKILL");
  await waitFor(`the process of ${pod.name} is gone`, async () => (await processesOf(pod)).every((each) => each.pid !== pid));
};
