// What a process has used so far, from Linux's own books.
import { readdirSync, readFileSync } from "node:fs";

/** Fields of schedstat: nanoseconds that a thread was on a core, and that it waited for one. The clock ticks of /proc/PID/stat are 10 ms, too coarse for rounds of half a second. */
const ran = 0;
const waited = 1;

const nanosOf = (pid: number, field: number): number => {
  let total = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) total += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[field]);
  return total;
};

/** Of all these processes together, in microseconds. */
export const cpuMicros = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + nanosOf(pid, ran), 0) / 1000;

/** How long they could have run but got no core, in microseconds: what other programs, and they among each other, took. */
export const waitedMicros = (pids: readonly number[]): number => pids.reduce((sum, pid) => sum + nanosOf(pid, waited), 0) / 1000;

/** Resident set in bytes. */
export const rssBytes = (pid: number): number => {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kib === undefined) throw new Error(`process ${pid} has no resident set`);
  return Number(kib) * 1024;
};
