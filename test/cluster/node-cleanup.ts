// `node-cleanup.ts <cgroup> [controller...]`: ends every process in a cluster's cgroups and removes them. Run by the supervisor, whatever became of the harness.
import { setTimeout as delay } from "node:timers/promises";
import { members, removeCgroups } from "./node-cgroup.ts";

// the supervisor gives a clean-up 10 s
const deadline = performance.now() + 9_000;

const [name, ...borrowed] = process.argv.slice(2);
if (name === undefined || !/^kvr-[\w-]+$/.test(name)) throw new Error("usage: node-cleanup.ts kvr-<id> [controller...]");

const kill = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // already gone
  }
};

// a cgroup is busy for a moment after its last process has gone
do {
  for (const pid of members(name)) kill(pid);
  if (removeCgroups(name, borrowed)) process.exit(0);
  await delay(50);
} while (performance.now() < deadline);
process.exit(1);
